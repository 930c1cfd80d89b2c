"""The brokers of a cluster, as handlers see them, and what goes on between several in one process."""
