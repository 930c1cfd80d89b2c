"""One broker with a control plane for a module, and `odradek control` run against it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from odradek.broker.cli import main

from ...control.served import Served, serving


class Shell:
    """`odradek control` at one broker."""

    def __init__(self, served: Served) -> None:
        self.served = served

    def run(self, *arguments: str, stdin: bytes | None = None) -> Result:
        """What a command does."""
        return CliRunner().invoke(main, ["control", *arguments], stdin, env={"ODRADEK_CONTROL": self.served.url})

    def printed(self, *arguments: str) -> str:
        """What is on stdout when it is done."""
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    def said(self, *arguments: str) -> list[Any]:
        """The objects that are printed."""
        return [json.loads(line) for line in self.printed(*arguments).splitlines()]

    def failed(self, *arguments: str) -> str:
        """What is on stderr."""
        done = self.run(*arguments)
        assert done.exit_code != 0
        assert done.stdout == ""
        return done.stderr


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("--ephemeral") as served:
        yield served


@pytest.fixture
def shell(served: Served) -> Shell:
    return Shell(served)
