"""Collections that look at what is new: in a process of its own, for they are the whole process's."""

import subprocess
import sys

PROGRAM = """
import gc
from odradek.broker.garbage import THRESHOLDS, keep_collections_short, pause_collections

pause_collections()
assert not gc.isenabled()
keep_collections_short()
keep_collections_short()
assert gc.isenabled()
assert gc.get_threshold() == THRESHOLDS
assert gc.get_freeze_count() > 1000
seen = []


def note(phase, info):
    if phase == "start":
        seen.append(sum(len(gc.get_objects(generation)) for generation in range(info["generation"] + 1)))


gc.callbacks.insert(0, note)
kept = [[number] for number in range(300_000)]
# However much is alive, no collection has looked at more than what came since the last.
assert max(seen) < 60_000, max(seen)


class Knot:
    def __init__(self) -> None:
        self.itself = self


gc.collect()
before = gc.get_freeze_count()
for _ in range(100_000):
    Knot()
gc.collect()
# What dies young in a cycle is freed all the same.
assert sum(isinstance(one, Knot) for one in gc.get_objects()) == 0
assert gc.get_freeze_count() < before + 20_000
"""


def test_no_collection_looks_at_all_that_is_alive_and_young_cycles_are_freed() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)
