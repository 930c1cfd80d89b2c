"""Partitions on disk: files and arithmetic. No sockets, no event loop, no clock (times are arguments).

The data directory is Apache Kafka's, name by name and byte by byte, so that its tools read ours and we read its own.
All integers are big-endian. `directory.py` owns the top, `log.py` one partition; only `files/` touches the disk.

The top

    .lock                               empty; locked by the one broker that may use the directory
    meta.properties                     node.id, directory.id, version=1, cluster.id; ids are 22-character base64 uuids;
                                        in a comment the CRC-32C of those lines
    .kafka_cleanshutdown                {"version":0,"brokerEpoch":n}; from a clean stop to the next start
    recovery-point-offset-checkpoint    per partition: everything below is on the disk for good
    log-start-offset-checkpoint         per partition: everything below was deleted by request
    replication-offset-checkpoint       per partition: the high watermark; a replica begins with it
    cleaner-offset-checkpoint           per compacted partition: compaction has come this far; costs only work if lost
    <topic>-<partition>/                split at the last dash
    <topic>-<partition>.<32 hex>-delete/    deleted, swept up at the next start at the latest
    <topic>-<partition>.<32 hex>-stray/     of no topic that the metadata log knows; never removed
    bootstrap.checkpoint                Apache Kafka's format: the first records of a cluster that never started

    __cluster_metadata-0/               the cluster: topics, settings, features, producer ids, as a log of records
        <20 digits>-<10 digits>.checkpoint  a snapshot: all its records below that offset, the last of that epoch

A checkpoint is text: `0` (version), the number of entries, then `topic partition offset` a line. It is replaced whole:
written beside, synced, renamed, the directory synced. One that is malformed stops the start.

A partition

    partition.metadata                  `version: 0`, `topic_id: <22 characters>`, no newline at the end
    leader-epoch-checkpoint             text as above, `epoch first-offset` a line
    <20 digits>.log                     a segment; the digits are the offset of its first record
    <20 digits>.index                   offset index, from the segment's first indexed batch on
    <20 digits>.timeindex               time index
    <20 digits>.txnindex                aborted transactions; only where there are any
    <20 digits>.snapshot                the producers as they are after all records below that offset
    *.deleted                           renamed by retention or compaction, removed after file.delete.delay.ms
    *.cleaned                           being written by compaction; removed
    *.swap                              written whole by compaction; takes its place, unless a .cleaned is beside it
    *.tmp                               half done; removed

Field by field, with an example that a test keeps true: docs/data-directory.md.

What may be lost, and how it comes back

The log files are the truth; everything else in a partition is derived from them. An append is one write at a known
position; a failed one is cut off again. Index entries gather in memory and are written before a segment is synced,
sealed or closed. Nothing is synced before it is acknowledged unless flush.messages or flush.ms ask for it (group commit
in the broker): by default, as in Kafka, a kill of the process loses nothing, a power loss what the system had not
written.

Without the clean-shutdown mark, or when a log does not end where its recovery point has it, every segment that reaches
beyond the recovery point is read: size, magic, checksum and ascending offsets of each batch. At the first bad batch the
log ends. Indexes, aborted transactions, epochs and producers are derived anew; the producers from the newest snapshot
at or below the first segment read. Below the recovery point nothing is cut while an index still finds good batches
behind the damage; the damaged bytes stay, and reading them is refused (CORRUPT_MESSAGE).

Replicas

A follower's segments hold its leader's bytes; its indexes, producers and aborted transactions are derived from them as
they come, its leader epochs are the batches' own. Where both part, by their epochs, it is cut and copies again; before
that nothing stays on record beyond the cut. What its leader had compacted comes with its gaps. The high watermark is no
more than a number in memory, written down with the recovery points.

Compaction

A pass notes where the newest record of each key stands in the part of the log that is dirty, and writes what is left of
every segment below that into `.cleaned` files (small neighbours into one). They are synced, renamed to `.swap`, `.log`
last; the directory is synced; the old files become `.deleted`, the new ones get their names, `.log` last again. So
`.log.swap` means that the new segment is whole and the old ones are to go, and a start finishes what it finds. A pass
reads every checksum and gives up at the first wrong one: damage is never written down anew as if it were sound.

The order of reading: log_api.py for what is asked of a log, log.py for the parts it is put together of; then
segments.py, segment.py, file_records.py, read_batches.py, indexes/ for the way of a batch; producer_state.py,
replay.py, recovery.py, flushing.py, disk_job.py for what is remembered; validation.py, segment_roll.py, retention.py
for the rules; compaction/ for what survives of a compacted log; log_replication.py, high_watermark.py,
epoch_truncation.py for replicas. checking/ looks at a directory without touching it.
"""
