from odradek.broker.coordination.groups.offset_commit import OffsetCommit


def test_a_commit_is_part_of_a_transaction_when_a_producer_makes_it() -> None:
    assert not OffsetCommit("g", 1, "m", None, []).is_transactional
    assert OffsetCommit("g", 1, "m", None, [], producer_id=0).is_transactional
