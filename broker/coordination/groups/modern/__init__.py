"""What consumer, share and streams groups share: their coordinator assigns (KIP-848, KIP-932, KIP-1071)."""
