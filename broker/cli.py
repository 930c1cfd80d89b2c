"""The command line: `odradek serve`, and the tools that are loaded when they are asked for."""

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

# The tools stand apart: `serve` imports none of them, nor the client libraries that `verify` drives.
_TOOLS = {
    "check-log": ".tools.check_log:check_log",
    "control": ".tools.control.command:control",
    "configs": ".tools.shell.configs:configs",
    "consume": ".tools.shell.consume:consume",
    "doctor": ".tools.doctor.command:doctor",
    "dump-log": ".tools.dump_log.command:dump_log",
    "export-cluster": ".tools.export_cluster.command:export_cluster",
    "groups": ".tools.shell.groups:groups",
    "health": ".tools.health:health",
    "produce": ".tools.shell.produce:produce",
    "quotas": ".tools.shell.quotas:quotas",
    "records": ".tools.shell.records:records",
    "topics": ".tools.shell.topics:topics",
    "txn": ".tools.shell.txn:txn",
    "verify": ".tools.verify.command:verify",
}


class _Commands(click.Group):
    """Knows the tools without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_TOOLS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _TOOLS:
            return super().get_command(ctx, cmd_name)
        module, _, name = _TOOLS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module, __package__), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="odradek")
def main() -> None:
    """A Kafka-compatible broker that starts in a fraction of a second."""


@main.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    multiple=True,
    help="Where to listen; port 0 takes a free one; may be repeated.  [127.0.0.1:9092]",
)
@click.option(
    "--advertise",
    metavar="CIDR=HOST:PORT",
    multiple=True,
    help="What clients of a network are told to connect to, where it is not the address they came in at; may be "
    "repeated, the first that fits counts.",
)
@click.option(
    "--as",
    "as_version",
    metavar="RELEASE",
    help="The release of Apache Kafka whose APIs, features and defaults clients see, from 2.8 on: for tests of what "
    "they do with an older broker.  [4.3]",
)
@click.option("--data-dir", metavar="DIR", help="Where the data is kept.  [./odradek-data]")
@click.option("--ephemeral", is_flag=True, help="Keep everything in memory and lose it at the end.")
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A server.properties with Kafka's settings.",
)
@click.option(
    "--set",
    "assignments",
    metavar="NAME=VALUE",
    multiple=True,
    help="One of Kafka's settings; may be repeated.",
)
@click.option(
    "--feature",
    "features",
    metavar="NAME=LEVEL",
    multiple=True,
    help="The level a feature has from this start on, such as transaction.version=1; may be repeated. It is kept: "
    "without the option a directory has the levels it had.",
)
@click.option(
    "--topic",
    "topics",
    metavar="NAME[:PARTITIONS[:SETTING=VALUE,…]]",
    multiple=True,
    help="A topic that is there when the broker is ready; may be repeated. One that is there already stays as it is, "
    "but for partitions that it lacks.",
)
@click.option(
    "--user",
    "users",
    metavar="NAME:PASSWORD[:MECHANISM]",
    multiple=True,
    help="Who may log in; may be repeated. Without a mechanism PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 will do. With it "
    "the listeners are SASL_PLAINTEXT, unless `listeners` says otherwise.",
)
@click.option(
    "--lower-replication-factors",
    is_flag=True,
    help="Take replication factors above 1 for 1, in configurations written for several brokers.",
)
@click.option(
    "--tls",
    type=click.Choice(["auto"]),
    help="Listen with TLS; a throw-away authority and its certificate for this machine are made, and clients trust its "
    "ca.pem. Needs the extra: pip install 'odradek[security]'.",
)
@click.option("--tls-dir", metavar="DIR", help="Where --tls auto keeps them.  [./odradek-tls]")
@click.option(
    "--control",
    "control_address",
    metavar="HOST:PORT",
    help="Where faults, clock and clusters are controlled over HTTP, for tests: docs/control.md. A port alone is one "
    "of the loopback. Needs the extra: pip install 'odradek[control]'.  [nowhere]",
)
@click.option(
    "--scenario",
    "scenario_file",
    metavar="FILE",
    envvar="ODRADEK_SCENARIO",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What it begins with, in YAML: topics with records, faults, clock, clusters; also ODRADEK_SCENARIO: "
    "docs/testing.md. Needs the extra: pip install 'odradek[control]'.",
)
@click.option(
    "--seed",
    type=int,
    metavar="NUMBER",
    help="Every id follows from it, and is the same in every run; with --ephemeral only.",
)
@click.option(
    "--frozen-at",
    "frozen_at_ms",
    type=int,
    metavar="MS",
    help="The clock stands still at this time, in milliseconds since 1970, until it is moved over --control.",
)
@click.option(
    "--brokers",
    type=click.IntRange(1, 100),
    help="So many brokers in this process, at ports that count up: leaders, followers, fail-over.  [1]",
)
@click.option("--racks", metavar="RACK,RACK,...", help="The racks of the brokers, in order.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
@click.option("--log-format", type=click.Choice(["console", "json"]), default="console", show_default=True)
def serve(
    listen: tuple[str, ...],
    advertise: tuple[str, ...],
    as_version: str | None,
    data_dir: str | None,
    ephemeral: bool,
    config_file: Path | None,
    assignments: tuple[str, ...],
    features: tuple[str, ...],
    topics: tuple[str, ...],
    users: tuple[str, ...],
    lower_replication_factors: bool,
    tls: str | None,
    tls_dir: str | None,
    control_address: str | None,
    scenario_file: Path | None,
    seed: int | None,
    frozen_at_ms: int | None,
    brokers: int | None,
    racks: str | None,
    log_level: str,
    log_format: str,
) -> None:
    """Run the broker until SIGTERM or SIGINT.

    Prints one line on stdout once it answers: `odradek ready HOST:PORT`, with all its addresses; with --control
    also ` control=http://HOST:PORT`. Logs go to stderr.
    Settings come from the file, then from the scenario, then from the environment (KAFKA_LOG_RETENTION_MS is
    log.retention.ms), then from here.
    """
    from functools import partial

    from .garbage import pause_collections

    pause_collections()
    _import_structlog_alone()
    from .advertised import parse_rule
    from .broker import Broker, StartError
    from .config.broker_config import BrokerConfig
    from .config.config_def import ConfigError
    from .config.listeners import PROTOCOLS
    from .config.release import AS_VERSION
    from .log_output import configure_logs, flush_logs, take_over_logging
    from .metadata.features import features_of, parse_features
    from .run import read_scenario, run, take_all_descriptors
    from .security.sasl.users import parse_users
    from .start_settings import collect_settings, count_brokers, log_settings, take_certificates

    configure_logs(log_level, log_format)
    take_over_logging()
    take_all_descriptors()
    try:
        scenario = None if scenario_file is None else read_scenario(scenario_file)
        may_log_in = [*(() if scenario is None else scenario.users), *parse_users(users)]
        protocol = PROTOCOLS[tls is not None, bool(may_log_in)]
        of_scenario: Mapping[str, str] = {} if scenario is None else scenario.settings
        settings = collect_settings(config_file, of_scenario, assignments, topics, listen, data_dir, protocol)
        if ephemeral and data_dir is not None:
            raise ConfigError("--ephemeral keeps nothing; it cannot go with --data-dir")
        if seed is not None and not ephemeral:
            raise ConfigError("--seed needs --ephemeral: a cluster that is kept has the ids that it got at first")
        if frozen_at_ms is not None and control_address is None:
            raise ConfigError("--frozen-at needs --control: nothing else moves the clock on")
        if tls is not None or tls_dir is not None:
            take_certificates(settings, tls, tls_dir, advertise, is_ephemeral=ephemeral)
        if as_version is not None:
            settings.values[AS_VERSION] = as_version
        count, stand = count_brokers(brokers, racks, scenario)
        config = BrokerConfig.from_settings(
            settings.values, lower_replication_factors=lower_replication_factors, brokers=count
        )
        make_broker = partial(
            Broker,
            config,
            is_ephemeral=ephemeral,
            features=parse_features(features, features_of(config.release, has_several=count > 1)),
            advertise=[parse_rule(rule) for rule in advertise],
            cluster_id=settings.cluster_id,
            topics=settings.topics,
            seed=seed,
            users=may_log_in,
            brokers=count,
            racks=stand,
        )
        log_settings(settings, config)
        run(make_broker, control_address, {"opening": scenario, "seed": seed, "frozen_at_ms": frozen_at_ms})
    except (ConfigError, StartError) as error:
        flush_logs()
        click.echo(f"odradek: {error}", err=True)
        sys.exit(1)


def _import_structlog_alone() -> None:
    """Without rich, which it would load for tracebacks in colour that are not printed here: 40 ms of every start."""
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # the documented way to have an import fail
    try:
        import_module("structlog")
    finally:
        del sys.modules["rich"]
