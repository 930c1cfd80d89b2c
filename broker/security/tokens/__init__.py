"""Delegation tokens (KIP-48): secrets that clients make for others, and that end by themselves."""
