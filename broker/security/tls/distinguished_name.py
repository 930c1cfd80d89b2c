"""A subject's distinguished name, letter by letter as Java's X500Principal.getName() prints it: Kafka's principal.

That is RFC 2253 with peculiarities: the last part first, only these nine kinds by a name of their own, every other by
its number with its value in hexadecimal; `=` and `#` are escaped wherever they stand.
"""

from .der import dotted, elements

_KEYWORDS = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
# UTF8String, PrintableString, T61String, IA5String, GeneralString, UniversalString, BMPString
_STRINGS = (0x0C, 0x13, 0x14, 0x16, 0x1B, 0x1C, 0x1E)
_ESCAPED = ',=+<>#;"\\'
_SPACES = " \r"


def distinguished_name(name: bytes) -> str:
    """`name` is a Name in DER; ValueError, IndexError or StopIteration for none."""
    (whole,) = elements(name)
    parts = ["+".join(_pair(pair.body) for pair in elements(group.body)) for group in elements(whole.body)]
    return ",".join(reversed(parts))


def _pair(data: bytes) -> str:
    kind, value = elements(data)
    oid = dotted(kind.body)
    keyword = _KEYWORDS.get(oid)
    if keyword is None or value.tag not in _STRINGS:
        return f"{keyword or oid}=#{value.whole.hex()}"
    return f"{keyword}={_escaped(value.body.decode('utf-8', 'replace'))}"


def _escaped(text: str) -> str:
    inner = "".join(f"\\{c}" if c in _ESCAPED else "\\00" if c == "\0" else c for c in text)
    stripped = inner.strip(_SPACES)
    lead = len(inner) - len(inner.lstrip(_SPACES))
    if not stripped:  # Java counts every character of it once, as leading
        return "".join(f"\\{c}" for c in inner)
    front, back = inner[:lead], inner[lead + len(stripped) :]
    return "".join(f"\\{c}" for c in front) + stripped + "".join(f"\\{c}" for c in back)
