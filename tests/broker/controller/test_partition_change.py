"""What a partition becomes when something about it changes: leader, ISR, ELR, replicas, one case after the other."""

from collections.abc import Sequence

import pytest

from odradek.broker.controller.partition_change import (
    LEADER_STAYS,
    NO_LEADER,
    RECOVERED,
    RECOVERING,
    Election,
    ElectionRules,
    PartitionChange,
    directories_of,
)
from odradek.broker.metadata.registrations import MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY
from odradek.protocol.metadata_records import PartitionChangeRecord, PartitionRecord

from .decided_cluster import directory_of, partition


def was(replicas: Sequence[int] = (1, 2, 3), **fields: object) -> PartitionRecord:
    record = partition(replicas)
    for name, value in fields.items():
        setattr(record, name, value)
    return record


def change(
    record: PartitionRecord,
    *alive: int,
    election: Election = Election.ONLINE,
    min_isr: int = 1,
    has_eligible_leaders: bool = True,
    unclean_shutdown: Sequence[int] = (),
) -> PartitionChange:
    """A change while these brokers are there."""

    def may_lead(record: PartitionRecord, replica: int) -> bool:
        return replica in alive

    rules = ElectionRules(may_lead, directory_of, min_isr, has_eligible_leaders)
    return PartitionChange(record, rules, election, unclean_shutdown)


def recorded(asked: PartitionChange) -> PartitionChangeRecord:
    record = asked.record()
    assert record is not None
    return record


# Elections


def test_a_partition_that_is_well_led_stays_as_it_is() -> None:
    assert change(was(), 1, 2, 3).record() is None
    assert change(was(leader=2), 1, 2, 3).record() is None


def test_the_first_replica_in_sync_that_is_there_leads_next() -> None:
    asked = change(was(isr=[3, 2, 1]), 2, 3)
    asked.isr = [3, 2]
    record = recorded(asked)
    assert (record.leader, record.isr) == (2, [3, 2])


def test_the_preferred_replica_leads_again_where_that_is_asked_for() -> None:
    assert recorded(change(was(leader=2), 1, 2, 3, election=Election.PREFERRED)).leader == 1
    assert change(was(leader=2, isr=[2, 3]), 1, 2, 3, election=Election.PREFERRED).record() is None
    assert recorded(change(was(leader=2, isr=[2, 3]), 1, 3, election=Election.PREFERRED)).leader == 3


def test_without_anybody_in_sync_that_is_there_nobody_leads() -> None:
    asked = change(was(isr=[1]), 2, 3, has_eligible_leaders=False)
    asked.isr = []
    record = recorded(asked)
    assert (record.leader, record.isr) == (NO_LEADER, None)  # the last one in sync stays in the ISR


def test_an_unclean_election_takes_any_replica_and_makes_it_recover() -> None:
    asked = change(was(isr=[1]), 2, 3, election=Election.UNCLEAN, has_eligible_leaders=False)
    asked.isr = []
    record = recorded(asked)
    assert (record.leader, record.isr, record.leader_recovery_state) == (2, [2], RECOVERING)


def test_an_election_that_need_not_be_unclean_is_not() -> None:
    record = recorded(change(was(leader=NO_LEADER, isr=[3]), 2, 3, election=Election.UNCLEAN))
    assert (record.leader, record.isr, record.leader_recovery_state) == (3, None, -1)


def test_a_leader_that_has_recovered_is_recorded_as_such() -> None:
    asked = change(was(leader_recovery_state=RECOVERING, isr=[1]), 1)
    asked.recovery_state = RECOVERED
    assert recorded(asked).leader_recovery_state == RECOVERED


def test_a_partition_that_recovers_by_now_is_not_marked_once_more() -> None:
    record = recorded(
        change(was(leader=NO_LEADER, isr=[], leader_recovery_state=RECOVERING), 2, election=Election.UNCLEAN)
    )
    assert (record.leader, record.leader_recovery_state) == (2, -1)


# Leader epochs: they rise where a record names a leader


@pytest.mark.parametrize(("before", "after"), [([1, 2, 3], [1, 2]), ([1], [1, 2])])
def test_an_isr_shrinks_and_grows_without_a_new_epoch(before: list[int], after: list[int]) -> None:
    asked = change(was(isr=before), 1, 2, 3)
    asked.isr = after
    record = recorded(asked)
    assert (record.leader, record.isr) == (LEADER_STAYS, after)


