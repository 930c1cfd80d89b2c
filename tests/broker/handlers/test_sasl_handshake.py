"""SaslHandshake where no SASL is configured."""

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from .broker_harness import AskedBroker, served


@pytest.mark.parametrize("version", served(ApiKey.SASL_HANDSHAKE))
def test_a_listener_without_sasl_offers_no_mechanism(version: int) -> None:
    answer = AskedBroker().ask(SaslHandshakeRequest(mechanism="PLAIN"), version, SaslHandshakeResponse).answer
    assert (answer.error_code, answer.mechanisms) == (ErrorCode.ILLEGAL_SASL_STATE, [])
