"""PEM in the shapes in which it stands in files and settings."""

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.security.tls.pem import Block, NoPem, certificates_of, key_of, read_blocks, written

AUTHORITY = trustme.CA()
LEAF = AUTHORITY.issue_cert("localhost")
TEXT = LEAF.private_key_and_cert_chain_pem.bytes().decode()


def test_a_key_and_its_certificates_are_found_in_one_text() -> None:
    assert key_of(TEXT).label.endswith("PRIVATE KEY")
    assert len(certificates_of(TEXT + AUTHORITY.cert_pem.bytes().decode())) == 2


def test_a_setting_may_have_it_all_in_one_line() -> None:
    assert list(read_blocks(TEXT.replace("\n", " "))) == list(read_blocks(TEXT))


def test_what_is_written_is_read_again_with_the_lines_of_an_encrypted_key() -> None:
    blocks = [
        Block("RSA PRIVATE KEY", b"x" * 100, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00"),
        Block("CERTIFICATE", b"y"),
    ]
    assert list(read_blocks(written(blocks))) == blocks


@pytest.mark.parametrize(
    "text", ["", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA", LEAF.private_key_pem.bytes().decode()]
)
def test_a_text_without_a_certificate_says_so(text: str) -> None:
    with pytest.raises(NoPem, match="no BEGIN CERTIFICATE"):
        certificates_of(text)


def test_a_text_without_a_key_says_so() -> None:
    with pytest.raises(NoPem, match="no BEGIN PRIVATE KEY"):
        key_of(AUTHORITY.cert_pem.bytes().decode())


def test_what_is_not_base64_is_named() -> None:
    with pytest.raises(NoPem, match="after BEGIN CERTIFICATE is not Base64"):
        certificates_of("-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----")


@given(
    st.lists(
        st.sampled_from(["-----BEGIN ", "-----END ", "CERTIFICATE", "-----", "\n", " ", "A=", "a: b\n", "AAAA", "\0"])
    )
)
def test_no_text_does_more_than_to_be_no_pem(pieces: list[str]) -> None:
    try:
        blocks = list(read_blocks("".join(pieces)))
    except NoPem:
        return
    assert all(block.label for block in blocks)
