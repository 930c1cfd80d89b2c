"""Settings that clients give to topics, brokers, groups and others while the broker runs (KIP-226, KIP-339)."""
