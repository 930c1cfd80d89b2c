"""Kafka's text checkpoints: a version line, a count line, then one entry a line.

A malformed file is an error and never an empty one: the number it should have held guards data.
"""

from collections.abc import Callable, Iterable, Mapping

from .files.files import Files

TopicPartition = tuple[str, int]

_VERSION = "0"


class MalformedCheckpoint(OSError):
    """A checkpoint that does not hold what it should; the directory needs a person to look at it."""


def encode_lines(lines: Iterable[str]) -> bytes:
    """The bytes of a checkpoint with these entries."""
    entries = list(lines)
    return "".join(f"{line}\n" for line in [_VERSION, str(len(entries)), *entries]).encode()


def decode_lines(data: bytes, path: str) -> list[list[str]]:
    """The entries of a checkpoint, each split at its blanks."""
    try:
        version, count, *lines = data.decode().split("\n")
        entries = [line.split() for line in lines if line]
        if version.strip() == _VERSION and len(entries) == int(count):
            return entries
    except ValueError:
        pass
    raise MalformedCheckpoint(f"{path} is malformed")


def read_offsets(files: Files, path: str) -> dict[TopicPartition, int]:
    """The offset of each partition; none when the file does not exist."""
    try:
        data = files.read(path, 0, files.size(path))
    except FileNotFoundError:
        return {}
    offsets: dict[TopicPartition, int] = {}
    try:
        for topic, partition, offset in decode_lines(data, path):
            offsets[topic, int(partition)] = int(offset)
    except ValueError as error:
        raise MalformedCheckpoint(f"{path} is malformed: {error}") from error
    return offsets


def offsets_writer(
    files: Files, path: str, offsets: Mapping[TopicPartition, int], *, is_synced: bool = True
) -> Callable[[], None]:
    """A call, good once and on any thread, that replaces the file by what the offsets are now.

    Durably, unless that does not matter.
    """
    lines = (f"{topic} {partition} {offset}" for (topic, partition), offset in offsets.items())
    return files.whole_writer(path, encode_lines(lines), is_synced=is_synced)
