"""Quotas of clients (KIP-13, KIP-124, KIP-546, KIP-599, KIP-612): what is set for whom."""
