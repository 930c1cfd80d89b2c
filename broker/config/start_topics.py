"""Topics that are to be there when the broker is ready: how they are written in flags, files and the environment.

NAME, NAME:PARTITIONS or NAME:PARTITIONS:SETTING=VALUE,…; KAFKA_CREATE_TOPICS has a form of its own, that of the image
wurstmeister/kafka.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ...protocol.errors import KafkaError
from ..topic_names import INTERNAL_TOPICS, check_topic_name
from .config_def import ConfigError, nearest, topic_config_def
from .topic_config import checked_configs

# Not one of Kafka's: topics that a file, or --set, asks for, with semicolons between them.
TOPICS_SETTING = "odradek.topics"
CREATE_TOPICS = "KAFKA_CREATE_TOPICS"
CREATE_TOPICS_SEPARATOR = "KAFKA_CREATE_TOPICS_SEPARATOR"


class StartTopic(NamedTuple):
    """A topic asked for. Where no count is given it gets `num.partitions`, and keeps what it has.

    Without a replication factor of its own it gets `default.replication.factor`.
    """

    name: str
    partitions: int | None
    configs: Mapping[str, str]
    replication_factor: int | None
    source: str  # the flag, setting or variable that names it, for whoever made the mistake


def parse_start_topic(text: str, source: str) -> StartTopic:
    """NAME[:PARTITIONS[:SETTING=VALUE,…]]. ConfigError names the source."""
    name, _, rest = text.strip().partition(":")
    partitions, _, settings = rest.partition(":")
    try:
        return _checked(name, partitions, _assignments(settings), source=source)
    except ConfigError as error:
        raise ConfigError(f"{source} {text.strip()!r}: {error}") from None


def parse_start_topics(text: str, source: str) -> list[StartTopic]:
    """Several of them, with semicolons between. ConfigError names the source."""
    return [parse_start_topic(part, source) for part in text.split(";") if part.strip()]


def parse_create_topics(text: str, separator: str) -> list[StartTopic]:
    """NAME:PARTITIONS:REPLICAS[:CLEANUP_POLICY] with a separator between them. ConfigError names the variable."""
    return [_parse_created(part.strip(), CREATE_TOPICS) for part in text.split(separator or ",") if part.strip()]


def _parse_created(text: str, source: str) -> StartTopic:
    name, *parts = (part.strip() for part in text.split(":"))
    try:
        if not 1 <= len(parts) <= 3:
            raise ConfigError("is not NAME:PARTITIONS:REPLICAS[:CLEANUP_POLICY]")
        partitions, replicas, policy = (*parts, "", "")[:3]
        configs = {"cleanup.policy": policy} if policy else {}
        return _checked(name, partitions, configs, replicas, source)
    except ConfigError as error:
        raise ConfigError(f"{source} {text!r}: {error}") from None


def merged(*sources: Iterable[StartTopic]) -> list[StartTopic]:
    """What all sources ask for; of a topic in several, the later counts. ConfigError for one named twice."""
    found: dict[str, StartTopic] = {}
    for source in sources:
        here: set[str] = set()
        for topic in source:
            if topic.name in here:
                raise ConfigError(f"{topic.source} names the topic {topic.name!r} twice")
            here.add(topic.name)
            found[topic.name] = topic
    return list(found.values())


def check_name(name: str) -> None:
    """ConfigError for a name that no topic has that anyone creates."""
    try:
        check_topic_name(name)
    except KafkaError as error:
        raise ConfigError(error.message) from None
    if name in INTERNAL_TOPICS:
        raise ConfigError("the broker creates this topic itself, as its settings say")


def check_setting(name: str) -> None:
    """ConfigError for what is no setting of a topic, with the nearest that is one."""
    if name not in topic_config_def():
        raise ConfigError(f"unknown topic setting {name!r}{nearest(name, topic_config_def())}")


def _checked(
    name: str, partitions: str, configs: Mapping[str, str], replicas: str = "", source: str = ""
) -> StartTopic:
    check_name(name)
    count = _count(partitions, "partitions") if partitions.strip() else None
    factor = _count(replicas, "replicas") if replicas.strip() else None
    for setting in configs:
        check_setting(setting)
    return StartTopic(name, count, checked_configs(configs), factor, source)


def _count(text: str, what: str) -> int:
    if not (text.strip().isascii() and text.strip().isdecimal() and int(text) > 0):
        raise ConfigError(f"{text.strip()!r} is no number of {what}")
    return int(text)


def _assignments(text: str) -> dict[str, str]:
    """SETTING=VALUE,…: a part without a sign of its own goes on with a list, as in cleanup.policy=compact,delete."""
    found: dict[str, str] = {}
    last = ""
    for part in text.split(",") if text.strip() else ():
        name, sign, value = part.partition("=")
        if sign:
            last = name.strip()
            found[last] = value.strip()
        elif last:
            found[last] += f",{part.strip()}"
        else:
            raise ConfigError(f"{part.strip()!r} is not SETTING=VALUE")
    return found
