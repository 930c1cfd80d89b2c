"""What a cluster saw and why it did what it did, as a test asks for it."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..journal.entries import JournalEntry, JournalRequest
from ..journal.explain import Explainer, journal_lines
from ..journal.watching import JournalWatch
from .running_cluster import RunningCluster

R = TypeVar("R")


class ClusterJournal:
    """The part of a KafkaCluster that looks back. RuntimeError from a cluster that keeps no journal."""

    @abstractmethod
    def look(self, work: Callable[[RunningCluster], R]) -> R:
        """What `work` finds, on the cluster's own loop."""
        ...

    def journal(self) -> Sequence[JournalEntry]:
        """Requests with their answers, and decisions with their causes, the newest last; each has a `text`."""
        return self.look(lambda running: watched(running).journal.entries())

    def requests(
        self,
        api: str | None = None,
        client_id: str | None = None,
        topic: str | None = None,
        group: str | None = None,
    ) -> Sequence[JournalRequest]:
        """The requests that fit all that is given. ValueError for an API that Kafka does not have."""
        return self.look(lambda running: watched(running).journal.requests(api, client_id, topic, group))

    def explain_group(self, name: str) -> str:
        """Who is in a group, and why it rebalanced. KafkaError says which groups there are."""
        return self.look(lambda running: explainer(running).group(name))

    def explain_transaction(self, transactional_id: str) -> str:
        """How far a transactional id is, and who fenced whom. KafkaError says which ids there are."""
        return self.look(lambda running: explainer(running).transaction(transactional_id))

    def explain_partition(self, topic: str, index: int = 0) -> str:
        """Where a partition stands, and why. KafkaError says which topics there are."""
        return self.look(lambda running: explainer(running).partition(topic, index))

    def explain_client(self, client_id: str) -> str:
        """What a client asked for, and what became of it. ValueError says which clients there were."""
        return self.look(lambda running: explainer(running).client(client_id))

    def journal_text(self, most: int = 50) -> str:
        """The newest lines of the journal; of what clients repeat, the last one only."""
        return self.look(lambda running: text_of(running, most))


def text_of(running: RunningCluster, most: int) -> str:
    """The newest lines of its journal. RuntimeError: it keeps none."""
    return "\n".join(journal_lines(watched(running).journal.entries(), most))


def last_text(running: RunningCluster, most: int) -> str:
    """The same for the report of a test, which may have closed it. RuntimeError: it keeps none."""
    return "\n".join(journal_lines(_watch_of(running).journal.entries(), most))


def watched(running: RunningCluster) -> JournalWatch:
    """What its journal hangs on. RuntimeError: it keeps none, or is closed (NotRunning)."""
    running.check_running()
    return _watch_of(running)


def _watch_of(running: RunningCluster) -> JournalWatch:
    if running.watch is None:
        raise RuntimeError("this cluster keeps no journal: it was made with journal=False")
    return running.watch


def explainer(running: RunningCluster) -> Explainer:
    """What explains it by its journal. RuntimeError: it keeps none."""
    return Explainer(watched(running).journal, running.contexts)
