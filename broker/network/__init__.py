"""Bytes to requests and back: listeners, connections, dispatch."""
