"""From which follower a consumer of another rack than its leader's reads (KIP-392)."""

from odradek.broker.topics.read_replica import FollowerView, preferred_read_replica

RACKS = {2: "b", 3: "b", 4: "c", 5: None}


def choose(rack: str, offset: int, *followers: FollowerView) -> int | None:
    return preferred_read_replica(followers, RACKS.get, rack, offset)


def test_one_of_the_same_rack_is_chosen() -> None:
    followers = FollowerView(2, 0, 10, 5.0), FollowerView(4, 0, 10, 5.0)
    assert (choose("b", 3, *followers), choose("c", 3, *followers), choose("d", 3, *followers)) == (2, 4, None)


def test_it_has_to_have_the_offset_or_to_be_about_to() -> None:
    follower = FollowerView(2, 4, 10, 5.0)
    assert [choose("b", offset, follower) for offset in (3, 4, 10, 11)] == [None, 2, 2, None]


def test_of_several_the_one_that_is_furthest_is_chosen_then_who_caught_up_last_then_the_highest_id() -> None:
    assert choose("b", 0, FollowerView(2, 0, 10, 1.0), FollowerView(3, 0, 9, 9.0)) == 2
    assert choose("b", 0, FollowerView(2, 0, 10, 9.0), FollowerView(3, 0, 10, 1.0)) == 2
    assert choose("b", 0, FollowerView(2, 0, 10, 9.0), FollowerView(3, 0, 10, 9.0)) == 3


def test_a_broker_without_a_rack_is_in_nobodys() -> None:
    assert choose("None", 0, FollowerView(5, 0, 10, 1.0)) is None
