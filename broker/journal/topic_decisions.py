"""Why topics came and went: by a request for them, by themselves, or because a coordinator needed one."""

from collections.abc import Sequence

from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from .entries import JournalRequest
from .journal import Journal

MOST_EXPECTED = 10_000  # names that requests have given and nothing has come of


class TopicDecisions:
    """Follows the metadata, and remembers which request has named what."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._to_create: dict[str, JournalRequest] = {}
        self._to_delete: dict[str, JournalRequest] = {}

    def expect(self, cause: JournalRequest, created: Sequence[str], deleted: Sequence[str]) -> None:
        """A request is about to be served that may create and delete these."""
        for names, kept in ((created, self._to_create), (deleted, self._to_delete)):
            if len(kept) + len(names) > MOST_EXPECTED:
                kept.clear()
            kept.update(dict.fromkeys(names[:MOST_EXPECTED], cause))

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Topics have come, grown or gone."""
        for topic in delta.created_topics:
            cause = self._to_create.pop(topic.name, None)
            count = f"with {len(topic.partitions)} partitions" if len(topic.partitions) != 1 else "with 1 partition"
            self._journal.decide("topic", topic.name, f"created {count}{self._by(cause)}", cause or self._journal.cause)
        for topic in delta.grown_topics.values():
            what = f"has {len(topic.partitions)} partitions now{self._now()}"
            self._journal.decide("topic", topic.name, what, self._journal.cause)
        for topic in delta.deleted_topics:
            cause = self._to_delete.pop(topic.name, None)
            self._journal.decide("topic", topic.name, f"deleted{self._by(cause)}", cause)

    def _by(self, cause: JournalRequest | None) -> str:
        if cause is None:
            return f", when it was first needed{self._now()}" if self._journal.cause else " past every client"
        if cause.api == "Metadata":
            return f" automatically (auto.create.topics.enable) by {cause.title}"
        if cause.api == "FindCoordinator":
            return f", when it was first needed, by {cause.title}"
        return f" by {cause.title}"

    def _now(self) -> str:
        return "" if self._journal.cause is None else f" by {self._journal.cause.title}"
