"""Leaderships whose followers do what a test says."""

from collections.abc import Callable

from odradek.broker.topics.partition import NotYetLeading
from odradek.protocol.errors import ErrorCode, KafkaError


class HandLeadership(NotYetLeading):
    """A partition that is led; `tell` says that everything is replicated, or what is in the way."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, Callable[[KafkaError | None], None]]] = []
        self.too_few = False

    def check_in_sync(self) -> None:
        if self.too_few:
            raise KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS)

    def when_replicated(self, end_offset: int, then: Callable[[KafkaError | None], None]) -> None:
        self.waiting.append((end_offset, then))

    def tell(self, code: ErrorCode = ErrorCode.NONE) -> None:
        waiting, self.waiting = self.waiting, []
        for _, then in waiting:
            then(None if code is ErrorCode.NONE else KafkaError(code))
