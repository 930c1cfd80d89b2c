"""Whatever happens to brokers, ISRs, leaders, moves and settings, a partition is led well, and loses nothing that was
committed unless that was allowed.

Beside the controller stand the logs: how far each replica has what was ever committed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from odradek.broker.controller import elections
from odradek.broker.controller.broker_registration import NO_EPOCH, RegisterBroker, register
from odradek.broker.controller.elections import ElectionResult, ElectionType
from odradek.broker.controller.in_sync_replicas import IsrChange, IsrResult, alter_partitions
from odradek.broker.controller.partition_change import (
    NO_LEADER,
    RECOVERED,
    RECOVERING,
    directories_of,
    is_being_reassigned,
)
from odradek.broker.controller.reassignments import Reassignment, ReassignmentResult, alter_reassignments
from odradek.broker.metadata.eligible_leaders import clear_elr_records
from odradek.broker.metadata.image import config_record
from odradek.broker.metadata.registrations import BrokerRegistration
from odradek.broker.slices import Steps, run_to_end
from odradek.protocol.metadata_records import ConfigResourceType, MetadataRecord, PartitionRecord

from .decided_cluster import T0, TOPIC_ID, DecidedCluster, code_of, directory_of

BROKERS = 5
UNCLEAN, MIN_ISR = "unclean.leader.election.enable", "min.insync.replicas"
broker_ids = st.integers(1, BROKERS)
subsets = st.sets(broker_ids)
assignments = st.lists(broker_ids, min_size=1, max_size=4, unique=True)


class AnyHistory(RuleBasedStateMachine):
    """A partition, and all that can come over it."""

    @initialize(replicas=assignments, has_eligible_leaders=st.booleans(), min_isr=st.integers(1, 3))
    def begin(self, replicas: Sequence[int], has_eligible_leaders: bool, min_isr: int) -> None:
        self.cluster = DecidedCluster(
            BROKERS, replicas, has_eligible_leaders=has_eligible_leaders, configs={MIN_ISR: str(min_isr)}
        )
        self.next_epoch = 100
        self.committed = 0
        self.length = dict.fromkeys(range(1, BROKERS + 1), 0)
        self.was_given_up_uncleanly = False

    # What happens

    @rule(broker_id=broker_ids)
    def a_broker_is_not_there(self, broker_id: int) -> None:
        self.decide(elections.fence(self.cluster.state, broker_id))

    @rule(broker_id=broker_ids)
    def a_broker_is_there_again(self, broker_id: int) -> None:
        if self.brokers[broker_id].is_fenced and not self.brokers[broker_id].is_in_controlled_shutdown:
            self.decide(elections.unfence(self.cluster.state, broker_id))

    @rule(broker_id=broker_ids)
    def a_broker_shuts_down(self, broker_id: int) -> None:
        if not self.brokers[broker_id].is_fenced:
            self.decide(elections.begin_controlled_shutdown(self.cluster.state, broker_id))

    @rule(broker_id=broker_ids, is_clean=st.booleans(), lost=st.integers(0, 5))
    def a_broker_starts(self, broker_id: int, is_clean: bool, lost: int) -> None:
        """After an unclean end it has lost what was not synced. Only eligible leaders make up for that."""
        self.a_broker_is_not_there(broker_id)
        previous = self.brokers[broker_id].broker_epoch if is_clean else NO_EPOCH
        if not is_clean and self.cluster.state.has_eligible_leaders:
            self.length[broker_id] = max(0, self.length[broker_id] - lost)
        self.next_epoch += 1
        asked = RegisterBroker(
            broker_id=broker_id,
            incarnation_id=self.next_epoch.to_bytes(16),
            endpoints=(),
            log_dirs=[directory_of(broker_id)],
            previous_broker_epoch=previous,
        )
        self.decide(register(self.cluster.state, asked, self.next_epoch))
        self.a_broker_is_there_again(broker_id)

    @rule(wanted=subsets, has_recovered=st.booleans())
    def the_leader_reports_who_is_in_sync(self, wanted: set[int], has_recovered: bool) -> None:
        record = self.record
        if record.leader == NO_LEADER:
            return
        state = RECOVERED if has_recovered else record.leader_recovery_state
        isr = {record.leader}
        if state == RECOVERED:
            isr |= {one for one in wanted if one in record.replicas and self.brokers[one].is_active}
        for one in isr:  # who is said to be in sync has caught up
            self.length[one] = self.length[record.leader]
        epochs = [(one, self.brokers[one].broker_epoch) for one in sorted(isr)]
        asked = IsrChange(TOPIC_ID, 0, record.leader_epoch, record.partition_epoch, epochs, state)
        results: list[IsrResult] = []
        leader_epoch = self.brokers[record.leader].broker_epoch
        self.decide(
            alter_partitions(self.cluster.state, record.leader, leader_epoch, [asked], results), reported=sorted(isr)
        )
        assert code_of(results[0].error).name in ("NONE", "NEW_LEADER_ELECTED")

    @rule(count=st.integers(1, 3))
    def records_are_committed(self, count: int) -> None:
        record = self.record
        minimum = self.cluster.state.min_isr(self.cluster.partition.topic)
        if record.leader != NO_LEADER and len(record.isr) >= minimum:
            self.committed = self.length[record.leader] + count
            for one in record.isr:
                self.length[one] = self.committed

    @rule(replicas=st.none() | assignments, may_change_factor=st.booleans())
    def a_client_moves_it(self, replicas: Sequence[int] | None, may_change_factor: bool) -> None:
        results: list[ReassignmentResult] = []
        asked = [Reassignment(T0, replicas)]
        self.decide(
            alter_reassignments(self.cluster.state, asked, results, may_change_factor=may_change_factor),
            moves_to=replicas or (),
        )

    @rule(kind=st.sampled_from(ElectionType))
    def a_client_has_a_leader_elected(self, kind: ElectionType) -> None:
        results: list[ElectionResult] = []
        self.decide(
            elections.elect_leaders(self.cluster.state, kind, [T0], results),
            may_be_unclean=kind == ElectionType.UNCLEAN,
        )

    @rule()
    def leaders_are_balanced(self) -> None:
        self.decide(elections.balance_leaders(self.cluster.state))

    @rule()
    def unclean_leaders_are_elected(self) -> None:
        self.decide(elections.elect_unclean_leaders(self.cluster.state))

    @rule(is_allowed=st.booleans())
    def the_topic_comes_to_allow_unclean_elections_or_not(self, is_allowed: bool) -> None:
        self.cluster.configure({UNCLEAN: str(is_allowed).lower()})

    @rule(min_isr=st.integers(1, 4))
    def the_topic_gets_another_minimum(self, min_isr: int) -> None:
        records: list[MetadataRecord] = [config_record((ConfigResourceType.TOPIC, "t"), MIN_ISR, str(min_isr))]
        self.cluster.apply([*records, *clear_elr_records(records, self.cluster.image)])

    # What holds

    def decide(
        self,
        steps: Steps[list[MetadataRecord]],
        *,
        reported: Sequence[int] = (),
        may_be_unclean: bool = False,
        moves_to: Sequence[int] | None = None,
    ) -> None:
        """Record what is decided, and look at what becomes of the partition record by record.

        `reported` are in sync as the leader says; the partition `moves_to` where a client wants it, or gives up.
        """
        allows = self.cluster.state.allows_unclean_elections(self.cluster.partition.topic)
        minimum = self.cluster.state.min_isr(self.cluster.partition.topic)
        for record in run_to_end(steps):
            before = replace(self.record)
            loses = moves_to == () and set(before.isr) <= set(before.adding_replicas)
            self.cluster.apply([record])
            if self.record.partition_epoch != before.partition_epoch:
                self.check_epochs(before)
                if loses:
                    self.check_unclean_end(is_allowed=allows)
                else:
                    self.check_election(before, reported, may_be_unclean=may_be_unclean or allows)
                self.check_reassignment(before, moves_to)
                if self.record.leader not in (before.eligible_leader_replicas or ()):
                    assert not self.record.eligible_leader_replicas or len(self.record.isr) < minimum
        self.check_partition()

    def check_epochs(self, before: PartitionRecord) -> None:
        now = self.record
        is_new = now.leader != before.leader or not set(before.replicas).issubset(now.replicas)
        assert now.leader_epoch - before.leader_epoch == int(is_new)
        assert now.partition_epoch == before.partition_epoch + 1

    def check_election(self, before: PartitionRecord, reported: Sequence[int], *, may_be_unclean: bool) -> None:
        """A new leader has everything that was committed, but for an unclean election, which is marked."""
        now = self.record
        if now.leader in (before.leader, NO_LEADER):
            return
        if now.leader in {*before.isr, *reported, *(before.eligible_leader_replicas or ())}:
            assert self.length[now.leader] >= self.committed
            return
        was_last = list(before.last_known_elr or ()) == [now.leader]
        was_last &= not before.isr and not now.eligible_leader_replicas
        assert may_be_unclean or (was_last and self.cluster.state.has_eligible_leaders)
        assert (list(now.isr), now.leader_recovery_state) == ([now.leader], RECOVERING)
        self.lose_what_is_not_on(now.leader)

    def check_unclean_end(self, *, is_allowed: bool) -> None:
        """Where all that are in sync were to come, giving up leaves one that was not in sync, be it there or not.

        As in Kafka nothing marks it, and it is said to be in sync, unless another can be elected.
        """
        assert is_allowed
        assert list(self.record.isr) in (list(self.record.replicas[:1]), [self.record.leader])
        self.was_given_up_uncleanly = True
        self.lose_what_is_not_on(self.record.isr[0])

    def lose_what_is_not_on(self, broker_id: int) -> None:
        self.committed = self.length[broker_id]
        for one in self.length:
            self.length[one] = min(self.length[one], self.committed)

    def check_reassignment(self, before: PartitionRecord, moves_to: Sequence[int] | None) -> None:
        """One that is over leaves those that were wanted, and no others."""
        now = self.record
        if not is_being_reassigned(before) or is_being_reassigned(now):
            return
        if moves_to is None:
            expected = [one for one in before.replicas if one not in before.removing_replicas]
        elif not moves_to:
            expected = [one for one in before.replicas if one not in before.adding_replicas]
        elif set(before.replicas) <= set(moves_to):  # as in Kafka nobody who was to go is kept by asking for all
            expected = [one for one in moves_to if one not in before.removing_replicas]
        else:
            expected = list(moves_to)
        assert list(now.replicas) == expected
        if moves_to is None:
            awaited = before.adding_replicas
            assert set(awaited) <= set(now.isr)
            assert len(awaited) >= len(before.removing_replicas) or set(now.replicas) <= set(now.isr)

    def check_partition(self) -> None:
        now = self.record
        isr, eligible = list(now.isr), list(now.eligible_leader_replicas or ())
        replicas = list(now.replicas)
        assert len(set(replicas)) == len(replicas) > 0
        assert len(set(isr)) == len(isr)
        assert set(isr) <= set(replicas)
        assert directories_of(now) == [directory_of(one) for one in replicas]
        assert set(now.adding_replicas) <= set(replicas)
        assert set(now.removing_replicas) <= set(replicas)
        assert now.leader == NO_LEADER or (now.leader in isr and self.brokers[now.leader].is_active)
        assert not set(isr) & set(eligible)
        are_there = all(self.brokers[one].is_active for one in isr)
        if self.was_given_up_uncleanly:
            assert are_there or now.leader == NO_LEADER
        elif self.cluster.state.has_eligible_leaders:
            assert are_there
            assert (now.leader == NO_LEADER) == (not isr)
            assert len(now.last_known_elr or ()) <= 1
        else:
            assert isr
            assert are_there or (now.leader == NO_LEADER and len(isr) == 1)
            assert not eligible

    @property
    def record(self) -> PartitionRecord:
        return self.cluster.record

    @property
    def brokers(self) -> Mapping[int, BrokerRegistration]:
        return self.cluster.image.brokers


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None, derandomize=True, phases=[Phase.generate, Phase.shrink]
)
