"""Records as `consume` and `records` read them: from where to where, and what is shown of each."""

from collections.abc import Iterator, Mapping
from typing import Any

from .client import Failed, Kafka
from .output import printable, text_of
from .positions import Place, shown_time

POLL_S = 0.2
FOLLOWING_WAIT_MS, ENDING_WAIT_MS = 500, 10


def read(kafka: Kafka, starts: Mapping[Place, int], *, follows: bool, is_committed_only: bool = True) -> Iterator[Any]:
    """The messages from these offsets: to the ends that the partitions have, or without end. Failed, KafkaException."""
    isolation = "read_committed" if is_committed_only else "read_uncommitted"
    # The end of a partition is known once a fetch there was answered with nothing: without a reader to come, at once.
    wait_ms = FOLLOWING_WAIT_MS if follows else ENDING_WAIT_MS
    consumer = kafka.consumer(
        enable_partition_eof=True,
        isolation_level=isolation,
        auto_offset_reset="error",
        fetch_wait_max_ms=wait_ms,
    )
    position = kafka.module.TopicPartition
    ended = kafka.module.KafkaError._PARTITION_EOF
    left = set(starts)
    silent_s = 0.0
    try:
        consumer.assign([position(topic, partition, offset) for (topic, partition), offset in starts.items()])
        while left or follows:
            message = consumer.poll(POLL_S)
            if message is None:
                silent_s += POLL_S
                if not follows and silent_s > kafka.timeout_s:
                    raise Failed(f"no answer within {kafka.timeout_s:g} s")
                continue
            silent_s = 0.0
            error = message.error()
            if error is None:
                yield message
            elif error.code() == ended:
                left.discard((message.topic(), message.partition()))
            else:
                raise Failed(f"{message.topic()}-{message.partition()}: {error.str()}")
    finally:
        consumer.close()


def shown(message: Any) -> dict[str, object]:
    """What there is of a message, as JSON has it."""
    _, timestamp_ms = message.timestamp()
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": timestamp_ms,
        "key": text_of(message.key()),
        "value": text_of(message.value()),
        "headers": [[name, text_of(value)] for name, value in message.headers() or ()],
    }


def headers_of(message: Any) -> list[str]:
    """The headers of a message, each as NAME=VALUE."""
    return [printable(f"{name}={text_of(value) or ''}") for name, value in message.headers() or ()]


def line_of(message: Any) -> str:
    """A message for people: place, time, key, headers, value."""
    record = shown(message)
    parts = [f"{message.partition()}:{message.offset()}", shown_time(message.timestamp()[1]) or "-"]
    if record["key"] is not None:
        parts.append(f"key={printable(str(record['key']))}")
    parts += headers_of(message)
    parts.append("-" if record["value"] is None else printable(str(record["value"])))
    return "  ".join(parts)
