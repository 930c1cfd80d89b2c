"""Share groups (KIP-932): members share partitions, and every record is acknowledged on its own."""
