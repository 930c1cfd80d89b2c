"""The batches of a `.log` or a `.checkpoint`, one line each, and their records where they are asked for."""

from dataclasses import dataclass

from ....protocol.batch import RecordBatch
from ....protocol.compression import Codec
from ....protocol.records import read_records
from ....protocol.wire import CorruptFrame
from ....storage.checking.batches import BatchWalk, SeenBatch
from ....storage.files.read_only_files import ReadableFiles
from .printing import Fields, Printer
from .records import Decoder, control_fields, plain_text, record_head


@dataclass(frozen=True, slots=True)
class DumpOptions:
    """What Kafka's tool takes, under its names."""

    print_data_log: bool = False
    deep_iteration: bool = False
    skip_record_metadata: bool = False
    index_sanity_check: bool = False
    max_message_size: int = 5 << 20
    max_bytes: int = 2**63 - 1
    decoder: Decoder = plain_text


def dump_batches(files: ReadableFiles, path: str, printer: Printer, options: DumpOptions) -> None:
    """Every batch of a file, up to `max_bytes` of it."""
    size = files.size(path)
    walk = BatchWalk(files, path, 0, size, most_batch_bytes=options.max_message_size)
    next_offset = 0
    for seen in walk:
        if seen.position + seen.batch.size_bytes > options.max_bytes:
            return
        batch = seen.batch
        printer.item("batch", _batch_fields(seen))
        if not seen.is_intact:
            printer.damage(seen.position, f"the checksum of the batch at offset {batch.base_offset} is wrong")
        else:
            if batch.base_offset < next_offset:
                problem = f"offset {batch.base_offset} where at least {next_offset} was expected"
                printer.damage(seen.position, problem)
            next_offset = batch.next_offset
        if options.print_data_log or options.deep_iteration:
            _dump_records(seen, printer, options)
    if walk.problem is not None:
        left = size - walk.position
        printer.damage(walk.position, f"{walk.problem}; {left} invalid bytes at the end")


def _batch_fields(seen: SeenBatch) -> Fields:
    batch = seen.batch
    horizon = batch.base_timestamp if batch.has_delete_horizon else None
    return {
        "baseOffset": batch.base_offset,
        "lastOffset": batch.last_offset,
        "count": batch.records_count,
        "baseSequence": batch.base_sequence,
        "lastSequence": batch.last_sequence,
        "producerId": batch.producer_id,
        "producerEpoch": batch.producer_epoch,
        "partitionLeaderEpoch": batch.partition_leader_epoch,
        "isTransactional": batch.is_transactional,
        "isControl": batch.is_control,
        "deleteHorizonMs": horizon,
        "position": seen.position,
        "LogAppendTime" if batch.has_log_append_time else "CreateTime": batch.max_timestamp,
        "size": batch.size_bytes,
        "magic": batch.magic,
        "compresscodec": _codec_name(batch),
        "crc": batch.crc,
        "isvalid": seen.is_intact,
    }


def _codec_name(batch: RecordBatch) -> str:
    try:
        return Codec(batch.codec).name.lower()
    except ValueError:
        return f"unknown({batch.codec})"


def _dump_records(seen: SeenBatch, printer: Printer, options: DumpOptions) -> None:
    batch = seen.batch
    if not seen.is_whole:
        printer.item("note", {"note": f"not opened: {batch.size_bytes} bytes are above --max-message-size"})
        return
    if not seen.is_intact or (batch.is_control and options.skip_record_metadata):
        return
    try:
        for record in read_records(batch):
            fields = {} if options.skip_record_metadata else dict(record_head(record, batch))
            problem = None
            try:
                if batch.is_control:
                    fields |= control_fields(record)
                elif options.print_data_log:
                    fields |= options.decoder(record)
            except CorruptFrame as fault:
                problem = f"the record at offset {record.offset} cannot be decoded: {fault}"
            printer.item("record", fields)
            if problem is not None:
                printer.damage(seen.position, problem)
    except CorruptFrame as fault:
        printer.damage(seen.position, f"the records of the batch at offset {batch.base_offset}: {fault}")
