"""What readers of committed data get, and when."""

import pytest

from .broker_harness import fetch_request, offsets_in, wanted
from .transaction_harness import TransactingBroker


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("speaks_v2", [True, False])
def test_the_end_of_a_transaction_wakes_who_waits_for_what_is_stable(commit: bool, speaks_v2: bool) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    assert broker.write(who).error_code == 0
    waiting = broker.fetch(fetch_request("t", max_wait_ms=60_000, is_read_committed=True))
    assert waiting.is_deferred
    assert broker.end(who, commit=commit, version=5 if speaks_v2 else 4)[0] == 0
    (topic,) = waiting.answer.responses
    (found,) = topic.partitions
    assert offsets_in(found.records) == [0, 1]
    assert (found.high_watermark, found.last_stable_offset) == (2, 2)
    aborted = [(one.producer_id, one.first_offset) for one in found.aborted_transactions or ()]
    assert aborted == ([] if commit else [(who[0], 0)])


def test_nothing_is_shown_from_the_first_open_transaction_on() -> None:
    broker = TransactingBroker()
    first, second = broker.begin("first"), broker.begin("second")
    assert broker.write(first, version=12, name="first").error_code == 0
    assert broker.write(second, version=12, name="second").error_code == 0
    broker.end(second, commit=True, name="second", version=5)
    found = broker.fetch_one(fetch_request("t", is_read_committed=True))
    assert (offsets_in(found.records), found.last_stable_offset) == ([], 0)
    assert offsets_in(broker.fetch_one(fetch_request("t")).records) == [0, 1, 2]
    broker.end(first, commit=False, name="first", version=5)
    found = broker.fetch_one(fetch_request("t", is_read_committed=True))
    assert (offsets_in(found.records), found.last_stable_offset) == ([0, 1, 2, 3], 4)


def test_the_aborted_list_is_the_same_after_a_kill() -> None:
    broker = TransactingBroker()
    names = ["a", "b", "c"]
    writers = {name: broker.begin(name) for name in names}
    for name in names:
        broker.write(writers[name], version=12, name=name)
    for name, commit in (("c", False), ("b", True), ("a", False)):
        broker.end(writers[name], commit=commit, name=name, version=5)
    lists = []
    for _ in range(2):
        lists.append(
            [
                [
                    (one.producer_id, one.first_offset)
                    for one in broker.fetch_one(
                        fetch_request("t", wanted(offset), is_read_committed=True)
                    ).aborted_transactions
                    or ()
                ]
                for offset in range(6)
            ]
        )
        broker.restart(is_clean=False)
    a, c = (writers["a"][0], 0), (writers["c"][0], 2)
    assert lists[0] == lists[1] == [[a, c]] * 4 + [[a]] * 2
