"""What is looked up beside a segment: offsets, times, aborted transactions."""
