"""SaslAuthenticate where no SASL is configured; logins are in tests/broker/security/sasl."""

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse

from .broker_harness import AskedBroker, served


@pytest.mark.parametrize("version", served(ApiKey.SASL_AUTHENTICATE))
def test_a_listener_without_sasl_takes_no_token(version: int) -> None:
    answer = AskedBroker().ask(SaslAuthenticateRequest(auth_bytes=b"x"), version, SaslAuthenticateResponse).answer
    assert answer.error_code == ErrorCode.ILLEGAL_SASL_STATE
    assert answer.error_message == "SaslAuthenticate request received after successful authentication"
