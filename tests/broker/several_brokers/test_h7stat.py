import collections, os
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from .test_any_trouble import AnyTrouble
from . import partition_story, test_any_trouble

C = collections.Counter()


def wrap(cls, name):
    f = getattr(cls, name)

    def g(self, *a, **k):
        C[name] += 1
        return f(self, *a, **k)

    setattr(cls, name, g)


from odradek.broker.replication.fetcher import ReplicaFetcher
from odradek.broker.replication.leading import LeadingPartition
from odradek.broker.replication.replica_manager import ReplicaManager

for c, n in [
    (partition_story.PartitionStory, "note_acknowledged"),
    (partition_story.PartitionStory, "_note_election"),
    (partition_story.PartitionStory, "note_lost"),
    (ReplicaFetcher, "_truncate"),
    (ReplicaFetcher, "_retry_later"),
    (LeadingPartition, "resign"),
    (LeadingPartition, "stay_alone"),
    (LeadingPartition, "begin_change"),
    (LeadingPartition, "end_change"),
    (ReplicaManager, "_ask_controller"),
]:
    wrap(c, n)
import builtins

oe = partition_story.PartitionStory._note_election


def e(self, *a):
    b = self.begins_at_epoch
    oe(self, *a)
    if self.begins_at_epoch != b:
        C["losses"] += 1


partition_story.PartitionStory._note_election = e


def test_x():
    run_state_machine_as_test(
        AnyTrouble,
        settings=settings(
            max_examples=int(os.environ.get("N", "100")), stateful_step_count=50, deadline=None, phases=[Phase.generate]
        ),
    )
    print(C)
