"""Every declaration against Apache Kafka's own, version by version."""

import dataclasses
import re
from pathlib import Path
from typing import Any

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.declaration import Field, fields_of
from odradek.protocol.messages import __path__ as messages_path
from odradek.protocol.schema import Versions, declared

Schemas = dict[str, Any]

# Spoken between brokers and controllers only, or gone since Kafka 4.0.
NOT_DECLARED = {
    ApiKey.LEADER_AND_ISR,
    ApiKey.STOP_REPLICA,
    ApiKey.UPDATE_METADATA,
    ApiKey.CONTROLLED_SHUTDOWN,
    ApiKey.VOTE,
    ApiKey.BEGIN_QUORUM_EPOCH,
    ApiKey.END_QUORUM_EPOCH,
    ApiKey.ALTER_PARTITION,
    ApiKey.ENVELOPE,
    ApiKey.FETCH_SNAPSHOT,
    ApiKey.BROKER_REGISTRATION,
    ApiKey.BROKER_HEARTBEAT,
    ApiKey.ALLOCATE_PRODUCER_IDS,
    ApiKey.CONTROLLER_REGISTRATION,
    ApiKey.ASSIGN_REPLICAS_TO_DIRS,
    ApiKey.UPDATE_RAFT_VOTER,
}
NOTHING_GIVEN: dict[str, Any] = {
    "string": "",
    "bytes": b"",
    "records": b"",
    "bool": False,
    "float64": 0.0,
    "uuid": bytes(16),
}


def snake(name: str) -> str:
    """Kafka's name in our spelling."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name.replace("KRaft", "Kraft"))
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def test_every_message_has_kafkas_fields_in_kafkas_order_in_every_version(
    any_message: type, kafka_schemas: Schemas
) -> None:
    schema = kafka_schemas[any_message.__name__]
    structs = {struct["name"]: struct["fields"] for struct in schema.get("commonStructs", ())}
    for version in declared(any_message).versions:
        ours = [our_shape(f, version) for f in fields_of(any_message) if version in f.versions]
        assert ours == kafka_shapes(schema["fields"], version, structs), f"version {version}"


def test_every_message_has_kafkas_key_and_versions(any_message: type, kafka_schemas: Schemas) -> None:
    schema = kafka_schemas[any_message.__name__]
    ours = declared(any_message)
    assert ours.api_key == schema.get("apiKey")
    assert ours.versions == Versions.parse(schema["validVersions"])
    assert ours.flexible == Versions.parse(schema["flexibleVersions"])


def test_every_default_is_kafkas(any_message: type, kafka_schemas: Schemas) -> None:
    schema = kafka_schemas[any_message.__name__]
    structs = {struct["name"]: struct["fields"] for struct in schema.get("commonStructs", ())}
    compare_defaults(any_message, schema["fields"], structs)


def test_every_api_is_declared_or_known_not_to_be() -> None:
    files = {path.stem for path in Path(next(iter(messages_path))).glob("*.py")}
    assert {key for key in ApiKey if key.name.lower() not in files} == NOT_DECLARED


def test_api_keys_are_kafkas(kafka_schemas: Schemas) -> None:
    requests = {
        schema["apiKey"]: snake(name.removesuffix("Request"))
        for name, schema in kafka_schemas.items()
        if schema["type"] == "request"
    }
    assert requests == {key.value: key.name.lower() for key in ApiKey}


def our_shape(f: Field, version: int) -> tuple[Any, ...]:
    """Name, type, null allowed, tag, and the fields of a struct."""
    inner = f.item if f.item is not None else f
    kind = "struct" if inner.struct is not None else inner.kind
    below: list[Any] = []
    if inner.struct is not None:
        below = [our_shape(one, version) for one in fields_of(inner.struct) if version in one.versions]
    return f.name, ("[]" if f.item is not None else "") + kind, version in f.nullable, f.tag, below


def kafka_shapes(fields: list[Any], version: int, structs: Schemas) -> list[Any]:
    return [kafka_shape(f, version, structs) for f in fields if version in life(f)]


def kafka_shape(f: Schemas, version: int, structs: Schemas) -> tuple[Any, ...]:
    kind = f["type"].removeprefix("[]")
    inner = f.get("fields") or structs.get(kind)
    below: list[Any] = [] if inner is None else kafka_shapes(inner, version, structs)
    array = "[]" if f["type"].startswith("[]") else ""
    nullable = version in Versions.parse(f.get("nullableVersions", "none"))
    is_tagged = version in Versions.parse(f.get("taggedVersions", "none"))
    tag = f["tag"] if is_tagged else None
    return snake(f["name"]), array + (kind if inner is None else "struct"), nullable, tag, below


def life(f: Schemas) -> Versions:
    return Versions.parse(f.get("versions") or f["taggedVersions"])


def compare_defaults(cls: type, fields: list[Any], structs: Schemas) -> None:
    theirs = {snake(f["name"]): f for f in fields}
    for ours in fields_of(cls):
        f = theirs[ours.name]
        inner = ours.item if ours.item is not None else ours
        if inner.struct is not None:
            compare_defaults(inner.struct, f.get("fields") or structs[f["type"].removeprefix("[]")], structs)
        if ours.default is dataclasses.MISSING:
            continue
        if ours.struct is not None and ours.default is not None:
            assert f.get("default") is None, f"{cls.__name__}.{ours.name}"
            continue  # a struct of defaults, which are compared one by one
        if "default" not in f and "nullableVersions" in f and "tag" not in f and ours.default is None:
            continue  # Kafka's "" or [] where its broker always sends null: an absent error message, for instance
        assert ours.default == given_default(f), f"{cls.__name__}.{ours.name}"


def given_default(f: Schemas) -> Any:
    given, kind = f.get("default", ""), f["type"]
    if given == "null":
        return None
    given = "" if given is None else given  # a null that is not in quotes counts as no default at all
    if kind.startswith("[]"):
        return ()
    if given == "":
        return NOTHING_GIVEN.get(kind, 0)
    if kind == "bool":
        return str(given).lower() == "true"
    if kind == "string":
        return given
    return int(str(given), 0)
