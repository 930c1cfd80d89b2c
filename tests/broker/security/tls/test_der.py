"""Elements of DER, and object identifiers as text."""

import pytest

from odradek.broker.security.tls.der import INTEGER, OCTETS, OID, dotted, element, elements


def test_elements_stand_in_a_row_each_with_its_bytes() -> None:
    first, second = elements(bytes((0x02, 1, 5, 0x06, 3, 0x55, 4, 3)))
    assert (first.tag, first.body, first.whole) == (INTEGER, b"\x05", b"\x02\x01\x05")
    assert (second.tag, dotted(second.body)) == (OID, "2.5.4.3")


def test_a_long_length_is_read() -> None:
    (one,) = elements(b"\x04\x82\x01\x00" + bytes(256))
    assert one.body == bytes(256)


@pytest.mark.parametrize("size", [0, 127, 128, 255, 256, 70_000])
def test_what_is_written_is_read_again(size: int) -> None:
    (one,) = elements(element(OCTETS, bytes(size)))
    assert (one.tag, one.body) == (OCTETS, bytes(size))


def test_an_element_that_ends_beyond_its_place_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond its place"):
        list(elements(b"\x04\x05abc"))


@pytest.mark.parametrize(
    ("oid", "text"),
    [("2a864886f70d010901", "1.2.840.113549.1.9.1"), ("0992268993f22c640119", "0.9.2342.19200300.100.1.25")],
)
def test_an_object_identifier_is_printed_with_dots(oid: str, text: str) -> None:
    assert dotted(bytes.fromhex(oid)) == text


@pytest.mark.parametrize("oid", [b"", b"\x86"])
def test_one_that_does_not_end_is_refused(oid: bytes) -> None:
    with pytest.raises(ValueError, match="does not end"):
        dotted(oid)
