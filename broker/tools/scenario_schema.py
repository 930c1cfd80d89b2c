"""Writes docs/scenario.schema.json: `python -m odradek.broker.tools.scenario_schema > docs/scenario.schema.json`."""

import json

import click

from ..scenario.schema import schema


def document() -> str:
    """The whole file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    click.echo(document(), nl=False)
