"""Log lines with fields, to stderr: stdout carries the ready line and nothing else.

Our own structlog pipeline: a program that embeds the broker keeps whatever it configured for itself.
"""

import logging
import sys
from contextlib import suppress
from typing import Protocol

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_threshold = LEVELS["info"]


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
    if LEVELS.get("error" if method in ("exception", "critical") else method, 40) < _threshold:
        raise structlog.DropEvent
    return event


class _Stderr:
    """Writes where sys.stderr points at that moment, so that captured output is captured.

    A line that cannot be written is lost: the disk that is full may be the one that the lines go to.
    """

    def msg(self, message: str) -> None:
        with suppress(OSError):
            print(message, file=sys.stderr, flush=True)

    debug = info = warning = error = critical = exception = msg


def _render_console(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """2026-01-31T12:00:00.000Z warning  connection: what happened  key=value …"""
    fields = " ".join(f"{key}={value}" for key, value in event.items() if key not in _LEADING)
    line = f"{event['timestamp']} {event['level']:<8}{event.get('part', '')}: {event['event']}"
    trace = event.get("exception")
    return (f"{line}  {fields}" if fields else line) + (f"\n{trace}" if trace else "")


_LEADING = frozenset({"timestamp", "level", "part", "event", "exception"})
_render: Processor = _render_console


def _render_chosen(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return str(_render(logger, method, event))


def get_logger(part: str) -> Logger:
    """The logger of one part of the broker."""
    logger: Logger = structlog.wrap_logger(
        _Stderr(),
        processors=[
            _drop_below_threshold,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
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
