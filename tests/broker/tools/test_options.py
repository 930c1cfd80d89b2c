"""Where a tool looks for its broker: the option, then the environment, then the usual place."""

import click
from click.testing import CliRunner

from odradek.broker.tools.options import bootstrap_option, client_settings_option


@click.command()
@bootstrap_option("The broker to ask.")
def asked(bootstrap: str) -> None:
    click.echo(bootstrap)


def test_the_option_goes_before_the_environment_and_that_before_the_usual_place() -> None:
    run = CliRunner().invoke
    assert run(asked, []).output == "127.0.0.1:9092\n"
    environment = {"ODRADEK_BOOTSTRAP": "a:1"}
    assert run(asked, [], env=environment).output == "a:1\n"
    assert run(asked, ["--bootstrap", "b:2"], env=environment).output == "b:2\n"


@click.command()
@client_settings_option
def told(client_settings: tuple[str, ...]) -> None:
    click.echo(",".join(client_settings))


def test_settings_of_a_client_are_repeated_or_stand_in_the_environment_with_spaces_between_them() -> None:
    run = CliRunner().invoke
    assert run(told, []).output == "\n"
    environment = {"ODRADEK_CLIENT": "a=1 b=2"}
    assert run(told, [], env=environment).output == "a=1,b=2\n"
    assert run(told, ["-X", "c=3", "-X", "d=4"], env=environment).output == "c=3,d=4\n"
