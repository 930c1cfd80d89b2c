"""Options of several verbs."""

import click
import pytest

from odradek.broker.tools.control.options import settings_of


def test_settings_are_names_and_values() -> None:
    assert settings_of(["a=b", "c=d=e", "f="], "--set") == {"a": "b", "c": "d=e", "f": ""}
    with pytest.raises(click.UsageError, match="--set 'a' is not NAME=VALUE"):
        settings_of(["a"], "--set")
