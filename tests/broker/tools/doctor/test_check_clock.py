"""Two clocks, of which one is seen through an answer that took its time."""

import pytest

from odradek.broker.tools.doctor.check_clock import check_clock
from odradek.broker.tools.doctor.facts import ClockSeen, Cluster
from odradek.broker.tools.doctor.findings import Status


@pytest.mark.parametrize(
    ("least_ms", "most_ms", "status", "text"),
    [
        (-3, 2, Status.OK, "that of node 1 and this one differ by no more than 3 ms"),
        (4900, 5100, Status.OK, "that of node 1 and this one differ by no more than 5.1 s"),
        (-9000, 9000, Status.OK, "that of node 1 and this one differ by no more than 9.0 s"),
        (6000, 6100, Status.WRONG, "that of node 1 is 6.0 s ahead of this one"),
        (-7_200_100, -7_200_000, Status.WRONG, "that of node 1 is 120 min behind this one"),
    ],
)
def test_only_what_is_certain_is_wrong(least_ms: int, most_ms: int, status: Status, text: str) -> None:
    step = check_clock(Cluster(clock=ClockSeen("node 1", least_ms, most_ms)))
    assert (step.status, step.text) == (status, text)
    assert [finding.kind for finding in step.findings] == (["clock"] if status is Status.WRONG else [])


def test_without_a_clock_to_read_nothing_can_be_told() -> None:
    step = check_clock(Cluster(clock_fault="why"))
    assert (step.status, step.text) == (Status.CANNOT_TELL, "why")
