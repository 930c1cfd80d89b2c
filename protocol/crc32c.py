"""CRC-32C (Castagnoli), the checksum of a v2 batch and of a producer snapshot."""

from crc32c import crc32c as _native


def crc32c(data: bytes | bytearray | memoryview, before: int = 0) -> int:
    """The checksum as an unsigned 32-bit number; `before` is that of the bytes in front. A view is not copied."""
    return _native(data, before)
