"""Options that several of the verbs have."""

from collections.abc import Iterable

import click


def settings_of(assignments: Iterable[str], option: str) -> dict[str, str]:
    """NAME=VALUE, as often as it is given. UsageError."""
    settings: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"{option} {assignment!r} is not NAME=VALUE")
        settings[name] = value
    return settings
