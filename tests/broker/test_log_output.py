"""Log lines: to stderr, above a threshold, for people or as JSON."""

import errno
import io
import json
import sys
from collections.abc import Iterator

import pytest

from odradek.broker.log_output import configure_logs, get_logger


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
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
