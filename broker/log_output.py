"""Log lines with fields, to stderr: stdout carries the ready line and nothing else.

Our own structlog pipeline: a program that embeds the broker keeps whatever it configured for itself. The rules: to log
never waits (`log_writer.py`), does not grow with what clients do (`log_repeats.py`), and what comes from outside is one
value in one line, whatever it holds.
"""

import atexit
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from .log_repeats import RepeatLimit
from .log_writer import LogWriter

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
LONGEST_VALUE = 1000
LONGEST_TRACE = 20_000

_threshold = LEVELS["info"]
_parts: set[str] = set()
_thresholds: dict[str, int] = {}  # of parts that have one of their own


class Logger(Protocol):
    """What a part of the broker logs with: what happened, and the fields that say to what."""

    def debug(self, event: str, **fields: object) -> None: ...
    def info(self, event: str, **fields: object) -> None: ...
    def warning(self, event: str, **fields: object) -> None: ...
    def error(self, event: str, **fields: object) -> None: ...

    def exception(self, event: str, **fields: object) -> None:
        """An error, with the traceback of the exception that is being handled."""
        ...


def _drop_below_threshold(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    threshold = _thresholds.get(str(event["part"]), _threshold) if _thresholds else _threshold
    if LEVELS.get("error" if method in ("exception", "critical") else method, 40) < threshold:
        raise structlog.DropEvent
    return event


# What would be too much


class _Repeats:
    """The limit that all loggers share, and the lines that make up for what it held back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = RepeatLimit()
        self._clock = clock
        self._lock = threading.Lock()  # the writer's thread looks, too

    def drop(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        now = self._clock()
        for line in self.lines(now):
            _Stderr().msg(line)
        kind = method, str(event.get("part", "")), str(event["event"])
        with self._lock:
            held_back_before = self._limit.holds_back
            is_admitted = self._limit.admits(kind, now)
        if is_admitted:
            return event
        if _writer is not None and not held_back_before:
            _writer.look()
        raise structlog.DropEvent

    def lines(self, now: float) -> list[str]:
        """What was held back in seconds that are over."""
        with self._lock:
            ended = self._limit.take_ended(now)
        return [_line(method, f"{what} … and {count} more like it", part) for (method, part, what), count in ended]

    def later_lines(self) -> list[str] | None:
        """The same now; None if nothing is held back."""
        return self.lines(self._clock()) if self._limit.holds_back else None


_repeats = _Repeats()


# Where it goes

_writer: LogWriter | None = None


class _Stderr:
    """Writes where sys.stderr points at that moment, so that captured output is captured.

    What the process was given as its standard error may be read by nothing: that is written by a thread. A line that
    cannot be written is lost: the disk that is full may be the one that the lines go to.
    """

    def msg(self, message: str) -> None:
        global _writer
        stream = sys.stderr
        if stream is None:
            return
        if stream is not sys.__stderr__:
            with suppress(OSError, ValueError):
                print(message, file=stream, flush=True)
            return
        if _writer is None:
            _writer = LogWriter(sys.stderr.fileno(), _lost_line, _repeats.later_lines)
            atexit.register(flush_logs)
        _writer.put(message)

    debug = info = warning = error = critical = exception = msg


def flush_logs() -> None:
    """Wait until what was logged is written, as long as it is being read."""
    for line in _repeats.lines(float("inf")):
        _Stderr().msg(line)
    if _writer is not None:
        _writer.drain()


def _lost_line(count: int) -> str:
    return _line("warning", f"{count} lines were lost: standard error was not read", "log")


def _line(method: str, event: str, part: str) -> str:
    fields: EventDict = {"part": part, "event": _one_line(event)}
    return _render_chosen(None, method, _TIME(None, method, structlog.processors.add_log_level(None, method, fields)))


# How it looks


def _one_line(text: str) -> str:
    """Without what moves a terminal or ends a line, and not longer than a person reads."""
    if len(text) > LONGEST_VALUE:
        text = f"{text[:LONGEST_VALUE]}…({len(text) - LONGEST_VALUE} more characters)"
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _indented(trace: str) -> str:
    """A traceback may quote what a client sent: none of its lines looks like one of ours."""
    if len(trace) > LONGEST_TRACE:
        trace = f"{trace[: LONGEST_TRACE // 2]}\n…\n{trace[-LONGEST_TRACE // 2 :]}"
    return "\n".join(f"  {_one_line(line)}" for line in trace.split("\n"))


def _clean(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if key == "exception":
            event[key] = _indented(str(value))
        elif value is not None and not isinstance(value, int | float):
            event[key] = _one_line(str(value))
    return event


def _render_console(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """2026-01-31T12:00:00.000Z warning  connection: what happened  key=value …"""
    fields = " ".join(f"{key}={value}" for key, value in event.items() if key not in _LEADING)
    line = f"{event['timestamp']} {event['level']:<8}{event.get('part', '')}: {event['event']}"
    trace = event.get("exception")
    return (f"{line}  {fields}" if fields else line) + (f"\n{trace}" if trace else "")


_LEADING = frozenset({"timestamp", "level", "part", "event", "exception"})
_TIME = structlog.processors.TimeStamper(fmt="iso", utc=True)
_render: Processor = _render_console


def _render_chosen(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return str(_render(logger, method, event))


def get_logger(part: str) -> Logger:
    """The logger of one part of the broker."""
    _parts.add(part)
    logger: Logger = structlog.wrap_logger(
        _Stderr(),
        processors=[
            _drop_below_threshold,
            _repeats.drop,
            structlog.processors.add_log_level,
            _TIME,
            structlog.processors.format_exc_info,
            _clean,
            _render_chosen,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        part=part,
    )
    return logger


def configure_logs(level: str, style: str) -> None:
    """Which lines are written (debug, info, warning, error), and how (console or json)."""
    global _threshold, _render
    _threshold = LEVELS[level]
    _render = structlog.processors.JSONRenderer() if style == "json" else _render_console


def thresholds() -> dict[str, int]:
    """From which level on each part writes its lines; under the empty name what counts for all others."""
    return {"": _threshold, **{part: _thresholds.get(part, _threshold) for part in _parts}}


def set_threshold(part: str, level: int | None) -> None:
    """Let one part write its lines from that level on, with None as all others; the empty name is all others."""
    global _threshold
    if not part:
        _threshold = LEVELS["info"] if level is None else level
    elif level is None:
        _thresholds.pop(part, None)
    else:
        _thresholds[part] = level


class _Forward(logging.Handler):
    """What libraries log, asyncio above all, takes the same way: theirs would wait for whoever reads standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = get_logger(record.name)
        fields: Mapping[str, object] = {"exc_info": record.exc_info} if record.exc_info else {}
        write = logger.error if record.levelno >= logging.ERROR else logger.warning
        write(record.getMessage(), **fields)


def take_over_logging() -> None:
    """For a process that is a broker and nothing else: warnings and errors of every library are log lines of ours."""
    logging.basicConfig(handlers=[_Forward(logging.WARNING)])
