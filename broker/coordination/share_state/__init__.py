"""The stored state of share partitions (KIP-932): what Kafka calls the share coordinator."""
