"""Which file is what, by its name, and the dump of each kind that is not batches."""

import json
import re

from ....protocol.batch import HEADER_BYTES, RecordBatch
from ....storage.checking.entries import AbortedEntries, OffsetEntries, TimeEntries, read_small
from ....storage.checkpoints import MalformedCheckpoint, decode_lines
from ....storage.files.read_only_files import ReadableFiles
from ....storage.producer_snapshots import decode_snapshot
from .batches import DumpOptions, dump_batches
from .printing import Fields, Printer

_HALF_DONE = re.compile(r"\.(deleted|cleaned|swap)$")
_QUORUM_SNAPSHOT = re.compile(r"(\d{20})-(\d{10})\.checkpoint$")
_OFFSET_CHECKPOINT = re.compile(r"(recovery-point|log-start|replication|cleaner)-offset-checkpoint$")
_PROPERTIES = {"meta.properties": "=", "partition.metadata": ":"}
_JSON = ("quorum-state", ".kafka_cleanshutdown")
_MOST_PROPERTIES_BYTES = 1 << 20


class UnknownFile(Exception):
    """A name that says nothing about what is inside."""


def dump_file(files: ReadableFiles, path: str, printer: Printer, options: DumpOptions) -> None:
    """Everything in one file. UnknownFile for a name that is none of Kafka's, OSError if it cannot be read."""
    name = _HALF_DONE.sub("", path.rpartition("/")[2])
    stem, _, suffix = name.rpartition(".")
    base_offset = int(stem) if len(stem) == 20 and stem.isdecimal() else 0
    if suffix == "log":
        printer.file(path, f"Log starting offset: {base_offset}")
        dump_batches(files, path, printer, options)
    elif suffix == "checkpoint":
        printer.file(path, _about_quorum_snapshot(name))
        dump_batches(files, path, printer, options)
    elif suffix == "index":
        _dump_offset_index(files, path, base_offset, printer, options)
    elif suffix == "timeindex":
        _dump_time_index(files, path, base_offset, printer, options)
    elif suffix == "txnindex":
        _dump_aborted(files, path, printer)
    elif suffix == "snapshot":
        _dump_snapshot(files, path, printer)
    else:
        _dump_text(files, path, name, printer)


def _about_quorum_snapshot(name: str) -> str:
    if match := _QUORUM_SNAPSHOT.match(name):
        return f"Snapshot end offset: {int(match[1])}, epoch: {int(match[2])}"
    return "KRaft bootstrap snapshot"


def _dump_offset_index(
    files: ReadableFiles, path: str, base_offset: int, printer: Printer, options: DumpOptions
) -> None:
    printer.file(path)
    log_path = path.replace(".index", ".log")
    log_bytes = files.size(log_path) if files.exists(log_path) else None
    entries = OffsetEntries(files, path)
    last_offset, last_position = base_offset, -1
    for at, relative_offset, position in entries:
        offset = base_offset + relative_offset
        if not options.index_sanity_check:
            printer.item("offsetIndexEntry", {"offset": offset, "position": position})
        if offset <= last_offset or position <= last_position:
            printer.damage(at, f"offset {offset} at position {position} does not ascend")
        elif log_bytes is not None and not _ends_at(files, log_path, position, log_bytes, offset):
            printer.damage(at, f"no batch that ends at offset {offset} stands at byte {position} of the log")
        last_offset, last_position = max(offset, last_offset), max(position, last_position)
    _end_of_index(entries, path, printer, options)


def _ends_at(files: ReadableFiles, log_path: str, position: int, log_bytes: int, offset: int) -> bool:
    if not 0 <= position <= log_bytes - HEADER_BYTES:
        return False
    return RecordBatch(files.read(log_path, position, HEADER_BYTES)).last_offset == offset


def _dump_time_index(files: ReadableFiles, path: str, base_offset: int, printer: Printer, options: DumpOptions) -> None:
    printer.file(path)
    entries = TimeEntries(files, path)
    last_timestamp, last_offset = -(2**63), 0
    for at, timestamp, relative_offset in entries:
        if not options.index_sanity_check:
            offset = base_offset + relative_offset
            printer.item("timeIndexEntry", {"timestamp": timestamp, "offset": offset})
        if timestamp <= last_timestamp or relative_offset < last_offset:
            printer.damage(at, f"timestamp {timestamp} at relative offset {relative_offset} does not ascend")
        last_timestamp, last_offset = timestamp, relative_offset
    _end_of_index(entries, path, printer, options)


