"""Whole runs of share groups against a model of a few lines: clean when it is right, caught however it is broken."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from odradek.broker.tools.verify.history import Delivered
from odradek.broker.tools.verify.library import ClientError
from odradek.broker.tools.verify.plan import SharePlan
from odradek.broker.tools.verify.report import lines_of
from odradek.broker.tools.verify.run import CannotRun, Deadlines, Report
from odradek.broker.tools.verify.share_run import TIMES, ShareVerification

from .model_broker import ModelBroker, ModelLibrary
from .share_model import ModelMember, ModelShares, ShareFault

DEADLINES = Deadlines(stop_s=10, settle_s=2, copy_s=2, read_s=5, progress_s=0.5, check_every_s=0.5)
RUN_S = 2.0
MOST_RUNS = 4


def verification(shares: ModelShares) -> ShareVerification:
    library = ModelLibrary(shares.broker)
    plan = SharePlan("run", 7, [library.name])
    return ShareVerification(
        plan, [library], library, time.monotonic, print, DEADLINES, sharing=shares, share_plan=plan
    )


def verified(fault: ShareFault | None) -> Report:
    return verification(ModelShares(ModelBroker(), fault)).verify(RUN_S)


def test_share_groups_that_keep_their_promises_are_clean() -> None:
    report = verified(None)
    assert report.is_clean, "\n".join(lines_of(report))
    assert not report.stuck
    unchecked = {verdict.name for verdict in report.verdicts if not verdict.checked}
    assert not unchecked, f"nothing was looked at: {unchecked}"
    assert any("not the first; confirmed: " in line for line in lines_of(report))


class RefusesShortTimes(ModelShares):
    def configure_group(self, group: str, settings: Mapping[str, str], timeout_s: float) -> None:
        if settings["share.record.lock.duration.ms"] != str(int(TIMES[-1].lock_s * 1000)):
            raise ClientError("must be at least 15000")
        super().configure_group(group, settings, timeout_s)


class HasNoShareGroups(ModelShares):
    def configure_group(self, group: str, settings: Mapping[str, str], timeout_s: float) -> None:
        raise ClientError("unknown")


class GivesNothing(ModelShares):
    def acquire(self, member: ModelMember) -> list[Delivered]:
        return []


def test_groups_have_the_shortest_times_that_the_broker_allows() -> None:
    for shares, expected in (
        (ModelShares(ModelBroker()), TIMES[0]),
        (RefusesShortTimes(ModelBroker()), TIMES[-1]),
    ):
        run = verification(shares)
        run.verify(0.3)
        assert run.times == expected
        assert set(shares.settings) == set(run.share_plan.share_groups)
        assert all(one["share.auto.offset.reset"] == "earliest" for one in shares.settings.values())


def test_a_broker_without_share_groups_cannot_be_verified() -> None:
    with pytest.raises(CannotRun, match="could not be configured there: unknown"):
        verification(HasNoShareGroups(ModelBroker())).verify(0.3)


def test_groups_that_are_given_nothing_do_not_pass_for_clean() -> None:
    report = verification(GivesNothing(ModelBroker())).verify(0.5)
    assert {verdict.name for verdict in report.verdicts if verdict.violations} == {"records never settled"}


@pytest.fixture(scope="module")
def reports() -> Iterator[Mapping[ShareFault, Report]]:
    """A run against each broken broker; they wait most of the time, so several run at once."""
    faults: Sequence[ShareFault] = list(ShareFault)
    with ThreadPoolExecutor(len(faults)) as runs:
        under_way = {fault: runs.submit(caught, fault) for fault in faults}
        yield {fault: report.result() for fault, report in under_way.items()}


def caught(fault: ShareFault) -> Report:
    """Of the first run that has met the fault, if one of some has: a busy machine gives a run little to do."""
    report = verified(fault)
    for _ in range(MOST_RUNS - 1):
        if any(verdict.violations for verdict in report.verdicts):
            break
        report = verified(fault)
    return report


@pytest.mark.parametrize("fault", list(ShareFault), ids=lambda fault: fault.name.lower())
def test_broken_share_groups_are_caught(reports: Mapping[ShareFault, Report], fault: ShareFault) -> None:
    report = reports[fault]
    found = {verdict.name for verdict in report.verdicts if verdict.violations}
    assert fault.value in found, f"found only {found}"
    printed = list(lines_of(report))
    assert any(line.startswith(f"VIOLATION  {fault.value}:") for line in printed)
