"""A plan: all names of a run begin alike, and a seed decides everything that is random."""

from collections.abc import Sequence
from random import Random

from odradek.broker.tools.verify.history import TopicPartition
from odradek.broker.tools.verify.library import CLASSIC, CONSUMER, GROUP_PROTOCOLS
from odradek.broker.tools.verify.plan import PARTITIONS, SHARE_PARTITIONS, Plan, SharePlan
from odradek.broker.tools.verify.share_run import MEMBERS

PLAN = Plan("run", 7, ["aiokafka", "kafka-python"])


def test_every_topic_and_group_is_named_after_the_run() -> None:
    groups = [pipeline.group for pipeline in PLAN.pipelines]
    assert all(name.startswith("run-") for name in [*PLAN.topics, *groups])
    assert len(set(PLAN.topics)) == 6  # two, the input, the plain one, and an output for each library


def test_copiers_read_what_transactions_write_to_and_write_where_nobody_else_does() -> None:
    assert {pipeline.source for pipeline in PLAN.pipelines} == {PLAN.source}
    assert PLAN.source in PLAN.transactional
    assert not {pipeline.target for pipeline in PLAN.pipelines} & {*PLAN.transactional, PLAN.plain}
    assert len({(pipeline.group, pipeline.target) for pipeline in PLAN.pipelines}) == 2


def test_every_topic_has_a_few_partitions() -> None:
    assert PLAN.partitions([PLAN.plain]) == [TopicPartition("run-plain", index) for index in range(PARTITIONS)]


def test_copiers_speak_what_the_plan_has_and_their_library_can() -> None:
    def spoken(protocols: Sequence[str], by_library: Sequence[str]) -> set[str]:
        plan, chance = Plan("run", 7, [], protocols), Random(1)
        return {plan.protocol_of(by_library, chance) for _ in range(50)}

    assert spoken((CLASSIC,), GROUP_PROTOCOLS) == {CLASSIC}
    assert spoken((CONSUMER,), GROUP_PROTOCOLS) == {CONSUMER}
    assert spoken((CONSUMER,), (CLASSIC,)) == {CLASSIC}
    assert spoken(GROUP_PROTOCOLS, GROUP_PROTOCOLS) == {CLASSIC, CONSUMER}


def test_a_workers_random_numbers_depend_on_the_seed_and_its_name_alone() -> None:
    first = PLAN.random_of("reader").random()
    assert Plan("another", 7, []).random_of("reader").random() == first
    assert PLAN.random_of("appender").random() != first
    assert Plan("run", 8, []).random_of("reader").random() != first


def test_share_groups_read_the_plain_topic_alone() -> None:
    plan = SharePlan("run", 7, ["aiokafka"])
    assert plan.topics == {plan.plain: SHARE_PARTITIONS}
    assert SHARE_PARTITIONS < MEMBERS
    assert len(set(plan.share_groups)) == 2
    assert all(group.startswith("run-") for group in plan.share_groups)
