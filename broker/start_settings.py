"""What `odradek serve` begins with: its settings from everywhere they may come from, and what is to be said of them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from .advertised import parse_rule
from .config.broker_config import BrokerConfig
from .config.config_def import ConfigError, without_listener
from .config.effects import without_effect
from .config.listeners import PLAINTEXT, TLS_PROTOCOLS
from .config.sources import DEFAULT_ADDRESS, Settings, collect, listeners_of, read_properties
from .log_output import get_logger


def collect_settings(
    config_file: Path | None,
    of_scenario: Mapping[str, str],
    assignments: Iterable[str],
    topics: Iterable[str],
    listen: Sequence[str],
    data_dir: str | None,
    protocol: str,
) -> Settings:
    """The file first, then the scenario, the environment, --set, and the options of their own. ConfigError."""
    settings = collect(read_properties(config_file), os.environ, assignments, topics, of_scenario)
    if listen or (protocol != PLAINTEXT and "listeners" not in settings.values):
        settings.values.update(listeners_of(listen or [DEFAULT_ADDRESS], protocol))
    if data_dir is not None:
        settings.values["log.dirs"] = data_dir
    return settings


class _Placed(Protocol):
    @property
    def count(self) -> int: ...
    @property
    def racks(self) -> Sequence[str | None]: ...


class _Opening(Protocol):
    @property
    def brokers(self) -> _Placed: ...


def count_brokers(count: int | None, racks: str | None, scenario: _Opening | None) -> tuple[int, Sequence[str | None]]:
    """How many brokers, and their racks: by the options, else as the scenario has them. ConfigError."""
    placed = None if scenario is None else scenario.brokers
    wanted = count or (1 if placed is None else placed.count)
    if racks is not None:
        named = [one.strip() or None for one in racks.split(",")]
        if len(named) != wanted:
            raise ConfigError(f"--racks names {len(named)} racks for {wanted} brokers: there is one for each")
        return wanted, named
    if placed is None or not placed.racks:
        return wanted, ()
    others = [None] * (wanted - placed.count)  # the scenario knows of no rack for them
    return wanted, [*placed.racks[:wanted], *others]


def take_certificates(
    settings: Settings, tls: str | None, tls_dir: str | None, advertise: Sequence[str], *, is_ephemeral: bool
) -> None:
    """--tls auto: what the listeners show from now on. ConfigError."""
    from .security.tls.throw_away import CA, DIRECTORY, TRUST_STORE, TRUST_STORE_PASSWORD, host_names, throw_away

    if tls is None:
        raise ConfigError("--tls-dir goes with --tls auto")
    given = [name for name in settings.values if without_listener(name).startswith(("ssl.keystore.", "ssl.key."))]
    if given:
        raise ConfigError(f"--tls auto makes a certificate, and {given[0]} names one: leave out either")
    config = BrokerConfig.from_settings(settings.values, lower_replication_factors=True)
    endpoints = config.endpoints()
    if not any(one.protocol in TLS_PROTOCOLS for one in endpoints):
        raise ConfigError(f"--tls auto: none of listeners={config.listeners} is SSL; --listen HOST:PORT makes one")
    hosts = [*host_names(), *(one.host for one in endpoints), *(host for host, _ in config.advertised().values())]
    hosts += [parse_rule(rule).host for rule in advertise]
    data = None if is_ephemeral else Path(config.log_dirs.partition(",")[0])
    made = throw_away(Path(tls_dir or DIRECTORY), hosts, datetime.now(UTC), data)
    settings.values.update(made.settings())
    get_logger("tls").info(
        "a throw-away certificate was made"
        if made.is_new
        else "the throw-away certificate is that of an earlier start",
        ca=str(made.directory / CA),
        truststore=str(made.directory / TRUST_STORE),
        truststore_password=TRUST_STORE_PASSWORD,
        valid_until=f"{made.until:%Y-%m-%d}",
    )


def log_settings(settings: Settings, config: BrokerConfig) -> None:
    """What a person should know of where the settings came from, and of what became of them: a line each."""

    logger = get_logger("settings")
    if settings.from_environment:
        logger.info("settings of the environment count", names=", ".join(settings.from_environment))
    if settings.unknown:
        logger.warning("settings that Kafka does not have are left out", names=", ".join(settings.unknown))
    if idle := without_effect(config.given, has_several=config.brokers > 1):
        logger.warning("settings that have no effect here are kept and shown", names=", ".join(idle))
    if left_out := [one.name for one in config.left_out_listeners()]:
        logger.info("listeners of controllers are left out: nothing connects to them here", names=", ".join(left_out))
