"""The shell against a broker in a thread: a verb is run as a person runs it, in this process."""

import json
from collections.abc import Sequence
from typing import Any

from click.testing import CliRunner, Result

from odradek.broker.cli import main


class Shell:
    """Verbs of one cluster."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def run(self, *words: str, input: str | None = None) -> Result:
        """The verb's outcome, whatever it is."""
        return CliRunner(env={"ODRADEK_BOOTSTRAP": self.bootstrap}).invoke(main, words, input=input)

    def text(self, *words: str, input: str | None = None) -> list[list[str]]:
        """What a person sees, as the words of each line."""
        result = self.run(*words, input=input)
        assert result.exit_code == 0, result.output
        return [line.split() for line in result.stdout.splitlines()]

    def json(self, *words: str, input: str | None = None) -> Any:
        """What a script gets."""
        result = self.run(*words, "--json", input=input)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def lines(self, *words: str) -> list[Any]:
        """What a script gets that reads line by line."""
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    def refusal(self, *words: str) -> str:
        """What a verb says that does not work."""
        result = self.run(*words)
        assert result.exit_code in (1, 2), result.output
        assert result.stdout == ""
        return result.stderr


def values(rows: Sequence[Any], name: str) -> list[Any]:
    """One column of JSON rows."""
    return [row[name] for row in rows]
