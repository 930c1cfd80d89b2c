"""How what is answered is printed: as JSON, one object a line."""

import json
from collections.abc import Iterable

import click


def show(objects: Iterable[object]) -> None:
    """Print each."""
    for one in objects:
        click.echo(json.dumps(one, ensure_ascii=False))
