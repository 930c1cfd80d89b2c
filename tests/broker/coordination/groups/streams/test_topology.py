import pytest

from odradek.broker.coordination.groups.streams.topology import CopartitionGroup, InternalTopic, read_topology
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.messages import streams_group_heartbeat as wire

from .streams_driver import reported, subtopology, topology


def test_a_topology_is_read_whole() -> None:
    sent = wire.Subtopology(
        subtopology_id="0",
        source_topics=["t"],
        source_topic_regex=["x.*"],
        state_changelog_topics=[
            wire.TopicInfo(name="c", replication_factor=1, topic_configs=[wire.KeyValue(key="k", value="v")])
        ],
        repartition_sink_topics=["s"],
        repartition_source_topics=[wire.TopicInfo(name="r", partitions=2)],
        copartition_groups=[
            wire.CopartitionGroup(source_topics=[0], source_topic_regex=[1], repartition_source_topics=[2])
        ],
    )
    assert read_topology(3, [sent]) == reported(
        subtopology(
            "0",
            ["t"],
            regexes=["x.*"],
            changelogs=[InternalTopic("c", 0, 1, (("k", "v"),))],
            sinks=["s"],
            repartitions=[InternalTopic("r", 2)],
            copartitions=[CopartitionGroup((0,), (1,), (2,))],
        ),
        epoch=3,
    )


def test_what_has_an_id_twice_or_a_negative_epoch_is_no_topology() -> None:
    for wrong in (reported(subtopology("0"), subtopology("0")), reported(subtopology("0"), epoch=-1)):
        with pytest.raises(KafkaError) as refused:
            wrong.checked()
        assert refused.value.code is ErrorCode.UNKNOWN_SERVER_ERROR
        assert list(wrong.unchecked().subtopologies) == ["0"]  # but a record of it can be read


def test_the_order_in_which_subtopologies_are_reported_makes_no_difference() -> None:
    one, two = subtopology("0", ["t"]), subtopology("1", ["u"])
    assert topology(one, two) == topology(two, one)
    assert topology(one, two) != topology(one, two, epoch=1)


def test_topics_are_found_by_who_reads_them_and_changelogs_are_required_but_not_read() -> None:
    whole = topology(
        subtopology("0", ["t"], sinks=["r"]), subtopology("1", ["u"], repartitions=["r"], changelogs=["c"])
    )
    assert whole.readers == {"t": "0", "u": "1", "r": "1"}
    assert whole.required_topics == {"t", "u", "r", "c"}
