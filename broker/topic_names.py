"""Which topic names are legal, which are internal, and which collide."""

import re

from ..protocol.errors import ErrorCode, KafkaError
from ..protocol.utf16 import utf16_length

OFFSETS_TOPIC = "__consumer_offsets"
TRANSACTION_TOPIC = "__transaction_state"
SHARE_TOPIC = "__share_group_state"
INTERNAL_TOPICS = frozenset({OFFSETS_TOPIC, TRANSACTION_TOPIC, SHARE_TOPIC})
METADATA_TOPIC = "__cluster_metadata"
MAX_LENGTH = 249

_LEGAL = re.compile(r"[a-zA-Z0-9._-]+")


def check_topic_name(name: str) -> None:
    """INVALID_TOPIC_EXCEPTION, in Kafka's words, for a name no topic can have."""
    if not name:
        why = "the empty string is not allowed"
    elif name in (".", ".."):
        why = f"'{name}' is not allowed"
    elif utf16_length(name) > MAX_LENGTH:
        why = f"the length of '{name}' is longer than the max allowed length {MAX_LENGTH}"
    elif not _LEGAL.fullmatch(name):
        why = f"'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
    else:
        return
    raise KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic name is invalid: {why}")


class TopicNames:
    """Names in use, found by what they become in the names of metrics, where '.' and '_' are one."""

    def __init__(self) -> None:
        self._by_metric_name: dict[str, str] = {}

    def add(self, name: str) -> None:
        """The name is in use now."""
        self._by_metric_name[name.replace(".", "_")] = name

    def remove(self, name: str) -> None:
        """The name is free again."""
        self._by_metric_name.pop(name.replace(".", "_"), None)

    def check_no_collision(self, name: str) -> None:
        """INVALID_TOPIC_EXCEPTION where '.' and '_' would make two topics one in the names of metrics."""
        other = self._by_metric_name.get(name.replace(".", "_"), name)
        if other != name:
            raise KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic '{name}' collides with existing topic: {other}")
