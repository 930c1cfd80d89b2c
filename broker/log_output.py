"""Log lines with fields, to stderr: stdout carries the ready line and nothing else.

Our own structlog pipeline: a program that embeds the broker keeps whatever it configured for itself.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import structlog

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_Event = MutableMapping[str, Any]
_threshold = LEVELS["info"]


def _drop_below_threshold(logger: Any, method: str, event: _Event) -> _Event:
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


def _render_console(logger: Any, method: str, event: _Event) -> str:
    """2026-01-31T12:00:00.000Z warning  connection: what happened  key=value …"""
    fields = " ".join(f"{key}={value}" for key, value in event.items() if key not in _LEADING)
    line = f"{event['timestamp']} {event['level']:<8}{event.get('part', '')}: {event['event']}"
    trace = event.get("exception")
    return (f"{line}  {fields}" if fields else line) + (f"\n{trace}" if trace else "")


_LEADING = frozenset({"timestamp", "level", "part", "event", "exception"})
_render: Any = _render_console


def _render_chosen(logger: Any, method: str, event: _Event) -> str:
    return str(_render(logger, method, event))


def get_logger(part: str) -> Any:
    """The logger of one part of the broker."""
    return structlog.wrap_logger(
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


def configure_logs(level: str, style: str) -> None:
    """Which lines are written (debug, info, warning, error), and how (console or json)."""
    global _threshold, _render
    _threshold = LEVELS[level]
    _render = structlog.processors.JSONRenderer() if style == "json" else _render_console
