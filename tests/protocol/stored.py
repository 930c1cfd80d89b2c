"""What a coordinator stores, as a record's key and value."""

from collections.abc import Callable

from odradek.protocol.state_records import encode_key, encode_value

Decode = Callable[[bytes, bytes | None], tuple[object, object | None] | None]


def assert_stored(decode: Decode, key: object, value: object, key_hex: str, value_hex: str) -> None:
    """Key and value are these bytes, and these bytes are key and value."""
    assert (encode_key(key).hex(), encode_value(value).hex()) == (key_hex, value_hex)
    assert decode(bytes.fromhex(key_hex), bytes.fromhex(value_hex)) == (key, value)
