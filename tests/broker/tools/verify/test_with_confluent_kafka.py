"""The adapter of confluent-kafka, against a real broker; what it polled before a rebalance is not its own any more."""

from collections.abc import Callable
from typing import Any

import pytest

from odradek.broker.tools.verify.with_confluent_kafka import ConfluentConsumer

from .adapter_story import CHECKS, assert_holds


class Message:
    """One record, as confluent-kafka hands it over."""

    def __init__(self, offset: int) -> None:
        self._offset = offset

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return "t"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return b"v"


class RebalancedConsumer:
    """Hands out two records, then tells of a rebalance from within poll, as librdkafka does."""

    def __init__(self, settings: Any, event: str) -> None:
        self._event = event
        self._callbacks: dict[str, Callable[[Any, Any], None]] = {}
        self._polled = 0

    def subscribe(self, topics: list[str], **callbacks: Callable[[Any, Any], None]) -> None:
        self._callbacks = callbacks

    def poll(self, timeout_s: float) -> Message | None:
        self._polled += 1
        if self._polled <= 2:
            return Message(self._polled)
        if self._polled == 3:
            self._callbacks[self._event](self, [])
        return None


@pytest.mark.parametrize("event", ["on_assign", "on_revoke", "on_lost"])
def test_what_was_polled_before_a_rebalance_is_not_returned(event: str) -> None:
    class Library:
        @staticmethod
        def Consumer(settings: Any) -> RebalancedConsumer:
            return RebalancedConsumer(settings, event)

    consumer = ConfluentConsumer(Library, {})
    consumer.subscribe("t")
    assert consumer.poll(10, 0.1) == []


@pytest.mark.parametrize("check", list(CHECKS))
def test_it_does_what_every_adapter_must(bootstrap: str, topic: str, group: str, check: str) -> None:
    assert_holds("confluent-kafka", bootstrap, check, topic, group)
