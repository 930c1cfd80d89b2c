"""The cluster's metadata as a log (KRaft's records, KIP-631), the image it amounts to, and who is told of changes."""
