"""Log lines: to stderr, above a threshold, for people or as JSON."""

import errno
import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from odradek.broker import log_output
from odradek.broker.log_output import _Forward, configure_logs, flush_logs, get_logger
from odradek.broker.log_repeats import MOST_A_SECOND


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    configure_logs("info", "console")


def test_a_line_says_when_how_grave_where_and_what(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "console")
    get_logger("store").warning("a log was damaged", partition="t-0", cut_bytes=7)
    out, err = capfd.readouterr()
    moment, rest = err.rstrip("\n").split(" ", 1)
    assert moment.endswith("Z")
    assert rest == "warning store: a log was damaged  partition=t-0 cut_bytes=7"
    assert out == ""


@pytest.mark.parametrize(
    ("level", "written"),
    [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)],
)
def test_what_is_below_the_threshold_is_not_written(
    capfd: pytest.CaptureFixture[str], level: str, written: int
) -> None:
    configure_logs(level, "console")
    logger = get_logger("x")
    for write in (logger.debug, logger.info, logger.warning, logger.error):
        write("something")
    assert len(capfd.readouterr().err.splitlines()) == written


def test_json_lines_can_be_read_by_a_machine(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json")
    get_logger("topics").info("topic created", topic="t", partitions=3)
    line = json.loads(capfd.readouterr().err)
    del line["timestamp"]
    assert line == {"part": "topics", "topic": "t", "partitions": 3, "event": "topic created", "level": "info"}


@pytest.mark.parametrize("level", ["info", "error"])
def test_an_exception_comes_with_its_traceback_at_every_level(capfd: pytest.CaptureFixture[str], level: str) -> None:
    configure_logs(level, "console")
    try:
        raise RuntimeError("the unforeseen")
    except RuntimeError:
        get_logger("dispatch").exception("a request failed", api="fetch")
    err = capfd.readouterr().err
    assert "dispatch: a request failed  api=fetch" in err
    assert "RuntimeError: the unforeseen" in err


def test_a_line_that_cannot_be_written_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str, /) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    get_logger("test").error("lost")


@pytest.mark.parametrize("style", ["console", "json"])
def test_what_a_client_sends_stays_one_value_in_one_line(capfd: pytest.CaptureFixture[str], style: str) -> None:
    configure_logs("info", style)
    forged = "a\n2026-01-31T12:00:00Z error broker: all is lost\r\x1b[2J\x9b2J\u2028\u202e\ud800"
    get_logger("groups").warning("a member has gone", group=forged, member=forged.encode(errors="replace"))
    err = capfd.readouterr().err
    assert len(err.splitlines()) == 1
    assert all(one.isprintable() for one in err[:-1])
    assert "\\n2026" in err


def test_a_long_value_is_cut(capfd: pytest.CaptureFixture[str]) -> None:
    get_logger("groups").warning("a member has gone", group="g" * 30_000)
    err = capfd.readouterr().err
    assert len(err) < 1200
    assert "…(29000 more characters)" in err


def test_no_line_of_a_traceback_looks_like_one_of_ours(capfd: pytest.CaptureFixture[str]) -> None:
    try:
        raise RuntimeError("a\n2026-01-31T12:00:00Z error broker: all is lost\x1b[2J" + "x" * 100_000)
    except RuntimeError:
        get_logger("dispatch").exception("a request failed")
    first, *trace = capfd.readouterr().err.splitlines()
    assert first.endswith("dispatch: a request failed")
    assert all(line.startswith("  ") and line.isprintable() for line in trace)
    assert sum(map(len, trace)) < 30_000


def test_repeats_are_counted(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(log_output._repeats, "_clock", lambda: now[0])
    for _ in range(1000):
        get_logger("dispatch").warning("a frame cannot be read", client="c")
    get_logger("dispatch").warning("something else")
    assert len(capfd.readouterr().err.splitlines()) == MOST_A_SECOND + 1
    now[0] += 1
    get_logger("dispatch").warning("something else")
    summary, _ = capfd.readouterr().err.splitlines()
    assert summary.endswith(f"warning dispatch: a frame cannot be read … and {1000 - MOST_A_SECOND} more like it")


def test_what_was_held_back_is_counted_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(MOST_A_SECOND + 7):
        get_logger("x").warning("again")
    flush_logs()
    assert capfd.readouterr().err.splitlines()[-1].endswith("again … and 7 more like it")


def test_what_libraries_log_is_a_line_like_any_other(capfd: pytest.CaptureFixture[str]) -> None:
    _Forward().emit(logging.LogRecord("asyncio", logging.ERROR, "", 0, "lost %s", ("a\nb",), None))
    assert capfd.readouterr().err.endswith("error   asyncio: lost a\\nb\n")
