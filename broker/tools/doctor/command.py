"""The command `odradek doctor`."""

import math
import sys
from typing import Any

import click

from ..options import bootstrap_option
from .addresses import read_bootstrap
from .cluster_questions import Time
from .connecting import Network, Resolver, system_resolver
from .examination import Examination
from .facts import Security
from .findings import Step
from .report import as_json, is_wrong, line_of, summary_of

WRONG, UNUSABLE = 1, 2
LEAST_TIMEOUT_S, MOST_TIMEOUT_S = 0.01, 3600.0


class Seconds(click.FloatRange):
    """A number in a range; FloatRange by itself lets NaN through, which is on neither side of a bound."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value} is no number.", param, ctx)
        return seconds


@click.command()
@bootstrap_option("The addresses that the client has, with commas: its bootstrap.servers.")
@click.option(
    "--security-protocol",
    type=click.Choice([one.value for one in Security], case_sensitive=False),
    default=Security.PLAINTEXT.value,
    show_default=True,
    help="What the client is set to.",
)
@click.option(
    "--timeout",
    "timeout_s",
    metavar="S",
    type=Seconds(LEAST_TIMEOUT_S, MOST_TIMEOUT_S),
    default=5.0,
    show_default=True,
    help="How many seconds each name, each connection and each whole answer may take.",
)
@click.option("--json", "is_json", is_flag=True, help="One JSON object.")
def doctor(bootstrap: str, security_protocol: str, timeout_s: float, is_json: bool) -> None:
    """Find out why clients do not get through to a Kafka, and which setting mends it.

    Goes where a client would go: to the bootstrap addresses, and then to every address that the brokers advertise.
    Nothing is written or created. Exits with 0 if nothing is wrong, with 1 if something is, with 2 if there is no
    address to go to.
    """
    sys.exit(run(bootstrap, Security(security_protocol.upper()), timeout_s, is_json=is_json))


def run(
    bootstrap: str, security: Security, timeout_s: float, *, is_json: bool, resolver: Resolver = system_resolver
) -> int:
    """Print the examination; the exit code."""
    import time

    typed = read_bootstrap(bootstrap)
    if not typed:
        click.echo("odradek: --bootstrap has no address", err=True)
        return UNUSABLE
    steps: list[Step] = []

    def on_step(step: Step) -> None:
        steps.append(step)
        if not is_json:  # at once: the next one may take its time
            click.echo(line_of(step))

    clock = Time(time.monotonic, lambda: time.time_ns() // 1_000_000, time.sleep)
    Examination(Network(resolver, timeout_s), security, clock, on_step).run(typed)
    for line in [as_json(steps)] if is_json else summary_of(steps):
        click.echo(line)
    if all(one.endpoint is None for one in typed):
        return UNUSABLE
    return WRONG if is_wrong(steps) else 0
