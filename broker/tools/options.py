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


def client_settings_option(command: F) -> F:
    """`-X NAME=VALUE`, else ODRADEK_CLIENT with spaces between them: what a client needs besides the address."""
    return click.option(
        "-X",
        "client_settings",
        metavar="NAME=VALUE",
        multiple=True,
        envvar="ODRADEK_CLIENT",
        show_envvar=True,
        help="A setting of the client, as kcat has it: -X security.protocol=SSL -X ssl.ca.location=ca.pem; "
        "may be repeated.",
    )(command)
