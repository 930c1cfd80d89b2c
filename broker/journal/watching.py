"""JournalWatch: the journal's stages, and where else it looks once the cluster runs."""

from collections.abc import Sequence
from functools import partial

from ..context import Context
from ..metadata.publisher import MetadataPublisher
from ..network.pipeline import Stage
from ..runtime import Clock
from ..topics.partition import Partition
from .broker_decisions import BrokerDecisions
from .group_decisions import GroupDecisions
from .journal import Journal
from .log_stage import LogStage
from .request_stage import RequestStage
from .share_decisions import ShareDecisions
from .topic_decisions import TopicDecisions
from .transaction_decisions import TransactionDecisions


class _AtBroker:
    """The journal as one broker writes it, and the stage of its pipeline that needs the broker's topics."""

    def __init__(self, journal: Journal, topics: TopicDecisions) -> None:
        self.journal = journal
        self.log_stage = LogStage(journal, topics)


class JournalWatch:
    """One journal, for a cluster that is built with `around` its other stages, and given to `attach` when it runs.

    Of several brokers each has stages of its own, and is attached each time that it starts; their controller is
    followed by `attach_controller`.
    """

    def __init__(self, clock: Clock) -> None:
        self.journal = Journal(clock)
        self._topics = TopicDecisions(self.journal)
        self._brokers: dict[int | None, _AtBroker] = {}  # by id; one alone has none

    def around(self, stages: Sequence[Stage], broker: int | None = None) -> Sequence[Stage]:
        """The stages of a pipeline: requests and answers are seen before all of these, what is applied after them."""
        at = self._at(broker)
        return [RequestStage(at.journal), *stages, at.log_stage]

    def attach(self, context: Context, broker: int | None = None) -> None:
        """A broker runs, one alone or one of several; each time that it has been started anew."""
        at, topics = self._at(broker), context.topics
        journal = at.journal
        self.journal.name_of = journal.name_of = topics.name_of
        at.log_stage.topics = topics
        context.groups.watch(GroupDecisions(journal, context.groups.find_group))
        context.transactions.watch(TransactionDecisions(journal, context.transactions.find, context.clock))
        context.share.on_change = ShareDecisions(journal, context.share.settings).on_change
        if broker is None:
            context.metadata.publisher.subscribe(self._topics)
        noted = topics.on_marker

        def on_marker(partition: Partition, producer_id: int, is_commit: bool) -> None:
            noted(partition, producer_id, is_commit)
            log, outcome = partition.log, "committed" if is_commit else "aborted"
            journal.decide(
                "partition",
                partition.name,
                f"the transaction of producer {producer_id} {outcome}: last stable offset {log.last_stable_offset},"
                f" high watermark {log.high_watermark}",
                journal.cause,
            )

        topics.on_marker = on_marker
        topics.on_offline = partial(_note_offline, journal)

    def attach_controller(self, publisher: MetadataPublisher, decisions: BrokerDecisions) -> None:
        """Several brokers run, and this is what their controller publishes; each time that they are started anew."""
        publisher.subscribe(self._topics)
        publisher.subscribe(decisions)

    def _at(self, broker: int | None) -> _AtBroker:
        at = self._brokers.get(broker)
        if at is None:
            journal = self.journal if broker is None else self.journal.at(broker)
            at = self._brokers[broker] = _AtBroker(journal, self._topics)
        return at


def _note_offline(journal: Journal, partition: Partition) -> None:
    journal.decide("partition", partition.name, partition.why_offline, journal.cause)
