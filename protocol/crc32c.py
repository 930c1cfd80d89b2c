"""CRC-32C (Castagnoli), the checksum of a v2 batch and of a producer snapshot."""

from crc32c import crc32c as _native


def crc32c(data: bytes | bytearray | memoryview) -> int:
    """The checksum as an unsigned 32-bit number; takes a view without copying it."""
    return _native(data)
