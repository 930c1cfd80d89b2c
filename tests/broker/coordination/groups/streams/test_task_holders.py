from odradek.broker.coordination.groups.streams.member import StreamsMember
from odradek.broker.coordination.groups.streams.task_holders import HeldByProcesses
from odradek.broker.coordination.groups.streams.tasks import HeldTasks

ONE = frozenset({1})


def test_what_is_to_be_given_up_is_still_held() -> None:
    holders = HeldByProcesses()
    member = StreamsMember(
        "m",
        process_id="p",
        held=HeldTasks({"0": {0: 1}}, {"0": ONE}),
        revoking=HeldTasks({"1": {0: 1}}, warmup={"1": ONE}),
    )
    holders.add(member)
    assert [holders.active_holder(name, 0) for name in ("0", "1", "2")] == ["p", "p", None]
    assert (holders.standby_holders("0", 1), holders.warmup_holders("1", 1)) == ({"p"}, {"p"})
    holders.drop(member)
    assert [holders.active_holder(name, 0) for name in ("0", "1")] == [None, None]
    assert not holders.standby_holders("0", 1)
    assert not holders.warmup_holders("1", 1)


def test_an_active_task_that_another_process_has_by_now_stays_with_it() -> None:
    holders = HeldByProcesses()
    old = StreamsMember("m", process_id="p", held=HeldTasks({"0": {0: 1}}))
    holders.add(old)
    holders.add(StreamsMember("n", process_id="q", held=HeldTasks({"0": {0: 2}})))
    holders.drop(old)
    assert holders.active_holder("0", 0) == "q"


def test_a_standby_may_be_held_by_several() -> None:
    holders = HeldByProcesses()
    members = [StreamsMember(p, process_id=p, held=HeldTasks(standby={"0": ONE})) for p in "pq"]
    for member in members:
        holders.add(member)
    assert holders.standby_holders("0", 1) == {"p", "q"}
    holders.drop(members[0])
    assert holders.standby_holders("0", 1) == {"q"}
