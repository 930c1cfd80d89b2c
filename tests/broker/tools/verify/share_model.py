"""Share groups in a few lines, right or broken in one way, over the logs of the model broker."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from odradek.broker.tools.verify.history import Acknowledged, Delivered, Kind, Record, TopicPartition

from .model_broker import ModelBroker

LIMIT = 5
MOST = 20


class ShareFault(Enum):
    A_RECORD_IS_SKIPPED = "records never settled"
    WHAT_IS_HELD_IS_GIVEN = "records held twice"
    WHAT_IS_ACCEPTED_COMES_AGAIN = "deliveries after the last"
    NUMBERS_STAY = "delivery counts"
    A_RELEASE_IS_FORGOTTEN = "releases without effect"
    ANOTHER_VALUE_IS_GIVEN = "deliveries unlike the log"


@dataclass(slots=True)
class State:
    """One record of one group."""

    number: int = 0
    holder: "ModelMember | None" = None
    until: float = 0.0
    is_done: bool = False


@dataclass(slots=True)
class ModelShares:
    """A SharingLibrary, and the broker's side of it."""

    broker: ModelBroker
    fault: ShareFault | None = None
    states: dict[tuple[str, TopicPartition, int], State] = field(
        default_factory=dict[tuple[str, TopicPartition, int], State]
    )
    settings: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    strikes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def share_consumer(self, group: str, topic: str) -> "ModelMember":
        return ModelMember(self, group, topic)

    def configure_group(self, group: str, settings: Mapping[str, str], timeout_s: float) -> None:
        self.settings[group] = settings

    def brokers(self, timeout_s: float) -> Sequence[tuple[str, int]]:
        return []

    def strikes_now(self, fault: ShareFault, every: int) -> bool:
        self.strikes += self.fault is fault
        return self.fault is fault and self.strikes % every == 0

    def acquire(self, member: "ModelMember") -> list[Delivered]:
        now = time.monotonic()
        lock_s = float(self.settings[member.group]["share.record.lock.duration.ms"]) / 1000
        found: list[Delivered] = []
        for where, log in self.broker.logs.items():
            for offset, entry in enumerate(log):
                state = self.states.setdefault((member.group, where, offset), State())
                if len(found) < MOST and self._may_give(state, now):
                    state.number += 0 if state.number and self.fault is ShareFault.NUMBERS_STAY else 1
                    state.holder, state.until = member, now + lock_s
                    is_other = self.strikes_now(ShareFault.ANOTHER_VALUE_IS_GIVEN, 20)
                    value = "other" if is_other else entry.value or ""
                    found.append(Delivered(Record(where.topic, where.partition, value, offset), state.number))
        return found

    def _may_give(self, state: State, now: float) -> bool:
        if state.number == 0 and self.strikes_now(ShareFault.A_RECORD_IS_SKIPPED, 50):
            state.is_done = True
        if state.holder is not None and now >= state.until:
            state.holder, state.is_done = None, state.number >= LIMIT
        if state.is_done:
            return self.strikes_now(ShareFault.WHAT_IS_ACCEPTED_COMES_AGAIN, 500)
        return state.holder is None or self.strikes_now(ShareFault.WHAT_IS_HELD_IS_GIVEN, 5)

    def acknowledge(self, member: "ModelMember", records: Sequence[Acknowledged]) -> dict[TopicPartition, str]:
        refused: dict[TopicPartition, str] = {}
        for record, kind in records:
            state = self.states[member.group, record.where, record.offset or 0]
            if state.holder is not member:
                refused[record.where] = "not held"
                continue
            is_forgotten = self.strikes_now(ShareFault.A_RELEASE_IS_FORGOTTEN, 3) and kind is Kind.RELEASE
            state.holder = None
            state.is_done = kind is not Kind.RELEASE or state.number >= LIMIT or is_forgotten
        return refused

    def release(self, member: "ModelMember") -> None:
        for state in self.states.values():
            if state.holder is member:
                state.holder, state.number = None, state.number - 1


class ModelMember:
    def __init__(self, shares: ModelShares, group: str, topic: str) -> None:
        self.troubles: list[str] = []
        self.group = group
        self._shares = shares

    def poll(self, timeout_s: float) -> list[Delivered]:
        with self._shares.broker.changed, self._shares.lock:
            found = self._shares.acquire(self)
        if not found:
            threading.Event().wait(0.02)
        return found

    def acknowledge(self, records: Sequence[Acknowledged], timeout_s: float) -> Mapping[TopicPartition, str]:
        with self._shares.lock:
            return self._shares.acknowledge(self, records)

    def close(self) -> None:
        self.kill()

    def kill(self) -> None:
        with self._shares.lock:
            self._shares.release(self)
