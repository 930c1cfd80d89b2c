"""The conversations, by the part of the protocol they are about. Importing this registers them all."""

from . import admin, fetch, groups, handshake, metadata, offsets, produce, producers

MODULES = (admin, fetch, groups, handshake, metadata, offsets, produce, producers)
