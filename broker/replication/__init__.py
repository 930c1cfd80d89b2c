"""Copies of partitions between the brokers of a process: leaders, followers, and who is in sync."""
