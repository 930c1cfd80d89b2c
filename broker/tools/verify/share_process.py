"""A member of a share group in a process of its own, so that it can be killed as a whole with records acquired.

Its one rule: the process does one thing after another, as a line on its standard input says, and answers with a line;
it ends with its standard input, so it never outlives the verifier.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .call_thread import CallThread
from .history import Acknowledged, Delivered, Kind, Record, TopicPartition
from .library import ClientError, load

BEGIN_S = 20.0
GRACE_S = 5.0
CLOSE_S = 15.0
MOST_RECORDS = 100
NO_ANSWER = "no answer"


class ShareProcess:
    """The verifier's end of it."""

    def __init__(self, bootstrap: str, group: str, topic: str) -> None:
        self.troubles: list[str] = []
        # A session of its own: an interrupt from the keyboard is for the verifier.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, bootstrap, group, topic],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._thread = CallThread("share-process")
        try:
            self._ask({"do": "begin"}, BEGIN_S)
        except ClientError:
            self.kill()
            raise

    def poll(self, timeout_s: float) -> list[Delivered]:
        answer = self._ask({"do": "poll", "timeout_s": timeout_s}, timeout_s + GRACE_S)
        return [
            Delivered(Record(topic, partition, value, offset), count)
            for topic, partition, value, offset, count in answer["records"]
        ]

    def acknowledge(self, records: Sequence[Acknowledged], timeout_s: float) -> Mapping[TopicPartition, str]:
        chosen = [[one.topic, one.partition, one.offset, kind.name] for one, kind in records]
        answer = self._ask({"do": "acknowledge", "records": chosen, "timeout_s": timeout_s}, timeout_s + GRACE_S)
        found = {TopicPartition(topic, partition): error for topic, partition, error in answer["outcomes"]}
        reasons = {one.record.where: found.get(one.record.where, answer["error"] or NO_ANSWER) for one in records}
        return {where: reason for where, reason in reasons.items() if reason}

    def close(self) -> None:
        """Leaves its group."""
        try:
            self._ask({"do": "close"}, CLOSE_S)
        finally:
            self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.end()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what could not be written any more
                    pipe.close()

    def _ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        answer = self._thread.call(lambda: self._exchange(json.dumps(request)), timeout_s)
        self.troubles += answer["troubles"]
        if answer.get("failed"):
            raise ClientError(str(answer["failed"]))
        return answer

    def _exchange(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise ClientError("the member's process ended")
        found: dict[str, Any] = json.loads(answer)
        return found


class Member:
    """The process's end of it: librdkafka's share consumer, which acknowledges each record explicitly."""

    def __init__(self, kafka: Any, bootstrap: str, group: str, topic: str) -> None:
        self.troubles: list[str] = []
        self._kafka = kafka
        self._consumer = kafka.ShareConsumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "share.acknowledgement.mode": "explicit",
                "max.poll.records": MOST_RECORDS,
                "reconnect.backoff.max.ms": 500,
                "socket.timeout.ms": 10000,
                "log_level": 0,
                "error_cb": self._note,
            }
        )
        self._consumer.subscribe([topic])

    def _note(self, error: Any) -> None:
        self.troubles.append(str(error))

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Does what is asked; never raises what the library raises."""
        try:
            done = self._do(request)
        except self._kafka.KafkaException as error:
            done = {"failed": str(error)}
        except Exception as error:  # the library has more errors than it names
            done = {"failed": f"{type(error).__name__}: {error}"}
        troubles, self.troubles = self.troubles, []
        return {**done, "troubles": troubles}

    def _do(self, request: Mapping[str, Any]) -> dict[str, Any]:
        match request["do"]:
            case "poll":
                return {"records": self._poll(request["timeout_s"])}
            case "acknowledge":
                return self._acknowledge(request["records"], request["timeout_s"])
            case "close":
                self._consumer.close()
                return {}
            case _:
                return {}

    def _poll(self, timeout_s: float) -> list[list[Any]]:
        records: list[list[Any]] = []
        for message in self._consumer.poll(timeout_s):
            if message.error() is not None:
                self.troubles.append(str(message.error()))
                continue
            value = str(message.value(), "utf-8", "replace")
            where = [str(message.topic()), int(message.partition())]
            records.append([*where, value, int(message.offset()), int(message.delivery_count())])
        return records

    def _acknowledge(self, records: Sequence[Sequence[Any]], timeout_s: float) -> dict[str, Any]:
        for topic, partition, offset, kind in records:
            self._consumer.acknowledge_offset(topic, partition, offset, self._kafka.AcknowledgeType[Kind[kind].name])
        try:
            outcomes = self._consumer.commit_sync(float(timeout_s))
        except self._kafka.KafkaException as error:
            return {"outcomes": [], "error": str(error)}
        answered = [
            [str(where.topic), int(where.partition), "" if error is None else str(error)]
            for where, error in outcomes.items()
        ]
        return {"outcomes": answered, "error": ""}


def main(bootstrap: str, group: str, topic: str) -> None:
    """Answers lines until there are no more."""
    member = Member(load("confluent_kafka"), bootstrap, group, topic)
    for line in sys.stdin:
        print(json.dumps(member.answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
