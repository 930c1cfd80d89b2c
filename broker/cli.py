"""The command line: `odradek serve`, and the tools that are loaded when they are asked for."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from .broker import Broker
    from .config.broker_config import BrokerConfig
    from .config.sources import Settings
    from .control.serving import ControlledBroker


SWITCH_INTERVAL_S = 0.001
# The tools stand apart: `serve` imports none of them, nor the client libraries that `verify` drives.
_TOOLS = {
    "check-log": ".tools.check_log:check_log",
    "control": ".tools.control.command:control",
    "configs": ".tools.shell.configs:configs",
    "consume": ".tools.shell.consume:consume",
    "doctor": ".tools.doctor.command:doctor",
    "dump-log": ".tools.dump_log.command:dump_log",
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
    "--control",
    "control_address",
    metavar="HOST:PORT",
    help="Where faults, clock and clusters are controlled over HTTP, for tests: docs/control.md. A port alone is one "
    "of the loopback. Needs the extra: pip install 'odradek[control]'.  [nowhere]",
)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
@click.option("--log-format", type=click.Choice(["console", "json"]), default="console", show_default=True)
def serve(
    listen: tuple[str, ...],
    advertise: tuple[str, ...],
    data_dir: str | None,
    ephemeral: bool,
    config_file: Path | None,
    assignments: tuple[str, ...],
    features: tuple[str, ...],
    topics: tuple[str, ...],
    users: tuple[str, ...],
    lower_replication_factors: bool,
    control_address: str | None,
    log_level: str,
    log_format: str,
) -> None:
    """Run the broker until SIGTERM or SIGINT.

    Prints one line on stdout once it answers: `odradek ready HOST:PORT`, with all its addresses; with --control
    also ` control=http://HOST:PORT`. Logs go to stderr.
    Settings come from the file, then from the environment (KAFKA_LOG_RETENTION_MS is log.retention.ms), then from here.
    """
    from functools import partial

    from .garbage import pause_collections

    pause_collections()
    _import_structlog_alone()
    from .advertised import parse_rule
    from .broker import Broker, StartError
    from .config.broker_config import BrokerConfig
    from .config.config_def import ConfigError
    from .log_output import configure_logs, flush_logs, take_over_logging
    from .metadata.features import parse_features
    from .security.sasl.users import parse_users

    configure_logs(log_level, log_format)
    take_over_logging()
    _take_all_descriptors()
    try:
        may_log_in = parse_users(users)
        settings = _settings(config_file, assignments, topics, listen, data_dir, has_users=bool(may_log_in))
        if ephemeral and data_dir is not None:
            raise ConfigError("--ephemeral keeps nothing; it cannot go with --data-dir")
        config = BrokerConfig.from_settings(settings.values, lower_replication_factors=lower_replication_factors)
        make_broker = partial(
            Broker,
            config,
            is_ephemeral=ephemeral,
            features=parse_features(features),
            advertise=[parse_rule(rule) for rule in advertise],
            cluster_id=settings.cluster_id,
            topics=settings.topics,
            users=may_log_in,
        )
        _log_settings(settings, config)
        _run(make_broker, control_address)
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


def _settings(
    config_file: Path | None,
    assignments: Iterable[str],
    topics: Iterable[str],
    listen: Sequence[str],
    data_dir: str | None,
    *,
    has_users: bool,
) -> "Settings":
    """The file first, then the environment, then --set, then the options of their own."""
    from .config.config_def import ConfigError
    from .config.listeners import PLAINTEXT, SASL_PLAINTEXT
    from .config.sources import DEFAULT_ADDRESS, collect, listeners_of

    properties = None
    if config_file is not None:
        try:
            properties = config_file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot read {config_file}: {error}") from None
    settings = collect(properties, os.environ, assignments, topics)
    if has_users and not listen and "listeners" not in settings.values:
        listen = [DEFAULT_ADDRESS]
    if listen:
        settings.values.update(listeners_of(listen, SASL_PLAINTEXT if has_users else PLAINTEXT))
    if data_dir is not None:
        settings.values["log.dirs"] = data_dir
    return settings


def _log_settings(settings: "Settings", config: "BrokerConfig") -> None:
    """What a person should know of where the settings came from, and of what became of them: a line each."""
    from .config.effects import without_effect
    from .log_output import get_logger

    logger = get_logger("settings")
    if settings.from_environment:
        logger.info("settings of the environment count", names=", ".join(settings.from_environment))
    if settings.unknown:
        logger.warning("settings that Kafka does not have are left out", names=", ".join(settings.unknown))
    if idle := without_effect(config.given):
        logger.warning("settings that have no effect here are kept and shown", names=", ".join(idle))
    if left_out := [one.name for one in config.left_out_listeners()]:
        logger.info("listeners of controllers are left out: nothing connects to them here", names=", ".join(left_out))


def _take_all_descriptors() -> None:
    """Raise the soft limit of open files to the hard one: a connection takes one each, and so do files in use."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS names a hard limit that it does not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _run(make_broker: "Callable[..., Broker]", control_address: str | None) -> None:
    import asyncio

    # A thread that computes lets the loop have its turn after a millisecond, not after five.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    broker = make_broker() if control_address is None else _controlled(make_broker, control_address)
    try:
        import uvloop
    except ImportError:  # Windows has none
        asyncio.run(_serve(broker))
    else:
        uvloop.run(_serve(broker))


def _controlled(make_broker: "Callable[..., Broker]", address: str) -> "ControlledBroker":
    """StartError names what is to be installed."""
    try:
        from .control.serving import ControlledBroker
    except ModuleNotFoundError as error:
        from .broker import StartError

        raise StartError(f"--control needs {error.name}: pip install 'odradek[control]'") from None
    return ControlledBroker(make_broker, address)


async def _serve(broker: "Broker | ControlledBroker") -> None:
    import asyncio

    from .garbage import keep_collections_short

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(signum, stop.set)
    await broker.start()
    keep_collections_short()
    print(f"odradek ready {broker.ready}", flush=True)
    try:
        await stop.wait()
    finally:
        await broker.stop()
