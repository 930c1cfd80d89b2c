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
