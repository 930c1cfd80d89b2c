"""Which settings have an effect here. The rule: it shows in what the code asks for, and is written down nowhere."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from .broker_config import READ_BY_NAME, BrokerConfig
from .config_def import OF_AUTHORIZER, broker_config_def, topic_config_def, without_listener
from .listeners import READ_OF_LISTENERS
from .topic_config import log_config

# A controller is not a process of its own here: what Kafka's needs is taken, and has nothing to do.
_OF_CONTROLLERS = ("controller.", "process.roles")


class _Asked(Mapping[str, str]):
    """Configs of a topic that has none, and notes for which it was asked."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@cache
def topic_settings_in_effect() -> frozenset[str]:
    """The settings for which a topic's log asks."""
    asked = _Asked()
    log_config(asked, BrokerConfig())
    return frozenset(asked.names)


@cache
def broker_settings_in_effect() -> frozenset[str]:
    """Those that BrokerConfig reads, and those that stand behind a topic's setting which has an effect."""
    fields = {field.name.replace("_", ".") for field in dataclasses.fields(BrokerConfig)}
    behind = {synonym for name in topic_settings_in_effect() for synonym in topic_config_def()[name].synonyms}
    return frozenset(broker_config_def()) & (fields | READ_BY_NAME | READ_OF_LISTENERS | behind)


def without_effect(given: Iterable[str], *, has_several: bool = False) -> list[str]:
    """Of the broker settings that were given, those that change nothing here: with one broker, or with several."""
    in_effect = broker_settings_in_effect()
    if has_several:
        from .replication_config import OF_SEVERAL_BROKERS, SET_BY_CLIENTS  # which a broker alone has no use for

        in_effect |= OF_SEVERAL_BROKERS - SET_BY_CLIENTS
    return sorted(name for name in given if not _has_effect(name, in_effect) and not name.startswith(_OF_CONTROLLERS))


def _has_effect(name: str, in_effect: frozenset[str]) -> bool:
    of_all = without_listener(name)
    return name in OF_AUTHORIZER or of_all in (in_effect if of_all == name else READ_OF_LISTENERS)
