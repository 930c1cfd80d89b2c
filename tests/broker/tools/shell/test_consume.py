"""`odradek consume`: from where, how many, and what is shown."""

import subprocess
import sys

import pytest

from .shell import Shell, values

DEADLINE_S = 20


@pytest.fixture(scope="module")
def written(shell: Shell) -> Shell:
    """The topic t: five records in partition 0, two in partition 1."""
    shell.json("topics", "create", "t", "--partitions", "2")
    shell.json("produce", "t", *(f"a{number}" for number in range(5)), "--partition", "0")
    shell.json("produce", "t", "b0", "b1", "--partition", "1", "--key", "k", "--header", "h=1")
    return shell


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], ["a0", "a1", "a2", "a3", "a4", "b0", "b1"]),
        (["--partition", "1"], ["b0", "b1"]),
        (["--offset", "3"], ["a3", "a4"]),
        (["--offset", "1"], ["a1", "a2", "a3", "a4", "b1"]),
        (["--last", "1"], ["a4", "b1"]),
        (["--last", "0"], []),
        (["--last", "9", "--partition", "0"], ["a0", "a1", "a2", "a3", "a4"]),
        (["--time", "0", "--partition", "1"], ["b0", "b1"]),
        (["--time", "2100-01-01T00:00:00"], []),
        (["--partition", "0", "--max", "2"], ["a0", "a1"]),
        (["--follow", "--offset", "0", "--max", "7"], ["a0", "a1", "a2", "a3", "a4", "b0", "b1"]),
        (["--uncommitted", "--last", "1"], ["a4", "b1"]),
    ],
)
def test_it_begins_and_ends_where_it_was_told_to(written: Shell, options: list[str], found: list[str]) -> None:
    assert sorted(values(written.lines("consume", "t", *options), "value")) == found


def test_from_a_time_on_it_reads_what_is_not_older(written: Shell) -> None:
    newest = written.lines("consume", "t", "--partition", "1", "--last", "1")[0]["timestamp"]
    found = written.lines("consume", "t", "--partition", "1", "--time", str(newest))
    assert "b1" in values(found, "value")
    assert written.lines("consume", "t", "--time", str(newest + 1)) == []


def test_a_person_sees_place_time_key_headers_and_value_on_one_line(written: Shell) -> None:
    ((place, time, *rest),) = written.text("consume", "t", "--partition", "1", "--last", "1")
    assert (place, rest) == ("1:1", ["key=k", "h=1", "b1"])
    assert time.endswith("+00:00")


def test_a_script_sees_all_there_is(written: Shell) -> None:
    (record,) = written.lines("consume", "t", "--partition", "1", "--last", "1")
    assert record.pop("timestamp") > 0
    assert record == {"topic": "t", "partition": 1, "offset": 1, "key": "k", "value": "b1", "headers": [["h", "1"]]}


def test_following_it_shows_what_comes_and_a_signal_ends_it(written: Shell) -> None:
    written.json("topics", "create", "live")
    command = [sys.executable, "-m", "odradek.broker", "consume", "live", "--follow", "--bootstrap", written.bootstrap]
    with subprocess.Popen([*command, "--max", "1", "--offset", "0"], stdout=subprocess.PIPE, text=True) as process:
        written.json("produce", "live", "now")
        out, _ = process.communicate(timeout=DEADLINE_S)
    assert out.split()[-1] == "now"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["t", "--partition", "7"], "t has no partition 7"),
        (["nope"], "there is no topic nope"),
        (["t", "--last", "1", "--offset", "1"], "only one of"),
        (["t", "--time", "yesterday"], "is neither milliseconds nor like"),
    ],
)
def test_what_is_not_there_is_said(written: Shell, options: list[str], why: str) -> None:
    assert why in written.refusal("consume", *options)
    assert "nope" not in values(written.json("topics", "list"), "topic")  # which asking for it must not create
