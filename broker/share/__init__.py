"""Share partitions (KIP-932): which records of a partition a share group's members have, and what became of them."""
