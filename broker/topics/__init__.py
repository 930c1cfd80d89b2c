"""What a request touches: topics, partitions, fetch sessions, fsyncs."""
