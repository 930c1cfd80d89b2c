"""What a broker does by the clock, unasked: compaction, retention, recovery in the background, checkpoints."""
