"""JournalWatch: the journal's stages, and where else it looks once the cluster runs."""

from collections.abc import Sequence

from ..context import Context
from ..network.pipeline import Stage
from ..runtime import Clock
from ..topics.partition import Partition
from .group_decisions import GroupDecisions
from .journal import Journal
from .log_stage import LogStage
from .request_stage import RequestStage
from .share_decisions import ShareDecisions
from .topic_decisions import TopicDecisions
from .transaction_decisions import TransactionDecisions


class JournalWatch:
    """One journal, for a cluster that is built with `around` its other stages, and given to `attach` when it runs."""

    def __init__(self, clock: Clock) -> None:
        self.journal = Journal(clock)
        self._topics = TopicDecisions(self.journal)
        self._log_stage = LogStage(self.journal, self._topics)

    def around(self, stages: Sequence[Stage]) -> Sequence[Stage]:
        """The stages of a pipeline: requests and answers are seen before all of these, what is applied after them."""
        return [RequestStage(self.journal), *stages, self._log_stage]

    def attach(self, context: Context) -> None:
        """The cluster runs; each time that it has been started anew."""
        journal, topics = self.journal, context.topics
        journal.name_of = topics.name_of
        self._log_stage.topics = topics
        context.groups.watch(GroupDecisions(journal, context.groups.find_group))
        context.transactions.watch(TransactionDecisions(journal, context.transactions.find, context.clock))
        context.share.on_change = ShareDecisions(journal, context.share.settings).on_change
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
        topics.on_offline = self._note_offline

    def _note_offline(self, partition: Partition) -> None:
        self.journal.decide("partition", partition.name, partition.why_offline, self.journal.cause)
