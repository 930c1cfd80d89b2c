"""How much work a password is made to be: what encrypts a key or a store says how often it is hashed.

Pure. A number without bounds would be a way to stop the broker for minutes: by a file, or by the key in a setting.
"""

from .der import INTEGER, OCTETS, OID, SEQUENCE, Element, elements

MOST_ROUNDS = 10_000_000
# PBES1, PBES2 and PBKDF2 (PKCS #5), the ones of PKCS #12, scrypt.
_BY_PASSWORD = ("2a864886f70d0105", "2a864886f70d010c01", "2b06010401da470411")
_DEEPEST = 24


class TooMuchEffort(ValueError):
    """More rounds than anybody needs."""


def check_effort(der: bytes) -> None:
    """TooMuchEffort for a key or store whose password would be hashed more than MOST_ROUNDS times.

    Bytes that are not DER are somebody else's to refuse.
    """
    try:
        _walk(der, _DEEPEST)
        _check_mac(der)
    except TooMuchEffort:
        raise
    except (ValueError, IndexError, StopIteration):
        return


def _walk(data: bytes, deeper: int) -> None:
    for one in elements(data):
        if not deeper:
            raise TooMuchEffort("it is nested too deeply")
        if one.tag == SEQUENCE and _is_by_password(one):
            _check_numbers(one)
        if one.tag & 0x20:
            _walk(one.body, deeper - 1)
        elif one.tag == OCTETS and one.body[:1] == bytes((SEQUENCE,)):
            try:
                _walk(one.body, deeper - 1)
            except TooMuchEffort:
                raise
            except (ValueError, IndexError):
                continue  # it only looked like one


def _is_by_password(sequence: Element) -> bool:
    first = next(elements(sequence.body), None)
    return first is not None and first.tag == OID and first.body.hex().startswith(_BY_PASSWORD)


def _check_numbers(element: Element) -> None:
    for one in elements(element.body):
        if one.tag == INTEGER and int.from_bytes(one.body, signed=True) > MOST_ROUNDS:
            raise TooMuchEffort(f"its password is hashed {int.from_bytes(one.body)} times; at most {MOST_ROUNDS}")
        if one.tag == SEQUENCE:
            _check_numbers(one)


def _check_mac(der: bytes) -> None:
    """The MacData of a PKCS #12 store: a digest, a salt, a number of rounds; a key of PKCS #8 has octets there."""
    (store,) = elements(der)
    parts = list(elements(store.body))
    if len(parts) == 3 and parts[0].tag == INTEGER and parts[2].tag == SEQUENCE:
        _check_numbers(parts[2])
