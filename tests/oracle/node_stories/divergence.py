"""Logs that part: records that only a dead leader had, and what becomes of them (KIP-101, KIP-279)."""

from ..node_dialogue import NodeDialogue, story
from ..node_requests import epoch_end, list_offsets, partitions, read, write
from ..three_nodes import NODE_IDS


@story
def an_unclean_leader_has_its_own_end_of_the_log(d: NodeDialogue) -> None:
    """1 takes b and c alone and dies; 2 leads without them and takes d; 1 follows 2 and loses b and c."""
    topic = d.create_topic("pair", [[1, 2]], {"unclean.leader.election.enable": "true"})
    write(d, "both up", 1, topic, (b"a",))
    d.wait_for_high_watermark(2, topic.name, 1)
    d.kill(2)
    d.settle(topic.name)
    write(d, "1 alone", 1, topic, (b"b", b"c"))
    list_offsets(d, "1 alone: end", 1, topic)
    d.kill(1)
    d.settle(topic.name)
    d.start(2)
    d.wait_for_leader(topic.name, 2)
    d.wait_for_high_watermark(2, topic.name, 1)
    list_offsets(d, "2 leads: end", 2, topic)
    write(d, "2 leads", 2, topic, (b"d",))
    d.start(1)
    d.wait_for_isr(topic.name, [1, 2])
    d.wait_for_high_watermark(1, topic.name, 2)
    partitions(d, "both are back", 3, topic)
    for node_id in (1, 2):
        read(d, "both are back", node_id, topic)
    for epoch in range(4):
        epoch_end(d, f"end of epoch {epoch}", 2, topic, epoch)
    epoch = d.partition(topic.name).leader_epoch
    for offset, last in ((3, 0), (2, 1), (1, 0), (2, 2), (3, 2)):
        read(d, f"a consumer at {offset}, last in epoch {last}", 2, topic, offset, epoch=epoch, last_epoch=last)


@story
def what_no_follower_has_heard_is_lost(d: NodeDialogue) -> None:
    """1 takes x while its followers are frozen, and dies: who leads next has never seen x, nor did any consumer."""
    topic = d.create_topic("three", [[1, 2, 3]])
    write(d, "all up", 1, topic, (b"a",))
    for node_id in NODE_IDS:
        d.wait_for_high_watermark(node_id, topic.name, 1)
    d.freeze(2)
    d.freeze(3)
    d.pass_time(0.8)  # their last long polls at 1 end, empty
    write(d, "nobody listens", 1, topic, (b"x",), acks=1)
    read(d, "nobody listens: read", 1, topic)
    list_offsets(d, "nobody listens: end", 1, topic)
    d.kill_unheard(1)
    d.resume_unheard(2)
    d.resume_unheard(3)
    d.wait_until_fenced(1)
    d.wait_for_isr(topic.name, [2, 3])
    partitions(d, "1 is dead", 2, topic)
    leader = d.partition(topic.name).leader_id
    d.note("who leads", leader)
    write(d, "another leads", leader, topic, (b"b", b"c"))
    d.start(1)
    d.wait_for_isr(topic.name, [1, 2, 3])
    for node_id in NODE_IDS:
        d.wait_for_high_watermark(node_id, topic.name, 3)
        read(d, "1 is back", node_id, topic)
    for epoch in range(3):
        epoch_end(d, f"end of epoch {epoch}", leader, topic, epoch)