def test_a_replica_that_goes_costs_an_epoch_though_the_leader_stays() -> None:
    asked = change(was(isr=[1, 2]), 1, 2, 3)
    asked.replicas = [1, 2]
    record = recorded(asked)
    assert (record.leader, record.replicas) == (1, [1, 2])


def test_replicas_in_another_order_cost_no_epoch() -> None:
    asked = change(was(), 1, 2, 3)
    asked.replicas = [3, 2, 1]
    record = recorded(asked)
    assert (record.leader, record.replicas) == (LEADER_STAYS, [3, 2, 1])
    assert record.directories == [directory_of(3), directory_of(2), directory_of(1)]


# Eligible leaders (KIP-966)


def test_who_leaves_an_isr_that_is_too_small_stays_eligible() -> None:
    asked = change(was(isr=[1, 2]), 1, 3, min_isr=2)
    asked.isr = [1]
    record = recorded(asked)
    assert (record.isr, record.eligible_leader_replicas, record.last_known_elr) == ([1], [2], None)


def test_nobody_is_eligible_beside_an_isr_that_is_large_enough() -> None:
    asked = change(was(), 1, 2, 3, min_isr=2)
    asked.isr = [1, 2]
    assert recorded(asked).eligible_leader_replicas is None
    asked = change(was(isr=[1], eligible_leader_replicas=[2]), 1, 2, 3, min_isr=2)
    asked.isr = [1, 3]
    assert recorded(asked).eligible_leader_replicas == []


def test_the_last_one_in_sync_leaves_the_isr_empty_and_is_remembered_as_the_last_leader() -> None:
    asked = change(was(isr=[1], eligible_leader_replicas=[2]), 3, min_isr=2)
    asked.isr = []
    record = recorded(asked)
    assert (record.leader, record.isr) == (NO_LEADER, [])
    assert (record.eligible_leader_replicas, record.last_known_elr) == ([1, 2], [1])


def test_an_eligible_replica_that_comes_back_leads_cleanly() -> None:
    leaderless = was(leader=NO_LEADER, isr=[], eligible_leader_replicas=[1, 2], last_known_elr=[1])
    record = recorded(change(leaderless, 2, min_isr=2))
    assert (record.leader, record.isr, record.eligible_leader_replicas) == (2, [2], [1])
    assert (record.last_known_elr, record.leader_recovery_state) == ([], -1)


def test_who_is_only_eligible_does_not_lead_while_somebody_is_in_sync() -> None:
    record = was(leader=2, isr=[2], eligible_leader_replicas=[1])
    assert change(record, 1, 2, 3, election=Election.PREFERRED, min_isr=2).record() is None


def test_who_ended_uncleanly_is_eligible_no_more() -> None:
    leaderless = was(leader=NO_LEADER, isr=[], eligible_leader_replicas=[1, 2], last_known_elr=[1])
    record = recorded(change(leaderless, 2, min_isr=2, unclean_shutdown=[2]))
    assert (record.leader, record.eligible_leader_replicas) == (LEADER_STAYS, [1])


def test_where_nobody_is_eligible_the_last_leader_leads_again_and_recovers() -> None:
    leaderless = was(leader=NO_LEADER, isr=[], last_known_elr=[2])
    assert change(leaderless, 1, 3).record() is None
    record = recorded(change(leaderless, 1, 2, 3))
    assert (record.leader, record.isr, record.leader_recovery_state) == (2, [2], RECOVERING)
    assert record.last_known_elr == []


def test_who_led_last_is_remembered_when_there_is_no_leader_any_more_and_nobody_is_remembered_yet() -> None:
    assert recorded(change(was(isr=[1]), 3)).last_known_elr == [1]  # it is in sync, but its disk is not there
    assert recorded(change(was(isr=[1], last_known_elr=[2]), 3)).last_known_elr is None


def test_who_led_last_is_forgotten_when_there_is_another_leader_and_not_before() -> None:
    asked = change(was(isr=[1], last_known_elr=[2]), 1, 2, 3)
    asked.isr = [1, 2]
    assert recorded(asked).last_known_elr is None
    assert recorded(change(was(leader=2, last_known_elr=[2]), 1, 3)).last_known_elr == []


