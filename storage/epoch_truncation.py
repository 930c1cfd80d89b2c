"""Where a follower's log and its leader's part, by their epochs (KIP-101, KIP-279, KAFKA-9824): pure.

A follower asks with the newest epoch that it has. Where the leader's log parts from that, the leader names the largest
epoch of its own that is not newer, and where that ended; both logs are the same below the smaller of the two ends.
"""

from .leader_epochs import UNDEFINED_EPOCH, UNDEFINED_OFFSET, LeaderEpochs


def truncation_offset(
    epochs: LeaderEpochs, log_end_offset: int, high_watermark: int, leader_epoch: int, leader_end_offset: int
) -> int:
    """Where a follower cuts its log when the leader's ends epoch `leader_epoch` at `leader_end_offset`.

    Where the follower does not know that epoch, it is cut where its own last older one ends, and asks again with that
    one. An end that the leader does not know (-1) leaves what is replicated for certain.
    """
    if leader_end_offset == UNDEFINED_OFFSET:
        return min(high_watermark, log_end_offset)
    own_epoch, own_end = epochs.end_offset_for(leader_epoch, log_end_offset)
    if leader_epoch == UNDEFINED_EPOCH or own_end == UNDEFINED_OFFSET:
        return min(leader_end_offset, log_end_offset)
    if own_epoch != leader_epoch:
        return min(own_end, log_end_offset)
    return min(own_end, leader_end_offset, log_end_offset)
