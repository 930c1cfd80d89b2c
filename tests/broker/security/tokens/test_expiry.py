"""Tokens whose time is over leave the metadata log."""

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.security.tokens.delegation_tokens import DelegationTokens
from odradek.broker.security.tokens.expiry import remove_expired

from ...conftest import Parts


def test_tokens_whose_time_is_over_are_removed_and_no_others(parts: Parts) -> None:
    config = BrokerConfig.from_settings({"delegation.token.secret.key": "key"})
    tokens = DelegationTokens(config, lambda: parts.metadata.image, lambda size: b"s" * size)
    now_ms = parts.clock.now_ms()
    records = [
        tokens.create(name, "User:al", "User:al", [], lifetime_ms, now_ms)
        for name, lifetime_ms in (("short", 1000), ("long", 60_000))
    ]
    parts.metadata.change(lambda image: records, lambda error: None)
    end = parts.metadata.end_offset
    remove_expired(tokens, parts.metadata, parts.clock)
    assert parts.metadata.end_offset == end
    parts.clock.advance(1.001)
    remove_expired(tokens, parts.metadata, parts.clock)
    assert set(parts.metadata.image.credentials.tokens) == {"long"}
