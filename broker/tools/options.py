"""Options that several tools have, said once."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def bootstrap_option(what: str) -> Callable[[F], F]:
    """`--bootstrap HOST:PORT`, else ODRADEK_BOOTSTRAP, else where a broker listens by itself; `what` is its help."""
    return click.option(
        "--bootstrap",
        metavar="HOST:PORT",
        envvar="ODRADEK_BOOTSTRAP",
        default="127.0.0.1:9092",
        show_default=True,
        show_envvar=True,
        help=what,
    )
