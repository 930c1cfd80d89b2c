"""Each setting of topics that has an effect, changed while the broker runs: of the topic, of this broker, of all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle

import pytest

from odradek.broker.config.config_def import broker_config_def, topic_config_def
from odradek.broker.config.effects import topic_settings_in_effect
from odradek.protocol.metadata_records import ConfigResourceType

from ..brokers import OdradekBroker
from ..oracle.apache_kafka import ApacheKafka
from .changed_settings import ChangeableBroker, ChangedTopic, Level, sizes, until_seen, words

SETTINGS: Mapping[str, str] = {
    "log.retention.check.interval.ms": "50",
    "log.initial.task.delay.ms": "50",
    "log.flush.offset.checkpoint.interval.ms": "50",
    "log.flush.scheduler.interval.ms": "50",
    "log.segment.delete.delay.ms": "50",
    "log.cleaner.backoff.ms": "20",
    # Nothing is compacted unless a topic, or a change, wants it so.
    "log.cleaner.min.cleanable.ratio": "1.0",
    "log.cleaner.min.compaction.lag.ms": "86400000",
}
# A record of another step begins a segment; the topic wants to be compacted at once.
STEPS = {"segment.ms": "1000"}
EAGER = {
    **STEPS,
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.01",
    "min.compaction.lag.ms": "0",
    "delete.retention.ms": "0",
}
HOUR_MS = 3_600_000


def _but(configs: Mapping[str, str], name: str) -> Mapping[str, str]:
    return {key: value for key, value in configs.items() if key != name}


def old_records_go(topic: ChangedTopic) -> None:
    topic.began_ms -= 2 * HOUR_MS
    topic.write(b"old")
    assert topic.begins_at() == 0
    topic.set(str(HOUR_MS))
    until_seen(lambda: topic.begins_at() == 1, "retention takes what is too old")


def what_is_too_much_goes(topic: ChangedTopic) -> None:
    for age in range(3):
        topic.write(bytes(1000), age=age)
    assert topic.begins_at() == 0
    topic.set("1500")
    until_seen(lambda: topic.begins_at() == 1, "retention takes what is too much")


def it_is_deleted_then_compacted_then_both(topic: ChangedTopic) -> None:
    topic.began_ms -= 2 * HOUR_MS
    for age in range(3):
        topic.write(b"%d" % age, age=age)
    topic.write(b"last", key=b"last", age=3)
    assert topic.first().offset == 0
    topic.set("compact")
    until_seen(lambda: topic.first().offset == 2, "the latest value is left")
    topic.restart_producer()
    with pytest.raises(Exception, match=r"(?i)INVALID_RECORD|invalid|87"):
        topic.write(b"no key", key=None)
    topic.set("compact,delete")
    topic.broker.change(ConfigResourceType.TOPIC, topic.topic, "retention.ms", str(HOUR_MS))
    until_seen(lambda: topic.begins_at() == 4, "retention takes the rest")


def segments_end_by_size(topic: ChangedTopic) -> None:
    for _ in range(2):
        topic.write(bytes(700_000))
    assert len(topic.files()) == 1
    topic.set("1048576")
    topic.write(bytes(700_000))
    assert len(topic.files()) == 2


def segments_end_by_time(topic: ChangedTopic) -> None:
    for age in range(2):
        topic.write(b"v", age=age)
    assert len(topic.files()) == 1
    topic.set("1000")
    topic.write(b"v", age=3)
    assert len(topic.files()) == 2


def segments_end_before_their_time(topic: ChangedTopic) -> None:
    """Steps of exactly segment.ms: without jitter every other one begins a segment, with it nearly every one."""
    for age in range(-16, -8):
        topic.write(b"v", age=age)
    assert len(topic.files()) == 4
    topic.set("10000")
    for age in range(-8, 1):
        topic.write(b"v", age=age)
    assert len(topic.files()) > 10


def segments_end_by_their_index(topic: ChangedTopic) -> None:
    for _ in range(20):
        topic.write(b"v")
    topic.set("40")
    topic.write(b"v", age=1)  # in a segment whose index is that small
    assert len(topic.files()) == 2
    for _ in range(20):
        topic.write(b"v", age=1)
    assert len(topic.files()) >= 4


def more_is_indexed(topic: ChangedTopic) -> None:
    for age in range(2):
        for _ in range(5):
            topic.write(bytes(100), age=age)
        topic.set("10")
    topic.write(b"", age=2)
    until_seen(lambda: sizes(topic.files(".index"))[1] > 0, "the second segment has index entries")
    assert sizes(topic.files(".index"))[0] == 0


def longer_batches_are_refused(topic: ChangedTopic) -> None:
    topic.write(bytes(1000))
    topic.set("500")
    with pytest.raises(Exception, match=r"(?i)too ?large|too_large|larger than the max"):
        topic.write(bytes(1000))
    topic.restart_producer()
    topic.set("2000")
    assert topic.write(bytes(1000)) == 1


def the_broker_gives_the_time(topic: ChangedTopic) -> None:
    topic.write(b"v")
    topic.set("LogAppendTime")
    topic.write(b"v")
    first, second = topic.client.read(topic.topic, 2)
    assert [first.has_log_append_time, second.has_log_append_time] == [False, True]
    assert (first.timestamp_ms or 0) == topic.began_ms < (second.timestamp_ms or 0)


def older_times_are_refused(topic: ChangedTopic) -> None:
    topic.write(b"v")
    topic.set("1000")
    with pytest.raises(Exception, match=r"(?i)timestamp"):
        topic.write(b"v")


def later_times_are_taken(topic: ChangedTopic) -> None:
    topic.began_ms += 3 * HOUR_MS
    with pytest.raises(Exception, match=r"(?i)timestamp"):
        topic.write(b"v")
    topic.restart_producer()
    topic.set(str(24 * HOUR_MS))
    assert topic.write(b"v") == 0


def batches_are_compressed_anew(topic: ChangedTopic) -> None:
    text = words(200)
    topic.write(text)
    topic.set("zstd")
    topic.write(text)
    first, second = topic.batches()
    assert (first.codec, second.codec) == (0, 4)
    assert len(second.view) < len(first.view)
    assert [one.value for one in topic.client.read(topic.topic, 2)] == [text, text]


def _compressed_harder_or_less(level: int) -> Callable[[ChangedTopic], None]:
    def run(topic: ChangedTopic) -> None:
        text = words(5000)
        topic.write(text)
        topic.set(str(level))
        topic.write(text)
        first, second = topic.batches()
        assert first.codec == second.codec != 0
        assert len(first.view) != len(second.view)
        assert [one.value for one in topic.client.read(topic.topic, 2)] == [text, text]

    return run


def answers_wait_for_the_disk(topic: ChangedTopic) -> None:
    topic.write(b"v")
    topic.set("1")
    topic.write(b"v")
    until_seen(lambda: topic.recovery_point() == 2, "what was acknowledged need not be recovered")


def deleted_files_stay_for_as_long(topic: ChangedTopic) -> None:
    topic.began_ms -= 2 * HOUR_MS
    topic.set("3600000")
    topic.write(b"old", age=0)
    until_seen(lambda: topic.begins_at() == 1, "retention takes the first")
    until_seen(lambda: len(topic.files(".log.deleted")) == 1, "its file is kept for an hour")
    topic.set("0")
    topic.write(b"old", age=0)
    until_seen(lambda: topic.begins_at() == 2, "retention takes the second")
    until_seen(lambda: len(topic.files(".log.deleted")) == 1, "its file is gone at once")


def _write_dirt(topic: ChangedTopic) -> None:
    for age in range(2):
        topic.write(b"%d" % age, age=age)
    topic.write(b"last", key=b"last", age=2)


def _compacted_once_set_to(value: str) -> Callable[[ChangedTopic], None]:
    def run(topic: ChangedTopic) -> None:
        _write_dirt(topic)
        witness = ChangedTopic(topic.broker, f"{topic.topic}-witness", "topic", "retention.ms", "retention.ms")
        witness.create(EAGER)
        _write_dirt(witness)
        until_seen(lambda: witness.first().offset == 1, "the cleaner has passed")
        witness.close()
        assert topic.first().offset == 0
        topic.set(value)
        until_seen(lambda: topic.first().offset == 1, "the topic is compacted")

    return run


def tombstones_go_once_nobody_waits(topic: ChangedTopic) -> None:
    """How long a tombstone stays is decided as it is first compacted (KIP-534)."""
    topic.write(b"v", key=b"before")
    topic.write(None, key=b"before", age=1)
    topic.write(b"last", key=b"last", age=2)
    until_seen(lambda: topic.first().offset == 1, "the tombstone is left")
    topic.set("0")
    topic.write(None, key=b"after", age=3)
    ages = iter(range(4, 1000))

    def is_gone() -> bool:
        topic.write(b"last", key=b"last", age=next(ages))  # a pass needs something new
        return b"after" not in [one.key for one in topic.all()]

    until_seen(is_gone, "the tombstone goes")
    assert topic.first().offset == 1


@dataclass(frozen=True)
class Effect:
    """What a topic has of its own while its setting is changed, and how the change shows."""

    run: Callable[[ChangedTopic], None]
    configs: Mapping[str, str] = field(default_factory=dict[str, str])


EFFECTS: Mapping[str, Effect] = {
    "cleanup.policy": Effect(
        it_is_deleted_then_compacted_then_both, {**_but(EAGER, "cleanup.policy"), "retention.ms": "-1"}
    ),
    "compression.gzip.level": Effect(_compressed_harder_or_less(1), {"compression.type": "gzip"}),
    "compression.lz4.level": Effect(_compressed_harder_or_less(1), {"compression.type": "lz4"}),
    "compression.type": Effect(batches_are_compressed_anew),
    "compression.zstd.level": Effect(_compressed_harder_or_less(15), {"compression.type": "zstd"}),
    "delete.retention.ms": Effect(tombstones_go_once_nobody_waits, _but(EAGER, "delete.retention.ms")),
    "file.delete.delay.ms": Effect(deleted_files_stay_for_as_long, {"retention.ms": str(HOUR_MS)}),
    "flush.messages": Effect(answers_wait_for_the_disk),
    "flush.ms": Effect(answers_wait_for_the_disk),
    "index.interval.bytes": Effect(more_is_indexed, STEPS),
    "internal.segment.bytes": Effect(segments_end_by_size),
    "max.compaction.lag.ms": Effect(_compacted_once_set_to("1"), _but(EAGER, "min.cleanable.dirty.ratio")),
    "max.message.bytes": Effect(longer_batches_are_refused),
    "message.timestamp.after.max.ms": Effect(later_times_are_taken),
    "message.timestamp.before.max.ms": Effect(older_times_are_refused),
    "message.timestamp.type": Effect(the_broker_gives_the_time),
    "min.cleanable.dirty.ratio": Effect(_compacted_once_set_to("0.01"), _but(EAGER, "min.cleanable.dirty.ratio")),
    "min.compaction.lag.ms": Effect(_compacted_once_set_to("0"), _but(EAGER, "min.compaction.lag.ms")),
    "retention.bytes": Effect(what_is_too_much_goes, STEPS),
    "retention.ms": Effect(old_records_go),
    "segment.bytes": Effect(segments_end_by_size),
    "segment.index.bytes": Effect(segments_end_by_their_index, {**STEPS, "index.interval.bytes": "0"}),
    "segment.jitter.ms": Effect(segments_end_before_their_time, {"segment.ms": "10000"}),
    "segment.ms": Effect(segments_end_by_time),
}


def _cases() -> Iterator[tuple[Level, str, str]]:
    """(level, topic setting, the name it is changed under); what stands behind it at one of the two levels in turn."""
    behind: tuple[Level, ...] = ("own", "default")
    levels = cycle(behind)
    for name in EFFECTS:
        yield "topic", name, name
        for synonym in topic_config_def()[name].synonyms:
            if not broker_config_def()[synonym].is_read_only:
                yield next(levels), name, synonym


def test_every_setting_of_topics_that_has_an_effect_is_in_the_table() -> None:
    assert set(EFFECTS) == topic_settings_in_effect()


def test_one_replica_is_in_sync_with_itself_whatever_min_insync_replicas_asks_for(
    changeable: ChangeableBroker, topic: str
) -> None:
    """Apache Kafka holds it to the number of replicas, and so has nobody wait for a second node."""
    seen = ChangedTopic(changeable, topic, "topic", "min.insync.replicas", "min.insync.replicas")
    try:
        seen.create({})
        seen.set("2")
        assert seen.write(b"v") == 0
        with pytest.raises(AssertionError, match=r"Invalid value 0 for configuration min\.insync"):
            seen.set("0")
    finally:
        seen.close()


@pytest.fixture(scope="module")
def changeable(tmp_path_factory: pytest.TempPathFactory, is_oracle: bool) -> Iterator[ChangeableBroker]:
    directory = tmp_path_factory.mktemp("changeable")
    process = ApacheKafka(directory, SETTINGS) if is_oracle else OdradekBroker(directory, SETTINGS)
    process.start()
    broker = ChangeableBroker(process)
    yield broker
    broker.close()
    process.kill()


@pytest.mark.parametrize(("level", "name", "changed_as"), list(_cases()))
def test_a_change_takes_effect_while_the_broker_runs(
    changeable: ChangeableBroker, topic: str, level: Level, name: str, changed_as: str
) -> None:
    seen = ChangedTopic(changeable, topic, level, name, changed_as)
    try:
        seen.create(EFFECTS[name].configs)
        EFFECTS[name].run(seen)
    finally:
        seen.close()
