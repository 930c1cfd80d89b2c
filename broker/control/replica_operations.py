"""Leaders and replicas over HTTP: who leads a partition, who is in sync, how far each log goes; and elections."""

from collections.abc import Mapping
from typing import Any

from ..testing.broker_commands import elect_leaders
from ..testing.brokers_seen import SeenPartition, SeenReplica, seen_partitions
from ..testing.replica_waits import await_in_sync, await_leader, await_under_replicated
from .fault_operations import MOST_WAIT_MS
from .operation import CLUSTER, ENDING, Asked, Field, Operation, Refused

UNTIL = ("led", "in_sync", "under_replicated")

REPLICA = (
    Field("broker", "integer", "The broker that has it."),
    Field("is_leader", "boolean", "Whether it leads."),
    Field("is_in_sync", "boolean", "Whether it is in sync."),
    Field("log_start", "integer", "The first offset of its log; null where the broker is down.", is_nullable=True),
    Field("log_end", "integer", "Where its log ends, as far as it has copied.", is_nullable=True),
    Field("high_watermark", "integer", "How far it knows that all in sync have it.", is_nullable=True),
)
VIEW = (
    Field("partition", "integer", "Its index."),
    Field("leader", "integer", "The broker that leads it; null where none does.", is_nullable=True),
    Field("leader_epoch", "integer", "A new one with each election."),
    Field("partition_epoch", "integer", "A new one with each change that the controller records."),
    Field("isr", "array", "The brokers that are in sync."),
    Field("replicas", "array", "All that have it, the preferred leader first.", items=REPLICA),
    Field("eligible", "array", "Brokers that may lead though they are not in sync (KIP-966)."),
    Field("last_known", "array", "Those who might last, where nobody is in sync any more (KIP-966)."),
    Field("adding", "array", "Brokers that are to have it (KIP-455)."),
    Field("removing", "array", "Brokers that are to have it no more (KIP-455)."),
)
PATH = {"topic": "The name of a topic."}
PARTITION = Field("partition", "integer", "One partition; without it all of them.", least=0, most=2**31 - 1)


async def look(asked: Asked) -> Mapping[str, Any]:
    """At once, or when they are as they are to be."""
    topic, partition, until = asked.path["topic"], asked.query.get("partition"), asked.query.get("until")
    if "other_than" in asked.query and until != "led":
        raise Refused(400, "other_than is said of until=led: the leader is to be another broker")
    if until is None:
        return _view(seen_partitions(asked.cluster.contexts, topic, partition))
    timeout_s, ending = asked.query.get("timeout_ms", 10_000) / 1000, asked.plane.ending
    try:
        if until == "in_sync":
            found = await await_in_sync(asked.cluster, topic, partition, timeout_s, ending)
        elif until == "under_replicated":
            found = await await_under_replicated(asked.cluster, topic, partition, timeout_s, ending)
        else:
            found = await await_leader(
                asked.cluster, topic, partition, asked.query.get("other_than"), timeout_s, ending
            )
    except AssertionError as error:
        raise Refused(409, ENDING if ending.is_set() else str(error)) from None
    return _view(found)


async def elect(asked: Asked) -> Mapping[str, Any]:
    topic, partition = asked.path["topic"], asked.body.get("partition")
    await elect_leaders(asked.cluster, topic, partition, is_unclean=asked.body.get("kind") == "unclean")
    return _view(seen_partitions(asked.cluster.contexts, topic, partition))


def _view(found: Mapping[int, SeenPartition]) -> Mapping[str, Any]:
    return {"partitions": [_partition_view(one) for one in found.values()]}


def _partition_view(seen: SeenPartition) -> Mapping[str, Any]:
    return {
        "partition": seen.partition,
        "leader": seen.leader,
        "leader_epoch": seen.leader_epoch,
        "partition_epoch": seen.partition_epoch,
        "isr": list(seen.isr),
        "replicas": [_replica_view(one) for one in seen.replicas.values()],
        "eligible": list(seen.eligible),
        "last_known": list(seen.last_known),
        "adding": list(seen.adding),
        "removing": list(seen.removing),
    }


def _replica_view(seen: SeenReplica) -> Mapping[str, Any]:
    return {
        "broker": seen.broker_id,
        "is_leader": seen.is_leader,
        "is_in_sync": seen.is_in_sync,
        "log_start": seen.log_start,
        "log_end": seen.log_end,
        "high_watermark": seen.high_watermark,
    }


PARTITIONS = (Field("partitions", "array", "One after the other.", items=VIEW),)
OPERATIONS = (
    Operation(
        "GET",
        "/v1/topics/{topic}/partitions",
        "getPartitions",
        "Who leads the partitions of a topic, who is in sync, and how far the log of each replica goes; with `until`, "
        "once they are so.",
        look,
        query=(
            PARTITION,
            Field(
                "until",
                "string",
                "`led`: all have a leader; `in_sync`: and all replicas are in sync; `under_replicated`: not all are, "
                "in one of them.",
                choices=UNTIL,
            ),
            Field("other_than", "integer", "With until=led: the leader is to be another broker than this.", least=0),
            Field("timeout_ms", "integer", "How long to wait: 10 s by itself.", least=0, most=MOST_WAIT_MS),
            CLUSTER,
        ),
        answer=PARTITIONS,
        path_fields=PATH,
        has_own_turn=True,
    ),
    Operation(
        "POST",
        "/v1/topics/{topic}/elections",
        "electLeaders",
        "Have the preferred replicas lead again that are in sync, or any that is there where nobody leads.",
        elect,
        body=(
            Field("partition", "integer", "One partition; without it all of them.", least=0, most=2**31 - 1),
            Field(
                "kind",
                "string",
                "`unclean` has replicas lead that are not in sync, and what they lack is lost; `preferred` by itself.",
                choices=("preferred", "unclean"),
            ),
        ),
        query=(CLUSTER,),
        answer=PARTITIONS,
        example={"partition": 0},
        path_fields=PATH,
        has_own_turn=True,
    ),
)
