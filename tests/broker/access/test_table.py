"""Every API that is served has a rule, and none is open by mistake."""

from odradek.broker.access.common_rules import asked_by_handler, open_to_all
from odradek.broker.access.table import RULES
from odradek.broker.apis import TABLE
from odradek.protocol.api_keys import ApiKey


def test_no_api_is_served_without_a_rule() -> None:
    assert [api.name for key, api in TABLE.items() if key not in RULES] == []


def test_what_is_open_to_everybody_is_what_comes_before_a_login() -> None:
    is_open = {ApiKey(key) for key, rule in RULES.items() if rule is open_to_all}
    assert is_open == {ApiKey.API_VERSIONS, ApiKey.SASL_HANDSHAKE, ApiKey.SASL_AUTHENTICATE}


def test_what_handlers_ask_themselves_is_known() -> None:
    asked = {ApiKey(key) for key, rule in RULES.items() if rule is asked_by_handler}
    assert asked == {ApiKey.FETCH, ApiKey.RENEW_DELEGATION_TOKEN, ApiKey.EXPIRE_DELEGATION_TOKEN}
