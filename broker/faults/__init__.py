"""Faults on a real broker, as rules that a test gives: what is hit, when, and what becomes of it."""
