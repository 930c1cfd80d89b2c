"""Creates the internal topics of streams applications, and remembers for a while why that failed (KIP-1071).

The one rule: nobody waits for it. A heartbeat that misses a topic has it created, and a later one finds it there, or is
told why not.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from ...protocol.errors import KafkaError
from ...protocol.messages.create_topics import CreatableTopic
from ..config.broker_config import BrokerConfig
from ..metadata.topic_records import NewTopic
from ..slices import Steps
from .topic_creation import CheckedTopics, check_new_topics
from .topics import Topics

MOST_ERRORS = 1000


class StreamsTopics:
    """The topics that are being created, and the newest errors, each for a time."""

    def __init__(self, config: BrokerConfig, topics: Topics) -> None:
        self._config = config
        self._topics = topics
        self._in_flight: set[str] = set()
        self._errors: dict[str, tuple[str, float]] = {}

    def errors(self, names: Collection[str], now: float) -> dict[str, str]:
        """Why topics could not be created lately."""
        return {name: self._errors[name][0] for name in names if self._has_error(name, now)}

    def create(
        self, asked: Mapping[str, CreatableTopic], pay: Callable[[int], None], clock: Callable[[], float], keep_s: float
    ) -> None:
        """Create topics by name, unless that is under way or has failed less than `keep_s` ago.

        `pay` is called with the partitions of each, and raises KafkaError for one that is beyond a quota.
        """
        now = clock()
        wanted = {
            name: topic
            for name, topic in asked.items()
            if name not in self._in_flight and not self._has_error(name, now)
        }
        if not wanted:
            return
        self._in_flight.update(wanted)
        checked = CheckedTopics()

        def choose() -> Steps[Sequence[NewTopic]]:
            yield from check_new_topics(list(wanted.values()), self._topics, self._config, pay, checked)
            return checked.new

        def created(error: KafkaError | None) -> None:
            self._in_flight.difference_update(wanted)
            until = clock() + keep_s
            for name, why in checked.refused:
                self._note(name, why.message, until)
            if error is not None:
                for topic in checked.new:
                    self._note(topic.name, error.message, until)

        self._topics.create(choose, created)

    def _has_error(self, name: str, now: float) -> bool:
        return name in self._errors and now < self._errors[name][1]

    def _note(self, name: str, why: str, until: float) -> None:
        """One more; of too many the oldest go."""
        self._errors.pop(name, None)
        while len(self._errors) >= MOST_ERRORS:
            del self._errors[next(iter(self._errors))]
        self._errors[name] = (why, until)
