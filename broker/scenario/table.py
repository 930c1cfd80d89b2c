"""What a scenario may say, as a table: the checks, the published schema and the documentation are made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..control.fault_operations import RULE

Value = Literal["text", "texts", "whole", "number", "flag", "time", "end", "settings", "data", "headers"]
Kind = Value | Literal["object", "list", "fault"]


@dataclass(frozen=True, slots=True)
class Part:
    """A field. `parts` are those of an object, or of each object of a list; `what` is how errors call it."""

    name: str
    kind: Kind
    about: str
    is_required: bool = False
    least: int | None = None
    parts: "Sequence[Part]" = ()
    what: str = ""


RECORD = (
    Part("value", "data", "A text, null for a tombstone, {base64: …} or {json: …}.", is_required=True),
    Part("key", "data", "Likewise."),
    Part("headers", "headers", "An object of names and values, or a list of pairs."),
    Part("timestamp", "whole", "Milliseconds since 1970; the time of the cluster's clock by itself.", least=0),
    Part("partition", "whole", "Its partition; those without one are dealt out in turn.", least=0),
)
TOPIC = (
    Part("name", "text", "Its name.", is_required=True),
    Part("partitions", "whole", "How many; `num.partitions` by itself.", least=1),
    Part("replication_factor", "whole", "How many replicas; `default.replication.factor` by itself.", least=1),
    Part("config", "settings", "Kafka's settings of a topic."),
    Part("records", "list", "What is in it.", parts=RECORD, what="a record"),
    Part("records_file", "text", "A file of such records, JSON, one a line; beside the scenario if it is relative."),
)
GROUP = (
    Part("group", "text", "Its id.", is_required=True),
    Part("topic", "text", "A topic of this cluster.", is_required=True),
    Part("partition", "whole", "Its partition.", is_required=True, least=0),
    Part("offset", "whole", "What is committed for it.", is_required=True, least=0),
    Part("metadata", "text", "What the client had to say of it."),
)
CLOCK = (
    Part("start", "time", "What time it is at first: milliseconds since 1970, or 2026-01-31T12:00:00Z."),
    Part("frozen", "flag", "It stands still until it is moved."),
    Part("rate", "number", "Seconds of it in each of the machine's.", least=0),
)
LINK = (
    Part("from", "end", "Where it begins: the id of a broker, controller or clients.", is_required=True),
    Part("to", "end", "Where it ends: likewise.", is_required=True),
    Part("cut", "flag", "Nothing gets through."),
    Part("delay_ms", "whole", "Everything is so long on its way, by the cluster's clock.", least=0),
    Part("both_ways", "flag", "Back as well; true by itself."),
)
USER = (
    Part("name", "text", "Who logs in.", is_required=True),
    Part("password", "text", "By what.", is_required=True),
    Part("mechanism", "text", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; all of them by itself."),
)
OF_CLUSTER = (
    Part("listen", "text", "HOST:PORT; with port 0 a free one. Ports of several brokers count up from it."),
    Part("brokers", "whole", "How many brokers it has; 1 by itself.", least=1),
    Part("racks", "texts", "The racks of the brokers, in order."),
    Part("settings", "settings", "Kafka's settings by name."),
    Part("topics", "list", "Topics with their records.", parts=TOPIC, what="a topic"),
    Part("groups", "list", "Committed offsets.", parts=GROUP, what="an offset of a group"),
    Part("faults", "fault", "Faults that are at work from the first request on.", what="a fault"),
    Part("links", "list", "What is between its brokers, once all has been put in.", parts=LINK, what="a link"),
    Part("clock", "object", "The clock.", parts=CLOCK, what="the clock"),
)
CLUSTER = (
    Part("name", "text", "What `?cluster=` calls it.", is_required=True),
    Part("seed", "whole", "Makes every id in it the same in every run.", least=0),
    *OF_CLUSTER,
)
SCENARIO = Part(
    "scenario",
    "object",
    "What a broker begins with: odradek serve --scenario FILE.",
    parts=(
        *OF_CLUSTER,
        Part("users", "list", "Who may log in, as by --user: then everybody has to.", parts=USER, what="a user"),
        Part("clusters", "list", "Clusters in memory beside the one that is served.", parts=CLUSTER, what="a cluster"),
    ),
    what="a scenario",
)
RULE_FIELDS = RULE
