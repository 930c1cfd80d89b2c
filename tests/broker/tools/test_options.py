"""Where a tool looks for its broker: the option, then the environment, then the usual place."""

import click
from click.testing import CliRunner

from odradek.broker.tools.options import bootstrap_option


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
