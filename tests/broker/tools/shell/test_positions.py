"""Times as people write them, and offsets that they mean."""

import click
import pytest

from odradek.broker.tools.shell.client import Kafka
from odradek.broker.tools.shell.positions import at_time, clamped, earliest, latest, shown_time, time_ms

from .shell import Shell


@pytest.mark.parametrize(
    ("text", "timestamp_ms"),
    [
        ("0", 0),
        ("1700000000000", 1_700_000_000_000),
        ("1970-01-01T00:00:01", 1000),
        ("1970-01-01T01:00:01+01:00", 1000),
        ("1970-01-02", 86_400_000),
    ],
)
def test_a_time_is_milliseconds_or_a_date_in_utc_unless_it_says_otherwise(text: str, timestamp_ms: int) -> None:
    assert time_ms(text) == timestamp_ms


@pytest.mark.parametrize("text", ["", "yesterday", "-1", "1970-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        time_ms(text)


def test_a_time_is_shown_in_utc() -> None:
    assert shown_time(-1) is None
    assert shown_time(1) == "1970-01-01T00:00:00.001+00:00"
    assert shown_time(2**62) == str(2**62)


def test_offsets_are_found_and_kept_within_what_there_is(shell: Shell) -> None:
    shell.json("topics", "create", "t", "--partitions", "2")
    shell.json("produce", "t", "a", "b", "--partition", "0")
    kafka = Kafka(shell.bootstrap, 10.0)
    places = [("t", 0), ("t", 1)]
    assert earliest(kafka, places) == {("t", 0): 0, ("t", 1): 0}
    assert latest(kafka, places) == {("t", 0): 2, ("t", 1): 0}
    assert at_time(kafka, places, 0) == {("t", 0): 0, ("t", 1): 0}
    assert at_time(kafka, places, 2**50) == {("t", 0): 2, ("t", 1): 0}
    assert clamped(kafka, {("t", 0): -5, ("t", 1): 5}) == {("t", 0): 0, ("t", 1): 0}
    assert latest(kafka, []) == {}
