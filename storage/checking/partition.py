"""One partition's directory: which files are there, and whether they agree.

The rule: whatever the names are, only those of Kafka are looked into; what awaits its removal is counted, what a stop
in the middle of something left is reported as such.
"""

from dataclasses import dataclass, field

from ..files.read_only_files import ReadableFiles
from ..log_config import LONG_MAX
from .epochs import EpochsCheck
from .findings import REMOVED, Findings
from .metadata import check_snapshots
from .producers import ProducersCheck
from .segment import LogFacts, SegmentCheck

_SUFFIXES = (".log", ".index", ".timeindex", ".txnindex", ".snapshot")
# Compacted whatever their settings.
_COMPACTED_TOPICS = ("__consumer_offsets", "__transaction_state")
METADATA_TOPIC = "__cluster_metadata"


@dataclass(frozen=True, slots=True)
class Known:
    """What the files around a partition have of it; None where there are none."""

    is_clean: bool = False
    recovery_point: int | None = None
    cleaned_to: int | None = None  # compaction has come this far
    is_compacted: bool = False
    is_replica: bool = False  # of a log that may have been compacted elsewhere, and was copied with its gaps


@dataclass(slots=True)
class PartitionNames:
    """The base offsets of what a directory holds, and the names of what is left over or half done."""

    by_suffix: dict[str, set[int]] = field(default_factory=lambda: {suffix: set[int]() for suffix in _SUFFIXES})
    leftovers: list[str] = field(default_factory=list[str])
    half_done: list[str] = field(default_factory=list[str])


def sort_names(names: list[str]) -> PartitionNames:
    """The names of a partition's directory, by what they are; those that are none of Kafka's are left out."""
    sorted_names = PartitionNames()
    for name in sorted(names):
        stem, _, suffix = name.partition(".")
        is_segment = len(stem) == 20 and stem.isascii() and stem.isdecimal()
        if name.endswith(".deleted"):
            sorted_names.leftovers.append(name)
        elif name.endswith((".cleaned", ".swap", ".tmp", ".checkpoint.part")):
            sorted_names.half_done.append(name)
        elif is_segment and f".{suffix}" in _SUFFIXES:
            sorted_names.by_suffix[f".{suffix}"].add(int(stem))
    return sorted_names


def check_partition(
    files: ReadableFiles, path: str, prefix: str, topic: str, known: Known, findings: Findings, *, is_deep: bool
) -> tuple[int, int]:
    """Look at everything in a partition's directory; returns where its log begins and ends.

    `prefix` is put in front of file names in findings. OSError if the directory or a file cannot be read.
    """
    findings.partitions += 1
    names = sort_names(files.list_directory(path))
    bases = sorted(names.by_suffix[".log"])
    _tell_unfinished(names, prefix, findings)
    if topic == METADATA_TOPIC:
        check_snapshots(files, path, prefix, findings)
    if not bases:
        findings.add(prefix, "it holds no log", "the next start begins an empty one here", is_explained=True)
        return 0, 0
    is_compacted = known.is_compacted or topic in _COMPACTED_TOPICS or bool(known.cleaned_to)
    facts = LogFacts(
        topic,
        known.is_clean,
        known.recovery_point or 0,
        may_skip=is_compacted or known.is_replica,
        is_deep=is_deep,
        next_offset=bases[0],
    )
    epochs = EpochsCheck(files, path, prefix, findings)
    synced_to = LONG_MAX if known.is_clean else facts.recovery_point
    snapshots = sorted(names.by_suffix[".snapshot"])
    producers = ProducersCheck(files, path, prefix, snapshots, findings, synced_to=synced_to)
    producers.begin(bases[0])
    if is_compacted:
        producers.skip_to(bases[-1] if known.cleaned_to is None else known.cleaned_to)
    for base_offset in bases:
        is_last = base_offset == bases[-1]
        check = SegmentCheck(
            files,
            path,
            prefix,
            base_offset,
            facts,
            findings,
            is_last=is_last,
            was_compacted=is_compacted and not is_last and base_offset < (known.cleaned_to or bases[-1]),
        )
        check.run(epochs, producers)
    end = facts.next_offset
    producers.finish(end)
    epochs.finish(end)
    return bases[0], end


def _tell_unfinished(names: PartitionNames, prefix: str, findings: Findings) -> None:
    findings.leftovers += len(names.leftovers)
    for name in names.half_done:
        if name.endswith(".swap"):
            findings.add(
                prefix + name, "a compaction was not finished", "the next start finishes it", is_explained=True
            )
        else:
            findings.add(prefix + name, "it was not finished", REMOVED, is_explained=True)
    logs = names.by_suffix[".log"]
    for suffix in (".index", ".timeindex", ".txnindex"):
        for base_offset in sorted(names.by_suffix[suffix] - logs):
            findings.add(f"{prefix}{base_offset:020d}{suffix}", "an index without its log", REMOVED, is_explained=True)
