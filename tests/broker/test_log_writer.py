"""Lines to a pipe that is read, or not."""

import os
from collections.abc import Callable, Iterable, Iterator

import pytest

from odradek.broker.log_writer import MOST_WAITING_BYTES, LogWriter


def lost(count: int) -> str:
    return f"{count} lost"


_made: list[LogWriter] = []


def writer_to(
    descriptor: int,
    lost_line: Callable[[int], str],
    later_lines: Callable[[], Iterable[str] | None] = lambda: None,
) -> LogWriter:
    _made.append(LogWriter(descriptor, lost_line, later_lines))
    return _made[-1]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)  # what is being written ends with it
    while _made:
        _made.pop().close()


def read_until(reader: int, end: bytes) -> bytes:
    found = b""
    while not found.endswith(end):
        found += os.read(reader, 1 << 20)
    return found


def test_lines_are_written_in_their_order(pipe: tuple[int, int]) -> None:
    writer = writer_to(pipe[1], lost)
    for number in range(100):
        writer.put(f"line {number}")
    writer.drain()
    assert writer.waiting_bytes == 0
    assert read_until(pipe[0], b"line 99\n") == b"".join(b"line %d\n" % number for number in range(100))


def test_nobody_waits_for_a_pipe_that_is_not_read_and_what_was_lost_is_counted(pipe: tuple[int, int]) -> None:
    writer = writer_to(pipe[1], lost)
    line = "x" * 9999
    for _ in range(500):
        writer.put(line)
    assert writer.waiting_bytes <= MOST_WAITING_BYTES
    writer.drain()  # comes back
    assert writer.waiting_bytes > 0
    accounted = written = 0
    while accounted < 500:  # the count of what was lost may come in parts
        *found, count = read_until(pipe[0], b" lost\n").decode().splitlines()
        counts = [one for one in [*found, count] if one != line]
        written += len(found) + 1 - len(counts)
        accounted += len(found) + 1 - len(counts) + sum(int(one.removesuffix(" lost")) for one in counts)
    assert (accounted, written < 500) == (500, True)


def test_a_descriptor_that_does_not_wait_itself_is_waited_for(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    writer = writer_to(pipe[1], lost)
    for _ in range(50):
        writer.put("x" * 9999)
    assert len(read_until(pipe[0], b"x\n")) % 10_000 == 0
    while writer.waiting_bytes:
        os.read(pipe[0], 1 << 20)
        writer.drain()


def test_a_descriptor_that_fails_loses_its_lines_and_nothing_else() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    writer = writer_to(full, lost)
    writer.put("a")
    writer.drain()
    assert writer.waiting_bytes == 0
    os.close(full)


def test_lines_that_become_due_later_are_written_without_another(pipe: tuple[int, int]) -> None:
    later = [["later"]]
    writer = writer_to(pipe[1], lost, lambda: later.pop() if later else None)
    writer.put("now")
    assert read_until(pipe[0], b"later\n") == b"now\nlater\n"


def test_text_that_is_no_unicode_is_written_all_the_same(pipe: tuple[int, int]) -> None:
    writer = writer_to(pipe[1], lost)
    writer.put("\ud800")
    assert read_until(pipe[0], b"\n") == b"\\ud800\n"
