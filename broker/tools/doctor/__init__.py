"""`odradek doctor`: why a client does not get through to a Kafka, and which setting mends it.

The rule: facts first, judgement after. `visit.py` and `cluster_questions.py` ask and say what they saw (`facts.py`);
the files check_*.py make findings of it, know no socket, and are tested with plain values. Nothing is ever written,
and nothing asked that a broker would create something for.
"""
