"""How values are written down and shown: as they were given, or as Kafka has read them."""

from odradek.protocol.messages.create_topics import CreatableTopicConfig, CreateTopicsRequest, CreateTopicsResponse

from ..wire_session import Dialogue, scenario
from .admin import topic
from .alter_configs import (
    APPEND,
    BROKER,
    CLIENT_METRICS,
    DELETE,
    GROUP,
    SET,
    SUBTRACT,
    TOPIC,
    ask,
    ask_replace,
    replace,
    resource,
    seen,
)

DIRTY = "min.cleanable.dirty.ratio"
POLICY = "cleanup.policy"
REPLICAS = "leader.replication.throttled.replicas"
INTERNAL = "internal.segment.bytes"


@scenario
def values_of_topics_are_shown_as_they_were_read(d: Dialogue) -> None:
    name, _ = d.create_topic("t")
    for given, read in (
        ("0.3f", "0.3"),
        ("1e-1", "0.1"),
        ("0.0001", "1.0E-4"),
        (" .7 ", "0.7"),
        ("1", "1.0"),
        ("0x1p-1", "0.5"),
    ):
        ask(d, f"{given!r}", resource(TOPIC, name, (DIRTY, SET, given)))
        seen(d, f"{given!r} shown", TOPIC, name, {DIRTY: read})
    for given, read in (("compact, delete", "compact,delete"), ("delete,delete", "delete")):
        ask(d, f"{given!r}", resource(TOPIC, name, (POLICY, SET, given)))
        seen(d, f"{given!r} shown", TOPIC, name, {POLICY: read})
    ask(d, "nothing added", resource(TOPIC, name, (POLICY, APPEND, "")))
    ask(d, "nothing taken", resource(TOPIC, name, (POLICY, SUBTRACT, "")))
    ask(d, "nothing added to nothing", resource(TOPIC, name, (REPLICAS, APPEND, "")))
    ask(d, "replicas", resource(TOPIC, name, (REPLICAS, SET, "0:1,0:1, 1:1")))
    seen(d, "replicas shown", TOPIC, name, {REPLICAS: "0:1,0:1,1:1"})
    ask(d, "internal", resource(TOPIC, name, (INTERNAL, SET, "77")))
    seen(d, "internal shown", TOPIC, name, {INTERNAL: "77"})
    ask(d, "internal, no number", resource(TOPIC, name, (INTERNAL, SET, "x")))


@scenario
def a_created_topic_repeats_its_settings_as_they_were_given(d: Dialogue) -> None:
    given = {POLICY: "delete, delete", "segment.bytes": "+0001048576", "preallocate": "TRUE", DIRTY: " .5f "}
    one = topic(d.name("t"))
    one.configs = [CreatableTopicConfig(name=key, value=value) for key, value in {**given, INTERNAL: " 77 "}.items()]
    d.ask("created", CreateTopicsRequest(topics=[one], timeout_ms=10_000), 7, CreateTopicsResponse)


@scenario
def values_of_a_broker_stand_behind_as_they_were_given(d: Dialogue) -> None:
    me = str(d.node_id)
    given = (("log.cleanup.policy", SET, "compact, delete"), ("log.preallocate", SET, "TRUE"))
    ask(d, "given", resource(BROKER, me, *given))
    seen(d, "given shown", BROKER, me, {"log.cleanup.policy": "compact,delete", "log.preallocate": "true"})
    ask(d, "taken back", resource(BROKER, me, *((name, DELETE, None) for name, _, _ in given)))
    seen(d, "taken back shown", BROKER, me, {"log.cleanup.policy": "delete"})


@scenario
def what_stands_beside_the_table_of_a_broker_is_shown(d: Dialogue) -> None:
    me, rate = str(d.node_id), "leader.replication.throttled.rate"
    of_listener = "listener.name.plaintext.max.connections"
    keystore = "listener.name.plaintext.ssl.keystore.password"
    ask(d, "given", resource(BROKER, me, (rate, SET, "1000"), (of_listener, SET, "55"), (keystore, SET, "secret")))
    seen(d, "given shown", BROKER, me, {rate: "1000", of_listener: "55"}, keystore)
    ask(d, "no rate", resource(BROKER, me, (rate, SET, "-5")))
    ask(d, "no number", resource(BROKER, me, (of_listener, SET, "x")))
    ask(d, "taken back", resource(BROKER, me, *((name, DELETE, None) for name in (rate, of_listener, keystore))))


@scenario
def a_name_is_looked_at_before_the_settings_are(d: Dialogue) -> None:
    for kind, name in ((TOPIC, ""), (TOPIC, "a b"), (TOPIC, d.name("gone")), (CLIENT_METRICS, ""), (GROUP, "")):
        ask(d, f"{kind} {name and name[:3]!r}", resource(kind, name, ("foo", SET, "1")))
        ask_replace(d, f"{kind} {name and name[:3]!r} whole", replace(kind, name, ("foo", "1")))
