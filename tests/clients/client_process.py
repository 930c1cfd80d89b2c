"""A transactional client in a process of its own, so that it can be killed without a chance to say good-bye.

It tells what it does in lines on stdout, and leaves at the first error: whoever started it starts it again.
"""

import os
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from .stock_client import DEADLINE_S, Message, StockClient, gather

OPEN = "open"  # a transaction is open and its records are acknowledged
DONE = "done"  # it is committed
BATCH = 1000
# kafka-python breaks a join off where a poll ends, and begins it again in the next: a slow machine needs long polls.
JOIN_S = 3.0

Command = Callable[[StockClient, Mapping[str, str]], None]


class ClientProcess:
    """Runs one of the commands below with a stock client; as a context, until it is killed at the latest."""

    def __init__(self, command: str, client_name: str, bootstrap: str, **arguments: str) -> None:
        words = [command, client_name, bootstrap, *(f"{name}={value}" for name, value in arguments.items())]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.clients.client_process", *words],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._pump = threading.Thread(target=_pump, args=(self._process.stdout, self._lines), daemon=True)
        self._pump.start()

    def __enter__(self) -> "ClientProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def line(self, timeout_s: float = DEADLINE_S) -> str | None:
        """The next thing that it tells; None if it ended. queue.Empty when time runs out."""
        return self._lines.get(timeout=timeout_s) or None

    def kill(self) -> None:
        """Ends it with SIGKILL."""
        self._process.kill()
        self._process.wait()
        self._pump.join()


def _pump(stdout: IO[str], lines: queue.SimpleQueue[str]) -> None:
    with stdout:
        for line in stdout:
            lines.put(line.strip())
    lines.put("")


def tell(line: str) -> None:
    print(line, flush=True)


def hold(client: StockClient, arguments: Mapping[str, str]) -> None:
    """Opens a transaction of ten records, and neither ends it nor itself."""
    producer = client.transactional(arguments["transactional_id"], timeout_ms=int(arguments["timeout_ms"]))
    producer.begin()
    for number in range(10):
        producer.send(arguments["topic"], Message(b"held-%d" % number))
    producer.flush()
    tell(OPEN)
    threading.Event().wait()


def copy(client: StockClient, arguments: Mapping[str, str]) -> None:
    """Consumes, transforms and produces, each batch in one transaction with the offsets of its group."""
    source, target = arguments["source"], arguments["target"]
    # the producer first: it ends what an earlier life left open, before the offsets are read
    producer = client.transactional(arguments["transactional_id"])
    member = client.member(
        arguments["group"], source, instance_id=arguments["transactional_id"], isolation="read_committed"
    )
    while True:
        messages = member.poll(JOIN_S)
        if messages:
            messages += gather(member.poll, BATCH - len(messages), 1.0)  # and whatever else the last poll brings
        for first in range(0, len(messages), BATCH):
            batch = messages[first : first + BATCH]
            producer.begin()
            for message in batch:
                producer.send(target, Message(b"copy-%s" % (message.value or b""), partition=message.partition))
            producer.flush()
            tell(OPEN)
            producer.send_offsets(member, source, {one.partition: one.offset + 1 for one in batch})
            producer.commit()
            tell(f"{DONE} {len(batch)}")


COMMANDS: Mapping[str, Command] = {"hold": hold, "copy": copy}

if __name__ == "__main__":
    from .conftest import CLIENTS

    _, command_word, name, address, *pairs = sys.argv
    try:
        COMMANDS[command_word](CLIENTS[name](address), dict(pair.split("=", 1) for pair in pairs))
    except BaseException:
        traceback.print_exc()
    os._exit(1)  # without a good-bye here, too: no library gets the chance to end or to hang
