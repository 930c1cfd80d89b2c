"""Bytes to values and back. No files, no sockets, no clock, and nothing of the layers above."""
