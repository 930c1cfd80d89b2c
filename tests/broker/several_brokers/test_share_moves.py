"""Share partitions end with the epoch in which a broker leads (KIP-932)."""

from odradek.broker.coordination.share_state.requests import SharePartitionKey

from ..nodes.three_brokers import ThreeBrokers


def test_a_share_partition_is_used_no_longer_than_its_partition_is_led_in_one_epoch() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2], [2, 1], [1, 3])
    share, keys = brokers[1].context.share, list[SharePartitionKey]()
    for name, index in (("t", 0), ("t", 2)):
        keys.append(SharePartitionKey("g", brokers[1].topic(name).topic_id, index))
        share.open(keys[-1], brokers[1].partition(name, index), lambda error: None)
    brokers.settle()
    used = [share.find(key) for key in keys]
    brokers.kill(2)  # it led none of these
    assert [share.find(key) for key in keys] == used
    brokers.fence(1)
    assert [share.find(key) for key in keys] == [None, None]
