"""What a broker finds in its data directory: logs of a great many small batches, stopped cleanly or not.

A client would need minutes to write them; here a broker makes the topic, ends, and its files are filled.
"""

import time
from pathlib import Path

from odradek.protocol.batch import RecordBatch
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import ProduceResponse
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch
from odradek.storage.files.files import OsFiles
from odradek.storage.log import LogCheckpoints, LogLocation, PartitionLog
from odradek.storage.log_config import LogConfig

from ..brokers import BrokerProcess
from .attack import Attacker
from .requests import TOPIC, create, produce

LOGS = 8
_AT_ONCE = 10_000
_RECOVERY_POINTS = "recovery-point-offset-checkpoint"


def cold_sealed_segment(broker: BrokerProcess, batches: int) -> None:
    """A clean stop, and a sealed segment with an aborted transaction and so many small batches."""
    _cold(broker, batches, is_sealed=True)


def cold_active_segment(broker: BrokerProcess, batches: int) -> None:
    """The same in the segment that is written to."""
    _cold(broker, batches, is_sealed=False)


def crashed_logs(broker: BrokerProcess, batches: int) -> None:
    """A kill, and eight logs of so many small batches that may not have reached the disk."""
    attacker = Attacker(broker, batches)
    create(attacker, LOGS)
    attacker.send(produce(LOGS), 9)
    broker.kill()
    for index in range(LOGS):
        path = broker.data_dir / f"{TOPIC}-{index}" / f"{0:020d}.log"
        with path.open("ab") as file:
            for start in range(1, batches, _AT_ONCE):
                file.writelines(_stamped(offset) for offset in range(start, min(start + _AT_ONCE, batches)))


def abort_one(attacker: Attacker) -> None:
    """A transaction of one record in partition 0, aborted."""
    with attacker.connect() as wire:
        init = InitProducerIdRequest(transactional_id="seed", transaction_timeout_ms=60_000)
        producer = wire.ask(init, 4, InitProducerIdResponse)
        who = producer.producer_id, producer.producer_epoch
        add = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id="seed",
            v3_and_below_producer_id=who[0],
            v3_and_below_producer_epoch=who[1],
            v3_and_below_topics=[AddPartitionsToTxnTopic(name=TOPIC, partitions=[0])],
        )
        wire.ask(add, 3, AddPartitionsToTxnResponse)
        stamp = ProducerStamp(*who, 0, is_transactional=True)
        request = produce(1, build_batch([NewRecord(None, b"v", 0)], producer=stamp))
        request.transactional_id = "seed"
        written = wire.ask(request, 9, ProduceResponse)
        assert written.responses[0].partition_responses[0].error_code == 0
        end = EndTxnRequest(transactional_id="seed", producer_id=who[0], producer_epoch=who[1], committed=False)
        assert wire.ask(end, 3, EndTxnResponse).error_code == 0


def _cold(broker: BrokerProcess, batches: int, *, is_sealed: bool) -> None:
    attacker = Attacker(broker, batches)
    create(attacker, 1)
    abort_one(attacker)
    broker.stop()
    points = broker.data_dir / _RECOVERY_POINTS
    line = next(line for line in points.read_text().splitlines() if line.startswith(f"{TOPIC} 0 "))
    end = _fill(broker.data_dir / f"{TOPIC}-0", int(line.split()[2]), batches, is_sealed=is_sealed)
    points.write_text(points.read_text().replace(line, f"{TOPIC} 0 {end}"))


def _fill(directory: Path, end: int, batches: int, *, is_sealed: bool) -> int:
    """Append to a log that was stopped cleanly at `end`, as its broker would; where it ends then."""
    location = LogLocation(OsFiles(), str(directory), TOPIC, 0)
    log = PartitionLog.open(location, LogConfig(), 0, LogCheckpoints(is_clean=True, recovery_point=end))
    assert log.recovery_report.is_clean
    for start in range(0, batches, _AT_ONCE):
        log.append([_SMALL] * min(_AT_ONCE, batches - start), 0, leader_epoch=0, is_from_client=False)
    if is_sealed:
        log.roll(0)
        log.append([_SMALL], 0, leader_epoch=0, is_from_client=False)
    log.close()
    return log.log_end_offset


_SMALL = RecordBatch(build_batch([NewRecord(None, b"", round(time.time() * 1000))]))


def _stamped(offset: int) -> bytes:
    head, rest = _SMALL.stamped(offset, 0)
    return bytes(head) + bytes(rest)
