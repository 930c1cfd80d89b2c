"""SCRAM's messages: what Kafka's patterns take, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.security.sasl.scram_messages import (
    MOST_BYTES,
    BadMessage,
    parse_client_final,
    parse_client_first,
    server_final,
    server_first,
)


def test_the_first_message_of_a_client() -> None:
    first = parse_client_first(b"n,,n=al,r=abc")
    assert (first.user, first.nonce, first.authorization_id, first.is_by_token) == ("al", "abc", "", False)
    assert first.bare == "n=al,r=abc"


def test_a_name_has_its_commas_and_equal_signs_back() -> None:
    first = parse_client_first(b"n,a=x,n=a=2Cb=3Dc,r=abc,tokenauth=true")
    assert (first.user, first.authorization_id, first.is_by_token) == ("a,b=c", "x", True)
    assert first.bare == "n=a=2Cb=3Dc,r=abc,tokenauth=true"


@pytest.mark.parametrize(
    "token",
    [b"", b"n,,", b"n,,n=al", b"n,,r=abc", b"n,,n=al,r=", b"y,,n=al,r=abc", b"p=tls-unique,,n=al,r=abc",
     b"n,,n=a=b,r=abc", "n,,n=ä,r=abc".encode(), b"n,,n=al,r=a b", b"n,,n=al,r=abc,", b"n,,n=al,r=abc,1=2",
     b"n,,n=\0,r=abc", b"n,,n=al,r=abc\n", b"\xff\xfe", b"n,,n=al,r=" + b"a" * MOST_BYTES],
)  # fmt: skip
def test_what_is_no_first_message(token: bytes) -> None:
    with pytest.raises(BadMessage) as refused:
        parse_client_first(token)
    assert "al" not in str(refused.value).removeprefix("Invalid ")


def test_the_final_message_of_a_client() -> None:
    final = parse_client_final(b"c=biws,r=abcdef,x=y,p=AAEC")
    assert (final.nonce, final.proof, final.without_proof) == ("abcdef", b"\0\1\2", "c=biws,r=abcdef")


@pytest.mark.parametrize(
    "token", [b"", b"c=biws,r=abc", b"r=abc,p=AAEC", b"c=!,r=abc,p=AAEC", b"c=biws,r=abc,p=AAE", b"c=biws,r=abc,p=A==="]
)
def test_what_is_no_final_message(token: bytes) -> None:
    with pytest.raises(BadMessage):
        parse_client_final(token)


def test_what_the_server_says() -> None:
    assert server_first("abc", b"salt", 4096) == "r=abc,s=c2FsdA==,i=4096"
    assert server_final(b"signature") == "v=c2lnbmF0dXJl"


@given(st.binary() | st.text(alphabet="nacrp=,biwsA2CD3 \x01").map(str.encode))
def test_any_bytes_are_a_message_or_refused(token: bytes) -> None:
    for parse in (parse_client_first, parse_client_final):
        try:
            parse(token)
        except BadMessage:
            continue