def test_the_last_leader_has_no_say_while_somebody_is_eligible_or_several_are_known() -> None:
    eligible = was(leader=NO_LEADER, isr=[], eligible_leader_replicas=[1], last_known_elr=[2])
    assert change(eligible, 2).record() is None
    assert change(was(leader=NO_LEADER, isr=[], last_known_elr=[2, 3]), 2).record() is None


def test_an_unclean_election_forgets_who_was_eligible() -> None:
    leaderless = was(leader=NO_LEADER, isr=[], eligible_leader_replicas=[1], last_known_elr=[1])
    record = recorded(change(leaderless, 3, election=Election.UNCLEAN, min_isr=2))
    assert (record.leader, record.isr, record.eligible_leader_replicas) == (3, [3], [])


def test_without_the_feature_nobody_is_eligible_and_who_was_is_forgotten() -> None:
    asked = change(was(isr=[1, 2], eligible_leader_replicas=[3]), 1, has_eligible_leaders=False, min_isr=2)
    asked.isr = [1]
    assert recorded(asked).eligible_leader_replicas == []


# Reassignments (KIP-455)


def reassigned(isr: Sequence[int]) -> PartitionRecord:
    """From 1, 2, 3 to 4, 5."""
    return was([4, 5, 1, 2, 3], isr=isr, leader=1, adding_replicas=[4, 5], removing_replicas=[1, 2, 3])


def test_a_reassignment_goes_on_until_everybody_who_comes_is_in_sync() -> None:
    asked = change(reassigned([1, 2, 3]), 1, 2, 3, 4, 5)
    asked.isr = [1, 2, 3, 4]
    record = recorded(asked)
    assert (record.isr, record.replicas, record.adding_replicas) == ([1, 2, 3, 4], None, None)


def test_a_reassignment_ends_when_everybody_who_comes_is_in_sync() -> None:
    asked = change(reassigned([1, 2, 3, 4]), 1, 2, 3, 4, 5)
    asked.isr = [1, 2, 3, 4, 5]
    record = recorded(asked)
    assert (record.replicas, record.isr, record.leader) == ([4, 5], [4, 5], 4)
    assert (record.adding_replicas, record.removing_replicas) == ([], [])
    assert record.directories == [directory_of(4), directory_of(5)]


def test_a_reassignment_does_not_wait_for_who_stays_and_is_not_in_sync() -> None:
    asked = change(was([4, 2, 3, 1], isr=[1, 2], leader=1, adding_replicas=[4], removing_replicas=[1]), 1, 2, 3, 4)
    asked.isr = [1, 2, 4]
    record = recorded(asked)
    assert (record.replicas, record.isr, record.leader) == ([4, 2, 3], [2, 4], 4)


def test_where_replicas_become_fewer_everybody_who_stays_has_to_be_in_sync() -> None:
    asked = change(was([2, 3, 1], isr=[1, 2], leader=1, removing_replicas=[1]), 1, 2, 3)
    assert asked.record() is None
    asked = change(was([2, 3, 1], isr=[1, 2], leader=1, removing_replicas=[1]), 1, 2, 3)
    asked.isr = [1, 2, 3]
    assert recorded(asked).replicas == [2, 3]


def test_replicas_that_merely_change_places_need_no_reassignment() -> None:
    asked = change(was(), 1, 2, 3)
    asked.replicas = [3, 1, 2]
    record = recorded(asked)
    assert (record.replicas, record.adding_replicas, record.removing_replicas) == ([3, 1, 2], None, None)


def test_a_replica_that_comes_is_in_the_directory_of_its_broker_and_others_stay_where_they_are() -> None:
    asked = change(was(directories=[UNASSIGNED_DIRECTORY, directory_of(2), directory_of(3)]), 1, 2, 3, 4)
    asked.replicas, asked.adding = [1, 2, 3, 4], [4]
    record = recorded(asked)
    assert record.directories == [UNASSIGNED_DIRECTORY, directory_of(2), directory_of(3), directory_of(4)]


@pytest.mark.parametrize("count", [1, 3])
def test_of_partitions_older_than_directories_nobody_knows_where_they_are(count: int) -> None:
    old = was(range(1, count + 1), directories=())
    assert directories_of(old) == [MIGRATING_DIRECTORY] * count
    assert change(old, 1, 2, 3).record() is None
