"""Several brokers and their controller in one process: how they live, die, and are kept apart."""
