"""Compaction: of each key the newest record stays, at the offset it always had (cleanup.policy=compact).

To be read in this order: `cleanable.py` what may be cleaned, `keys.py` the newest offset of each key, `survival.py`
what stays of a batch, `transactions.py` what stays of transactions, `output.py` the new files, `cleaning.py` a whole
pass, and `steps.py` for why no request waits for it.
"""
