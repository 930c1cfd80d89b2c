"""Classic consumer groups and their offsets: a pure state machine, rebuilt from `__consumer_offsets`."""
