"""Command line tools: clients that check a broker, and readers of a data directory. The server imports none of them."""
