"""A member of a group in a process of its own: it processes records and commits until it is to leave, or is killed.

Started with an address, a group and a topic; it leaves when its standard input ends. It writes what it does in lines on
stdout, each with the time of the machine's monotonic clock, which all processes share:

    joins TIME
    read PARTITION FIRST LAST TIME        these records are processed, and not committed yet
    committed PARTITION NEXT TIME
    refused ERROR TIME                    the commit of what it read last
    assigned PARTITION,PARTITION TIME     what it has from now on
    left TIME
"""

import os
import sys
import threading
import time
from itertools import groupby
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

MOST = 20
POLL_S = 0.05


def tell(*words: object) -> None:
    print(*words, f"{time.monotonic():.6f}", flush=True)


def consumer(address: str, group: str) -> Any:
    return Consumer(
        {
            "bootstrap.servers": address,
            "group.id": group,
            "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "fetch.wait.max.ms": 100,
        }
    )


def process(member: Any, topic: str, records: list[Any]) -> None:
    """The records are told and committed, partition by partition."""
    places: list[TopicPartition] = []
    by_partition = sorted((record for record in records if record.error() is None), key=lambda r: r.partition())
    for partition, of_one in groupby(by_partition, key=lambda record: record.partition()):
        offsets = [record.offset() for record in of_one]
        assert offsets == list(range(offsets[0], offsets[-1] + 1)), offsets
        tell("read", partition, offsets[0], offsets[-1])
        places.append(TopicPartition(topic, partition, offsets[-1] + 1))
    if not places:
        return
    try:
        for place in member.commit(offsets=places, asynchronous=False):
            if place.error is not None:
                raise KafkaException(place.error)
            tell("committed", place.partition, place.offset)
    except KafkaException as error:
        tell("refused", error.args[0].name())


def await_order(is_leaving: threading.Event) -> None:
    sys.stdin.read()
    is_leaving.set()


def main(address: str, group: str, topic: str) -> None:
    is_leaving = threading.Event()
    threading.Thread(target=await_order, args=[is_leaving], daemon=True).start()
    member = consumer(address, group)
    member.subscribe([topic])
    tell("joins")
    assigned: list[int] | None = None
    while not is_leaving.is_set():
        process(member, topic, member.consume(MOST, POLL_S))
        now = sorted(place.partition for place in member.assignment())
        if now != assigned:
            assigned = now
            tell("assigned", ",".join(map(str, now)) or "-")
    member.close()
    tell("left")


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)
