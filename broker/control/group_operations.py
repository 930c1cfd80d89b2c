"""Groups over HTTP: who is in them, and where they stand."""

from collections.abc import Mapping
from typing import Any

from ..config.config_def import nearest
from ..testing.inspection import committed_offsets, seen_groups
from .operation import CLUSTER, Asked, Field, Operation, Refused

GROUP = (
    Field("group", "string", "Its id."),
    Field("type", "string", "Its kind, as Kafka calls it."),
    Field("state", "string", "Its state, as Kafka calls it."),
    Field("members", "array", "The ids of its members."),
)
COMMITTED = (
    Field("topic", "string", "A topic."),
    Field("partition", "integer", "One of its partitions."),
    Field("offset", "integer", "What is committed for it."),
)


async def list_all(asked: Asked) -> Mapping[str, Any]:
    groups = seen_groups(asked.cluster.contexts).values()
    return {
        "groups": [
            {"group": one.group_id, "type": one.group_type, "state": one.state, "members": one.members}
            for one in sorted(groups, key=lambda group: group.group_id)
        ]
    }


async def committed(asked: Asked) -> Mapping[str, Any]:
    group, contexts = asked.path["group"], asked.cluster.contexts
    there = seen_groups(contexts)
    if group not in there:
        said = nearest(group, there) or f"; there are: {', '.join(sorted(there)[:20]) or 'none'}"
        raise Refused(404, f"there is no group {group!r}{said}")
    found = sorted(committed_offsets(contexts, group).items())
    return {"offsets": [{"topic": topic, "partition": index, "offset": offset} for (topic, index), offset in found]}


OPERATIONS = (
    Operation(
        "GET",
        "/v1/groups",
        "listGroups",
        "All groups, by their ids.",
        list_all,
        query=(CLUSTER,),
        answer=(Field("groups", "array", "One after the other.", items=GROUP),),
    ),
    Operation(
        "GET",
        "/v1/groups/{group}/committed",
        "getCommitted",
        "The committed offsets of a group.",
        committed,
        query=(CLUSTER,),
        answer=(Field("offsets", "array", "By topic and partition.", items=COMMITTED),),
        path_fields={"group": "The id of a group."},
    ),
)
