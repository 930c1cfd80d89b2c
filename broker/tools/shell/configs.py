"""`odradek configs`: describe, set and delete settings of topics, brokers and groups."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from .client import Failed, Kafka, connected, pairs
from .output import show

KINDS = ("topic", "broker", "group")
# Sources that somebody set for this very resource, as opposed to what it inherits.
OWN = frozenset({"DYNAMIC_TOPIC_CONFIG", "DYNAMIC_BROKER_CONFIG", "STATIC_BROKER_CONFIG", "GROUP_CONFIG"})


@click.group()
def configs() -> None:
    """Settings of topics, brokers and groups."""


@configs.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option("--all", "with_defaults", is_flag=True, help="Defaults as well.")
@connected
def describe(kafka: Kafka, as_json: bool, kind: str, name: str, with_defaults: bool) -> None:
    """The settings of one topic, broker (by its id) or group that are not defaults."""
    rows = [
        (entry.name, None if entry.is_sensitive else entry.value, source_of(kafka, entry), entry.is_read_only)
        for entry in _entries(kafka, kind, name)
        if with_defaults or source_of(kafka, entry) not in ("DEFAULT_CONFIG", "UNKNOWN_CONFIG")
    ]
    show(("setting", "value", "source", "read_only"), rows, as_json=as_json)


@configs.command("set")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.argument("assignments", metavar="SETTING=VALUE...", nargs=-1, required=True)
@connected
def set_configs(kafka: Kafka, as_json: bool, kind: str, name: str, assignments: tuple[str, ...]) -> None:
    """Set settings; those that are not named stay as they are."""
    values = dict(pairs(assignments, "setting"))
    _alter(kafka, kind, name, values)
    show(("setting", "value"), list(values.items()), as_json=as_json)


@configs.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.argument("settings", metavar="SETTING...", nargs=-1, required=True)
@connected
def delete(kafka: Kafka, as_json: bool, kind: str, name: str, settings: tuple[str, ...]) -> None:
    """Take settings back: what is inherited counts again."""
    _alter(kafka, kind, name, dict.fromkeys(settings))
    show(("setting", "result"), [(setting, "deleted") for setting in settings], as_json=as_json)


def own_configs(kafka: Kafka, kind: str, name: str) -> dict[str, str | None]:
    """The settings that were set for this very resource."""
    return {entry.name: entry.value for entry in _entries(kafka, kind, name) if source_of(kafka, entry) in OWN}


def source_of(kafka: Kafka, entry: Any) -> str:
    """Where a value comes from, in Kafka's word."""
    try:
        return str(kafka.admin_module.ConfigSource(entry.source).name)
    except ValueError:
        return str(entry.source)


def _entries(kafka: Kafka, kind: str, name: str) -> Sequence[Any]:
    resource = _resource(kafka, kind, name)
    (future,) = kafka.admin.describe_configs([resource], request_timeout=kafka.timeout_s).values()
    return sorted(kafka.result(future).values(), key=lambda entry: str(entry.name))


def _alter(kafka: Kafka, kind: str, name: str, values: Mapping[str, str | None]) -> None:
    """None deletes."""
    admin = kafka.admin_module
    operation = admin.AlterConfigOpType
    resource = _resource(kafka, kind, name)
    for setting, value in values.items():
        change = operation.DELETE if value is None else operation.SET
        resource.add_incremental_config(
            admin.ConfigEntry(setting, "" if value is None else value, incremental_operation=change)
        )
    (future,) = kafka.admin.incremental_alter_configs([resource], request_timeout=kafka.timeout_s).values()
    kafka.result(future)


def _resource(kafka: Kafka, kind: str, name: str) -> Any:
    if kind == "broker" and not name.isdecimal():
        raise Failed(f"a broker is named by its id, not {name!r}")
    admin = kafka.admin_module
    return admin.ConfigResource(admin.ResourceType[kind.upper()], name)
