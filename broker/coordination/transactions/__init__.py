"""Transactions: one state machine per transactional id, rebuilt from `__transaction_state`."""
