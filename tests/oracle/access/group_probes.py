"""Requests about groups and their offsets."""

from collections.abc import Iterator

from odradek.protocol.api_keys import ApiKey

from .probe import GROUP, OF_CLUSTER, TOPIC, TXN, UNKNOWN_ID, Names, Probe, part, probe


def group_probes(n: Names) -> Iterator[Probe]:
    of = [(GROUP, n.group)]
    for version in (0, 3, 4, 6):
        keys = {"key": n.group} if version < 4 else {"coordinator_keys": [n.group, n.new("other")]}
        yield probe(ApiKey.FIND_COORDINATOR, version, of, **keys)
        if version:
            keys = {"key": n.txn} if version < 4 else {"coordinator_keys": [n.new("other"), n.txn]}
            yield probe(ApiKey.FIND_COORDINATOR, version, [(TXN, n.txn)], "transaction", key_type=1, **keys)
    share_key = f"{n.group}:AAAAAAAAAAAAAAAAAAAABw:0"
    yield probe(ApiKey.FIND_COORDINATOR, 6, [OF_CLUSTER, *of], "share", key_type=2, coordinator_keys=[share_key])
    protocols = [part(ApiKey.JOIN_GROUP, "JoinGroupRequestProtocol", name="range")]
    for version in (4, 9):
        yield probe(
            ApiKey.JOIN_GROUP,
            version,
            of,
            group_id=n.group,
            session_timeout_ms=10000,
            rebalance_timeout_ms=1000,
            member_id="nobody",
            protocol_type="consumer",
            protocols=protocols,
        )
    yield probe(
        ApiKey.SYNC_GROUP,
        5,
        of,
        group_id=n.group,
        generation_id=1,
        member_id="nobody",
        protocol_type="consumer",
        protocol_name="range",
    )
    yield probe(ApiKey.HEARTBEAT, 4, of, group_id=n.group, generation_id=1, member_id="nobody")
    yield probe(ApiKey.LEAVE_GROUP, 1, of, group_id=n.group, member_id="nobody")
    yield probe(
        ApiKey.LEAVE_GROUP,
        5,
        of,
        group_id=n.group,
        members=[part(ApiKey.LEAVE_GROUP, "MemberIdentity", member_id="nobody")],
    )
    for version in (0, 3, 6):
        yield probe(
            ApiKey.DESCRIBE_GROUPS,
            version,
            of,
            groups=[n.group, n.new("other")],
            include_authorized_operations=version >= 3,
        )
    yield probe(ApiKey.DELETE_GROUPS, 2, of, groups_names=[n.new("other"), n.group])


def modern_group_probes(n: Names) -> Iterator[Probe]:
    of, here, gone = (GROUP, n.group), (TOPIC, n.topic), (TOPIC, n.missing)
    for key in (ApiKey.CONSUMER_GROUP_HEARTBEAT, ApiKey.SHARE_GROUP_HEARTBEAT):
        version = 1
        yield probe(
            key,
            version,
            [of, here, gone],
            group_id=n.group,
            member_id="AAAAAAAAAAAAAAAAAAAAAA",
            member_epoch=7,
            subscribed_topic_names=[n.topic, n.missing],
        )
        yield probe(
            key, version, [of], "no topics", group_id=n.group, member_id="AAAAAAAAAAAAAAAAAAAAAA", member_epoch=7
        )
    subtopology = part(
        ApiKey.STREAMS_GROUP_HEARTBEAT,
        "Subtopology",
        subtopology_id="0",
        source_topics=[n.topic],
        state_changelog_topics=[part(ApiKey.STREAMS_GROUP_HEARTBEAT, "TopicInfo", name=n.missing)],
    )
    topology = part(ApiKey.STREAMS_GROUP_HEARTBEAT, "Topology", epoch=1, subtopologies=[subtopology])
    yield probe(
        ApiKey.STREAMS_GROUP_HEARTBEAT,
        0,
        [of, here, gone],
        group_id=n.group,
        member_id="a",
        member_epoch=0,
        rebalance_timeout_ms=1000,
        topology=topology,
        process_id="p",
        active_tasks=[part(ApiKey.STREAMS_GROUP_HEARTBEAT, "TaskIds", subtopology_id="9", partitions=[1])],
        standby_tasks=[],
        warmup_tasks=[],
    )
    for key, version in (
        (ApiKey.CONSUMER_GROUP_DESCRIBE, 1),
        (ApiKey.SHARE_GROUP_DESCRIBE, 1),
        (ApiKey.STREAMS_GROUP_DESCRIBE, 0),
    ):
        yield probe(key, version, [of], group_ids=[n.new("other"), n.group], include_authorized_operations=True)


def offset_probes(n: Names) -> Iterator[Probe]:
    of, here, gone = (GROUP, n.group), (TOPIC, n.topic), (TOPIC, n.missing)
    partition = part(ApiKey.OFFSET_COMMIT, "OffsetCommitRequestPartition", partition_index=0, committed_metadata="")
    topics = [
        part(ApiKey.OFFSET_COMMIT, "OffsetCommitRequestTopic", name=name, partitions=[partition])
        for name in (n.topic, n.missing)
    ]
    yield probe(
        ApiKey.OFFSET_COMMIT,
        8,
        [of, here, gone],
        group_id=n.group,
        member_id="nobody",
        topics=topics,
        generation_id_or_member_epoch=3,
    )
    topics = [
        part(ApiKey.OFFSET_COMMIT, "OffsetCommitRequestTopic", topic_id=topic_id, partitions=[partition])
        for topic_id in (n.topic_id, UNKNOWN_ID)
    ]
    yield probe(
        ApiKey.OFFSET_COMMIT,
        10,
        [of, here],
        group_id=n.group,
        member_id="nobody",
        topics=topics,
        generation_id_or_member_epoch=3,
    )
    for version in (1, 2, 5, 7):
        topics = [
            part(ApiKey.OFFSET_FETCH, "OffsetFetchRequestTopic", name=name, partition_indexes=[0])
            for name in (n.topic, n.missing)
        ]
        yield probe(ApiKey.OFFSET_FETCH, version, [of, here, gone], group_id=n.group, topics=topics)
        if version > 1:
            yield probe(ApiKey.OFFSET_FETCH, version, [of, here], "all", group_id=n.group, topics=None)
    for version, named in ((8, {"name": n.topic}), (10, {"topic_id": n.topic_id})):
        topics = [part(ApiKey.OFFSET_FETCH, "OffsetFetchRequestTopics", partition_indexes=[0], **named)]
        groups = [
            part(ApiKey.OFFSET_FETCH, "OffsetFetchRequestGroup", group_id=group, topics=wanted)
            for group, wanted in ((n.group, topics), (n.new("other"), topics), (n.group, None))
        ]
        yield probe(ApiKey.OFFSET_FETCH, version, [of, here], groups=groups)
    yield probe(
        ApiKey.OFFSET_DELETE,
        0,
        [of, here, gone],
        group_id=n.group,
        topics=[
            part(
                ApiKey.OFFSET_DELETE,
                "OffsetDeleteRequestTopic",
                name=name,
                partitions=[part(ApiKey.OFFSET_DELETE, "OffsetDeleteRequestPartition", partition_index=7)],
            )
            for name in (n.topic, n.missing)
        ],
    )
