"""What a check reports: one finding for each thing that is not as it should be, and how much was looked at.

The rule: a finding reports where, what, and what the broker will make of it. Of a file with a thousand faults a few are
reported, and the number of the others.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

MOST_PER_FILE = 20

# What becomes of it: the words that findings share.
CUT = "the next start cuts the log off here"
REFUSED = "the bytes stay, and reading them is refused (CORRUPT_MESSAGE)"
BUILT_ANEW = "it is built anew if the file is removed, and in any case above the recovery point after an unclean stop"
REMOVED = "the next start removes it"
STARTS_NOT = "the broker refuses to start until the file is put right or removed"


class Finding(NamedTuple):
    """One thing that is wrong; `path` is below the checked directory, `is_explained` by a stop that was not clean."""

    path: str
    problem: str
    consequence: str
    position: int | None = None
    offset: int | None = None
    is_explained: bool = False


@dataclass(slots=True)
class Findings:
    """Everything found so far, in order, and the counts of what was looked at."""

    found: list[Finding] = field(default_factory=list[Finding])
    partitions: int = 0
    segments: int = 0
    batches: int = 0
    size_bytes: int = 0
    leftovers: int = 0  # deleted partitions and segments that wait for their removal: no fault
    _per_file: dict[str, int] = field(default_factory=dict[str, int])

    def add(
        self,
        path: str,
        problem: str,
        consequence: str,
        *,
        position: int | None = None,
        offset: int | None = None,
        is_explained: bool = False,
    ) -> None:
        """Note one fault."""
        count = self._per_file[path] = self._per_file.get(path, 0) + 1
        if count <= MOST_PER_FILE:
            self.found.append(Finding(path, problem, consequence, position, offset, is_explained))

    def include(self, name: str, other: "Findings") -> None:
        """Take over what was found in a directory of this one."""
        self.found += [one._replace(path=f"{name}/{one.path}") for one in other.finish()]
        self.partitions += other.partitions
        self.segments += other.segments
        self.batches += other.batches
        self.size_bytes += other.size_bytes
        self.leftovers += other.leftovers

    def finish(self) -> list[Finding]:
        """All of it, with a line for each file that had more faults than were written down."""
        rest = [
            Finding(path, f"{count - MOST_PER_FILE} more faults like these", "see above")
            for path, count in self._per_file.items()
            if count > MOST_PER_FILE
        ]
        return self.found + rest
