"""`odradek quotas`: list, set and remove the quotas of users, client ids and addresses (KIP-546)."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import click

from ....protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    EntryData,
    OpData,
)
from ....protocol.messages.describe_client_quotas import (
    ComponentData,
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
)
from ...quotas.entities import CLIENT_ID, IP, USER, Match
from ..newest_versions import error_name
from .brokers import Brokers
from .client import Failed, Kafka, connected, pairs
from .output import show

DEFAULT = "<default>"
# A user may be called "<default>": `default` names the columns in which that is no name.
COLUMNS = ("user", "client_id", "ip", "default", "quota", "value")
# Who a quota is for: an option by name, and one for all that have none of their own.
_KINDS = ((USER, "user"), (CLIENT_ID, "client"), (IP, "ip"))
_IN_WORDS = {USER: "user", CLIENT_ID: "client id", IP: "address"}


@click.group()
def quotas() -> None:
    """Quotas of users, client ids and addresses."""


def entity(command: Any) -> Any:
    """The options that say who; the command gets them as `of`."""

    def option(command: Any, kind: tuple[str, str]) -> Any:
        name, word = kind
        one = _IN_WORDS[name]
        by_name = click.option(f"--{word}", metavar="NAME", help=f"This {one}.")
        by_default = click.option(f"--default-{word}", is_flag=True, help=f"Every {one} that has none of its own.")
        return by_name(by_default(command))

    return reduce(option, reversed(_KINDS), command)


@quotas.command("list")
@entity
@connected
def list_quotas(kafka: Kafka, as_json: bool, **who: Any) -> None:
    """Every quota, or those of whom the options name, alone or beside others."""
    components = [
        ComponentData(entity_type=kind, match_type=Match.DEFAULT if name is None else Match.EXACT, match=name)
        for kind, name in _entity(who)
    ]
    with Brokers(kafka.bootstrap, kafka.timeout_s) as brokers:
        answer = brokers.ask_any(
            DescribeClientQuotasRequest(components=components, strict=False), DescribeClientQuotasResponse
        )
    _check(answer.error_code, answer.error_message)
    rows = [
        (*_shown([(part.entity_type, part.entity_name) for part in entry.entity]), value.key, value.value)
        for entry in answer.entries or ()
        for value in entry.values
    ]
    show(COLUMNS, sorted(rows, key=str), as_json=as_json)


@quotas.command("set")
@click.argument("assignments", metavar="QUOTA=VALUE...", nargs=-1, required=True)
@entity
@connected
def set_quotas(kafka: Kafka, as_json: bool, assignments: tuple[str, ...], **who: Any) -> None:
    """Set quotas: producer_byte_rate, consumer_byte_rate, request_percentage, controller_mutation_rate (of clients),
    connection_creation_rate (of an address)."""
    values: list[tuple[str, float]] = []
    for key, value in pairs(assignments, "quota"):
        try:
            values.append((key, float(value)))
        except ValueError:
            raise click.UsageError(f"{key}: {value!r} is no number") from None
    of = _entity(who)
    _alter(kafka, of, [OpData(key=key, value=value, remove=False) for key, value in values])
    show(COLUMNS, [(*_shown(of), key, value) for key, value in values], as_json=as_json)


@quotas.command()
@click.argument("keys", metavar="QUOTA...", nargs=-1, required=True)
@entity
@connected
def remove(kafka: Kafka, as_json: bool, keys: tuple[str, ...], **who: Any) -> None:
    """Take quotas back: what is less specific counts again."""
    of = _entity(who)
    _alter(kafka, of, [OpData(key=key, value=0.0, remove=True) for key in keys])
    show((*COLUMNS[:-1], "result"), [(*_shown(of), key, "removed") for key in keys], as_json=as_json)


def _entity(who: dict[str, Any]) -> list[tuple[str, str | None]]:
    """The parts that were named; None for a default. UsageError."""
    parts: list[tuple[str, str | None]] = []
    for kind, word in _KINDS:
        name, is_default = who[word], who[f"default_{word}"]
        if name is not None and is_default:
            raise click.UsageError(f"--{word} and --default-{word} exclude each other")
        if name is not None or is_default:
            parts.append((kind, name))
    return parts


def _alter(kafka: Kafka, of: Sequence[tuple[str, str | None]], ops: Sequence[OpData]) -> None:
    if not of:
        raise click.UsageError("say whose: --user, --client or --ip, by name or --default-...")
    parts = [EntityData(entity_type=kind, entity_name=name) for kind, name in of]
    request = AlterClientQuotasRequest(entries=[EntryData(entity=parts, ops=ops)], validate_only=False)
    with Brokers(kafka.bootstrap, kafka.timeout_s) as brokers:
        answer = brokers.ask_any(request, AlterClientQuotasResponse)
    for entry in answer.entries:
        _check(entry.error_code, entry.error_message)


def _check(code: int, message: str | None) -> None:
    if code:
        raise Failed(f"{error_name(code)}: {message or ''}".removesuffix(": "))


def _shown(parts: Sequence[tuple[str, str | None]]) -> tuple[str | None, ...]:
    """User, client id and address as one row has them, and which of them stand for all others."""
    named = {kind: DEFAULT if name is None else name for kind, name in parts}
    columns = dict(zip((kind for kind, _ in _KINDS), COLUMNS, strict=False))
    defaults = [columns[kind] for kind, name in sorted(parts, key=str) if name is None]
    return (*(named.get(kind) for kind, _ in _KINDS), ",".join(defaults) or None)
