from odradek.broker.coordination.groups.classic.member import (
    JoinRequest,
    JoinResult,
    Member,
    choose_protocol,
    common_protocols,
)
from odradek.broker.coordination.result import ResponseFuture


def member(member_id: str, *protocols: str, instance: str | None = None) -> Member:
    return Member(member_id, instance, "c", "/h", 10000, 60000, tuple((name, name.encode()) for name in protocols))


def test_every_member_votes_for_its_first_protocol_that_all_support() -> None:
    members = [member("1", "sticky", "range"), member("2", "range", "sticky"), member("3", "new", "range", "sticky")]
    assert common_protocols(members) == {"sticky", "range"}
    assert choose_protocol(members) == "range"


def test_among_equal_votes_the_oldest_wins() -> None:
    assert choose_protocol([member("1", "b", "a"), member("2", "a", "b")]) == "b"


def test_nobody_has_protocols_in_common_with_nobody() -> None:
    assert common_protocols([]) == set()


def test_a_member_is_logged_with_its_metadata_under_the_chosen_protocol() -> None:
    one = member("m", "sticky", "range", instance="i")
    one.assignment = b"work"
    stored = one.stored("range")
    assert (stored.member_id, stored.group_instance_id, stored.client_id, stored.client_host) == ("m", "i", "c", "/h")
    assert (stored.session_timeout_ms, stored.rebalance_timeout_ms) == (10000, 60000)
    assert (stored.subscription, stored.assignment) == (b"range", b"work")
    assert one.stored(None).subscription == b""


def test_a_member_that_joins_again_may_come_with_other_protocols_and_timeouts() -> None:
    one = member("m", "sticky")
    one.adopt(JoinRequest("g", "m", None, "other", "/other", 6000, 7000, "consumer", (("range", b"r"),)))
    assert (one.protocols, one.session_timeout_ms, one.rebalance_timeout_ms) == ((("range", b"r"),), 6000, 7000)
    assert one.client_id == "c"


def test_only_a_member_that_has_seen_a_generation_may_wait_for_ever() -> None:
    one = member("m", "range")
    assert not one.is_session_suspended()
    one.join = ResponseFuture(lambda joined: None, lambda code: JoinResult(code, "m"))
    assert one.is_session_suspended()
    one.is_new = True
    assert not one.is_session_suspended()
