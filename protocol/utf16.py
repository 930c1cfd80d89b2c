"""Text as Java counts it: Kafka's limits on strings are numbers of UTF-16 units."""


def utf16_units(text: str) -> bytes:
    """The text in UTF-16, big-endian."""
    return text.encode("utf-16-be", "surrogatepass")


def utf16_length(text: str) -> int:
    """Java's String.length(): two for what lies beyond the Basic Multilingual Plane."""
    return len(text) if text.isascii() else len(utf16_units(text)) // 2
