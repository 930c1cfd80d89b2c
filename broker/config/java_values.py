"""Values as Java reads them from text: what Kafka takes for a setting, and what it refuses.

Python's own readings differ: it takes 1_000, inf and any space, and knows neither 1.0f nor Infinity.
"""

import re
from decimal import Decimal
from math import isfinite

_SPACES = "".join(map(chr, range(0x21)))  # what String.trim takes away, and nothing else
_INTEGER = re.compile(r"[+-]?\d+")  # the digits of any script, as Character.digit knows them
_DECIMAL = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fFdD]?")
_HEXADECIMAL = re.compile(r"([+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+)[fFdD]?")
_COMMA = re.compile(r"[ \t\n\x0b\f\r]*,[ \t\n\x0b\f\r]*")
_NAMED = re.compile(r"[+-]?(?:NaN|Infinity)")
_MOST_DIGITS = 4000  # zeros in front included; Python takes no more than 4300
_SHOWN = 100
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f"}


def trim(text: str) -> str:
    """String.trim."""
    return text.strip(_SPACES)


def split_list(text: str) -> list[str]:
    """The parts of a list, whose text was trimmed, as ConfigDef splits it; none of an empty text."""
    return _COMMA.split(text) if text else []


def parse_integer(text: str, bits: int) -> int:
    """Short.parseShort, Integer.parseInt, Long.parseLong, of 16, 32 and 64 bits. ValueError."""
    if _INTEGER.fullmatch(text) and max(text) <= "\uffff" and len(text) <= _MOST_DIGITS:
        number = int(text)
        if -(1 << bits - 1) <= number < 1 << bits - 1:
            return number
    raise ValueError(f"{text[:_SHOWN]!r} is no integer of {bits} bits")


def parse_double(text: str) -> float:
    """Double.parseDouble, whose text was trimmed. ValueError."""
    if _NAMED.fullmatch(text):
        return float(text)
    decimal = _DECIMAL.fullmatch(text)
    if decimal is not None:
        return float(decimal[1])
    hexadecimal = _HEXADECIMAL.fullmatch(text)
    if hexadecimal is None:
        raise ValueError(f"{text[:_SHOWN]!r} is no number")
    try:
        return float.fromhex(hexadecimal[1])
    except OverflowError:
        return float("-inf" if text[0] == "-" else "inf")


def spell_double(number: float) -> str:
    """Double.toString: 0.5, 1.0, 1.0E-4, 1.7976931348623157E308."""
    if not isfinite(number):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(number)]
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    first, rest = str(digits[0]), "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{first}.{rest}E{int(exponent) + len(digits) - 1}"


def format_property(name: str, value: str) -> str:
    """A line of a properties file, in ASCII, that Properties.load reads as this name and value."""
    text = _escaped(value)
    body = text.strip(" ")
    before = len(text) - len(text.lstrip(" "))
    spaces = r"\u0020" * before, r"\u0020" * (len(text) - before - len(body))
    return re.sub(r"[ :=#!]", r"\\\g<0>", _escaped(name)) + f"={spaces[0]}{body}{spaces[1]}"


def _escaped(text: str) -> str:
    """By UTF-16 units, as Java counts characters."""
    data = text.encode("utf-16-be", "surrogatepass")
    units = [chr(data[at] << 8 | data[at + 1]) for at in range(0, len(data), 2)]
    return "".join(_ESCAPED.get(one) or (one if " " <= one <= "~" else f"\\u{ord(one):04x}") for one in units)
