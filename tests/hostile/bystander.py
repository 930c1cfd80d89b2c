"""The bystander: a client that produces one record after the other and notes how long each took.

Run as a process of its own, so that nothing but the broker keeps it waiting. `go` and `stop` come on its standard
input; after `stop` it writes what it has seen as one line of JSON.
"""

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import IO

from odradek.broker.wire import Wire
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.records import NewRecord, build_batch

TOPIC = "bystander"
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Waits:
    """How long the bystander waited for its answers."""

    answers: int
    longest_ms: float
    p99_ms: float


class Bystander:
    """Starts the process; `go`, then `stop`, as often as is needed."""

    def __init__(self, address: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, address.partition(",")[0]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin: IO[str] = self._process.stdin
        self._stdout: IO[str] = self._process.stdout
        assert self._stdout.readline() == "ready\n"

    def go(self) -> None:
        self._say("go")
        assert self._stdout.readline() == "gone\n"

    def stop(self) -> Waits:
        self._say("stop")
        return Waits(**json.loads(self._stdout.readline()))

    def close(self) -> None:
        self._stdin.close()
        self._process.wait(PATIENCE_S)
        self._stdout.close()

    def _say(self, word: str) -> None:
        self._stdin.write(word + "\n")
        self._stdin.flush()


def main(address: str) -> None:
    with Wire(address, timeout_s=PATIENCE_S) as wire:
        topic = CreatableTopic(name=TOPIC, num_partitions=1, replication_factor=1)
        wire.ask(CreateTopicsRequest(topics=[topic]), 7, CreateTopicsResponse)
        produce(wire)
        print("ready", flush=True)
        while sys.stdin.readline():
            is_stopped = threading.Event()
            listener = threading.Thread(target=wait_for_stop, args=[is_stopped])
            listener.start()
            waits = [produce(wire)]
            print("gone", flush=True)
            while not is_stopped.is_set():
                waits.append(produce(wire))
            listener.join()
            waits.sort()
            seen = {"answers": len(waits), "longest_ms": waits[-1], "p99_ms": waits[len(waits) * 99 // 100]}
            print(json.dumps(seen), flush=True)


def wait_for_stop(is_stopped: threading.Event) -> None:
    sys.stdin.readline()
    is_stopped.set()


def produce(wire: Wire) -> float:
    """One record; how many milliseconds until it was acknowledged."""
    batch = build_batch([NewRecord(None, b"x", int(time.time() * 1000))])
    data = TopicProduceData(name=TOPIC, partition_data=[PartitionProduceData(index=0, records=batch)])
    began = time.perf_counter()
    answer = wire.ask(ProduceRequest(acks=-1, timeout_ms=1000, topic_data=[data]), 9, ProduceResponse)
    took = (time.perf_counter() - began) * 1000
    assert answer.responses[0].partition_responses[0].error_code == 0
    return took


if __name__ == "__main__":
    main(sys.argv[1])
