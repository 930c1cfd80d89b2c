"""Where a follower's log and its leader's part."""

import pytest

from odradek.storage.epoch_truncation import truncation_offset
from odradek.storage.leader_epochs import LeaderEpochs

END, HIGH_WATERMARK = 30, 12


def _epochs(*entries: tuple[int, int]) -> LeaderEpochs:
    epochs = LeaderEpochs()
    for epoch, start in entries:
        epochs.assign(epoch, start)
    return epochs


@pytest.mark.parametrize(
    ("leader_epoch", "leader_end", "cut"),
    [
        (4, 25, 25),  # the leader's epoch ended earlier than ours
        (4, 40, END),  # ours did: its end is that of the log
        (2, 15, 15),
        (2, 27, 20),  # ours ended where the next one begins
        (3, 24, 20),  # not known here: cut to the end of the largest older one, and ask again
        (1, 8, 10),
        (0, 9, 9),
        (5, 28, 28),  # newer than all of ours: the leader's end is as good as any
        (-1, 7, 7),  # without an epoch
        (-1, 99, END),
        (-1, -1, HIGH_WATERMARK),  # not even an end
    ],
)
def test_a_follower_is_cut_where_its_epochs_and_the_leader_s_part(leader_epoch: int, leader_end: int, cut: int) -> None:
    epochs = _epochs((0, 0), (2, 10), (4, 20))
    assert truncation_offset(epochs, END, HIGH_WATERMARK, leader_epoch, leader_end) == cut


def test_an_epoch_older_than_all_that_are_known_ends_where_the_first_of_them_begins() -> None:
    assert truncation_offset(_epochs((3, 10)), END, HIGH_WATERMARK, 1, 15) == 10


def test_a_follower_that_knows_no_epoch_believes_the_leader() -> None:
    assert truncation_offset(LeaderEpochs(), END, HIGH_WATERMARK, 4, 15) == 15
