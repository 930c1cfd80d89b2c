"""Whole runs of the verifier against a broker of a few lines: clean when it is right, caught however it is broken."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from odradek.broker.tools.verify.library import ClientError
from odradek.broker.tools.verify.plan import Plan
from odradek.broker.tools.verify.report import lines_of
from odradek.broker.tools.verify.run import CannotRun, Deadlines, Report, Verification

from .model_broker import Fault, ModelBroker, ModelLibrary, ModelProducer

DEADLINES = Deadlines(stop_s=10, settle_s=2, copy_s=2, read_s=5, progress_s=0.5, check_every_s=0.5)
RUN_S = 3.5

# What a fault is caught as; some show themselves in one of two ways, whichever a worker meets first.
CAUGHT_AS = {fault: {fault.value} for fault in Fault} | {
    Fault.OPEN_TRANSACTIONS_ARE_READ: {"precommitted reads", "aborted reads (G1a)"},
    Fault.OFFSETS_OF_ABORTED_TRANSACTIONS_COUNT: {"transactional offsets", "exactly-once copies"},
    Fault.TRANSACTIONAL_OFFSETS_ARE_FORGOTTEN: {"lost transactional offsets", "transactional offsets"},
    Fault.ZOMBIES_ARE_WELCOME: {"fenced zombies", "aborted reads (G1a)"},
}


def verified(broker: ModelBroker, tell: list[str]) -> Report:
    library = ModelLibrary(broker)
    plan = Plan("run", 7, [library.name])
    return Verification(plan, [library], library, time.monotonic, tell.append, DEADLINES).verify(RUN_S)


def test_a_broker_that_keeps_its_promises_is_clean() -> None:
    told: list[str] = []
    report = verified(ModelBroker(), told)
    assert report.is_clean, "\n".join(lines_of(report))
    assert not report.stuck
    unchecked = {verdict.name for verdict in report.verdicts if not verdict.checked}
    assert not unchecked, f"nothing was looked at: {unchecked}"
    assert any("operations" in line for line in told), "no progress was shown"


class BrokerWithoutTransactions(ModelLibrary):
    def producer(self, transactional_id: str | None, transaction_timeout_s: float, codec: str) -> ModelProducer:
        if transactional_id is not None:
            raise ClientError("no transactions here")
        return super().producer(transactional_id, transaction_timeout_s, codec)


class LibraryThatCrashes(ModelLibrary):
    def producer(self, transactional_id: str | None, transaction_timeout_s: float, codec: str) -> ModelProducer:
        if transactional_id is None:
            raise KeyError("a mistake")
        return super().producer(transactional_id, transaction_timeout_s, codec)


@pytest.mark.parametrize(
    ("build", "reason"),
    [(BrokerWithoutTransactions, "no transaction was ever committed"), (LibraryThatCrashes, "KeyError: 'a mistake'")],
)
def test_a_run_without_commits_or_with_broken_workers_does_not_pass_for_clean(
    build: type[ModelLibrary], reason: str
) -> None:
    library = build(ModelBroker())
    plan = Plan("run", 7, [library.name])
    with pytest.raises(CannotRun, match=reason):
        Verification(plan, [library], library, time.monotonic, print, DEADLINES).verify(0.5)


@pytest.fixture(scope="module")
def reports() -> Iterator[Mapping[Fault, Report]]:
    """A run against each broken broker; they wait most of the time, so several run at once."""
    with ThreadPoolExecutor(6) as runs:
        under_way = {fault: runs.submit(verified, ModelBroker(fault), []) for fault in Fault}
        yield {fault: report.result() for fault, report in under_way.items()}


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
def test_a_broken_broker_is_caught(reports: Mapping[Fault, Report], fault: Fault) -> None:
    report = reports[fault]
    assert not report.is_clean
    found = {verdict.name for verdict in report.verdicts if verdict.violations}
    assert found & CAUGHT_AS[fault], f"found only {found}"
    printed = list(lines_of(report))
    assert any(line.startswith(f"VIOLATION  {name}:") for line in printed for name in CAUGHT_AS[fault])