def _end_of_index(entries: OffsetEntries | TimeEntries, path: str, printer: Printer, options: DumpOptions) -> None:
    if entries.problem is not None:
        printer.damage(entries.end, entries.problem)
    elif not entries.end:
        printer.item("note", {"note": f"{path} is empty."})
    elif options.index_sanity_check:
        printer.item("note", {"note": f"{path} passed sanity check."})


def _dump_aborted(files: ReadableFiles, path: str, printer: Printer) -> None:
    printer.file(path)
    entries = AbortedEntries(files, path)
    previous = -1
    for entry in entries:
        fields = {
            "version": entry.version,
            "producerId": entry.producer_id,
            "firstOffset": entry.first_offset,
            "lastOffset": entry.last_offset,
            "lastStableOffset": entry.last_stable_offset,
        }
        printer.item("abortedTransaction", fields)
        if entry.version != 0:
            printer.damage(entry.at, f"version {entry.version}")
        elif entry.last_offset <= previous or entry.first_offset > entry.last_offset:
            printer.damage(entry.at, f"the marker at offset {entry.last_offset} does not ascend")
        previous = entry.last_offset
    if entries.problem is not None:
        printer.damage(entries.end, entries.problem)


def _dump_snapshot(files: ReadableFiles, path: str, printer: Printer) -> None:
    printer.file(path)
    entries = decode_snapshot(read_small(files, path))
    if entries is None:
        printer.damage(None, "its version, its checksum or its length is wrong")
        return
    for entry in entries:
        first = -1 if entry.last_sequence < 0 else (entry.last_sequence - entry.offset_delta) & 0x7FFFFFFF
        fields = {
            "producerId": entry.producer_id,
            "producerEpoch": entry.producer_epoch,
            "coordinatorEpoch": entry.coordinator_epoch,
            "currentTxnFirstOffset": entry.current_txn_first_offset if entry.current_txn_first_offset >= 0 else None,
            "lastTimestamp": entry.timestamp,
            "firstSequence": first,
            "lastSequence": entry.last_sequence,
            "lastOffset": entry.last_offset,
            "offsetDelta": entry.offset_delta,
            "timestamp": entry.timestamp,
        }
        printer.item("producer", fields)


def _dump_text(files: ReadableFiles, path: str, name: str, printer: Printer) -> None:
    """The checkpoints and the small files beside them."""
    if separator := _PROPERTIES.get(name):
        printer.file(path)
        text = read_small(files, path, _MOST_PROPERTIES_BYTES).decode(errors="backslashreplace")
        for line in text.splitlines():
            key, found, value = line.partition(separator)
            if found and not line.startswith("#"):
                printer.item("property", {key.strip(): value.strip()})
    elif name in _JSON:
        printer.file(path)
        data = read_small(files, path, _MOST_PROPERTIES_BYTES)
        try:
            if data:  # Kafka before 3.7 left an empty mark
                printer.item("state", {name: json.loads(data)})
        except ValueError as fault:
            printer.damage(0, f"no JSON: {fault}")
    elif name == "leader-epoch-checkpoint":
        _dump_lines(files, path, ("epoch", "startOffset"), printer)
    elif _OFFSET_CHECKPOINT.match(name):
        _dump_lines(files, path, ("topic", "partition", "offset"), printer)
    else:
        raise UnknownFile(path)


def _dump_lines(files: ReadableFiles, path: str, names: tuple[str, ...], printer: Printer) -> None:
    printer.file(path)
    try:
        for words in decode_lines(read_small(files, path), path):
            first = words[0] if names[0] == "topic" else int(words[0])
            fields: Fields = dict(zip(names, [first, *map(int, words[1:])], strict=True))
            printer.item("entry", fields)
    except MalformedCheckpoint:
        printer.damage(None, "it is no checkpoint of version 0, or its count is wrong")
    except (ValueError, IndexError):
        printer.damage(None, f"an entry is not {' '.join(names)}")
