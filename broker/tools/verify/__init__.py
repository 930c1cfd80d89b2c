"""A verifier of any Kafka-compatible broker: workers drive it and write a history, pure checkers look at that history.

Its one rule: nothing here knows Odradek. It speaks to a broker through stock clients alone, and only the command
line imports it, when it is asked to. Generation (workers) and checks (facts, check_*) meet in the History only.
"""
