"""Which partition of a coordinator's topic keeps a group or a transactional id: Java's hash of the name.

The one rule: tools compute the same number, so it is Java's String.hashCode over UTF-16 units to the last bit.
"""

from functools import lru_cache

from ...protocol.utf16 import utf16_units


def java_string_hash(text: str) -> int:
    """Java's String.hashCode: a signed 32-bit number."""
    value = 0
    units = utf16_units(text)
    for at in range(0, len(units), 2):
        value = (31 * value + (units[at] << 8 | units[at + 1])) & 0xFFFFFFFF
    return value - 0x1_0000_0000 if value >= 0x8000_0000 else value


@lru_cache(maxsize=4096)
def partition_for(key: str, partitions: int) -> int:
    """The partition, out of `partitions`, that coordinates `key`."""
    value = java_string_hash(key)
    # Kafka's abs() gives 0 for the one number that has no positive counterpart.
    return 0 if value == -0x8000_0000 else abs(value) % partitions
