"""PEM as Kafka reads it: blocks of Base64 between their lines, which may all have become one line in a setting."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

CERTIFICATE = "CERTIFICATE"
_BLOCK = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]{1,40})-----(?P<head>(?:\s*[A-Za-z-]{1,40}:[^\r\n]*[\r\n])*)"
    r"(?P<body>[a-zA-Z0-9+/=\s]*)-----END (?P=label)-----",
    re.ASCII,
)
_LINE = 64


class NoPem(ValueError):
    """A text in which what was looked for is not."""


class Block(NamedTuple):
    """One block; `head` has the lines of a key that is encrypted as OpenSSL once did it."""

    label: str
    der: bytes
    head: str = ""

    @property
    def is_encrypted(self) -> bool:
        """Whether it is a key that needs a password."""
        return "ENCRYPTED" in self.label or "ENCRYPTED" in self.head


def read_blocks(text: str) -> Iterator[Block]:
    """Every block; what stands between them is left out. NoPem for one that is not Base64."""
    for found in _BLOCK.finditer(text):
        try:
            der = base64.b64decode("".join(found["body"].split()), validate=True)
        except binascii.Error as error:
            raise NoPem(f"what stands after BEGIN {found['label']} is not Base64: {error}") from None
        yield Block(found["label"], der, found["head"].strip())


def certificates_of(text: str) -> list[bytes]:
    """The certificates in DER, in their order. NoPem where there is none."""
    found = [block.der for block in read_blocks(text) if block.label in (CERTIFICATE, "TRUSTED CERTIFICATE")]
    if not found:
        raise NoPem("there is no BEGIN CERTIFICATE in it")
    return found


def key_of(text: str) -> Block:
    """The private key, encrypted or not. NoPem where there is none."""
    for block in read_blocks(text):
        if block.label.endswith("PRIVATE KEY"):
            return block
    raise NoPem("there is no BEGIN PRIVATE KEY and no BEGIN ENCRYPTED PRIVATE KEY in it")


def written(blocks: Iterable[Block]) -> str:
    """The blocks as OpenSSL takes them."""
    lines: list[str] = []
    for label, der, head in blocks:
        body = base64.b64encode(der).decode()
        lines.append(f"-----BEGIN {label}-----")
        lines += [head, ""] if head else []
        lines += [body[pos : pos + _LINE] for pos in range(0, len(body), _LINE)]
        lines.append(f"-----END {label}-----")
    return "\n".join([*lines, ""])
