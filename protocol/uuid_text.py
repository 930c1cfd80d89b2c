"""Kafka's text form of a uuid: its sixteen bytes in URL-safe base64 without padding, 22 characters."""

import base64


def encode_uuid(uuid: bytes) -> str:
    """Sixteen bytes as 22 characters."""
    return base64.urlsafe_b64encode(uuid).rstrip(b"=").decode()


def decode_uuid(text: str) -> bytes:
    """22 characters as sixteen bytes; ValueError for anything else."""
    uuid = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    if len(uuid) != 16:
        raise ValueError(f"{text!r} is not a uuid of 22 characters")
    return uuid
