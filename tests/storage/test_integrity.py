"""What the batches of a log are held against, and where damage is reported."""

from odradek.storage.integrity import UNKNOWN_EPOCH, BatchIntegrity, ignore_damage
from odradek.storage.leader_epochs import LeaderEpochs
from odradek.storage.log_config import LONG_MAX


def test_without_epochs_every_epoch_is_right_everywhere() -> None:
    assert BatchIntegrity().span_of_epoch(7) == (UNKNOWN_EPOCH, LONG_MAX)


def test_with_epochs_an_offset_has_one_and_it_ends_where_the_next_begins() -> None:
    integrity = BatchIntegrity()
    integrity.epochs = LeaderEpochs()
    for epoch, start in ((1, 0), (3, 10)):
        integrity.epochs.assign(epoch, start)
    assert [integrity.span_of_epoch(offset) for offset in (0, 9, 10)] == [(1, 10), (1, 10), (3, LONG_MAX)]


def test_the_same_damage_is_reported_once() -> None:
    reported: list[str] = []
    integrity = BatchIntegrity(on_damage=reported.append)
    for what in ("a", "b", "a"):
        integrity.report(what)
    assert reported == ["a", "b"]


def test_damage_without_end_does_not_fill_the_memory() -> None:
    reported: list[str] = []
    integrity = BatchIntegrity(on_damage=reported.append)
    for number in range(2000):
        integrity.report(f"damage {number}")
    assert len(reported) == 1000


def test_damage_of_a_log_that_nothing_watches_goes_nowhere() -> None:
    integrity = BatchIntegrity(on_damage=ignore_damage)
    integrity.report("damage")
    assert integrity.span_of_epoch(0) == (UNKNOWN_EPOCH, LONG_MAX)
