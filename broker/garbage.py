"""Short garbage collections, for a process that is a broker and nothing else.

Python's collector looks at every object that is alive, again and again: with a million of them (ten thousand open logs,
a hundred thousand groups) each look takes half a second, in which no client is served. Nearly all that a broker keeps
is in no cycle and goes by its reference count. So what has survived a full collection is not looked at again, and a
collection sees only what has come since the last. The price: a cycle that was alive then, and dies later, is never
freed. Full collections come with growth, not with time, so what is lost so is a fraction of what has grown.

A start makes little garbage and much that stays: collections wait until it is over, and save a tenth of it.
"""

import gc
from typing import Final

# New objects until the youngest are looked at, and how many such looks lead to one at the older: some six thousand
# objects at most are looked at in one go, a few milliseconds.
THRESHOLDS: Final = (700, 3, 1)


def pause_collections() -> None:
    """Until `keep_collections_short`."""
    gc.disable()


def keep_collections_short() -> None:
    """From now on; what is there by now, imported modules above all, is not looked at any more."""
    gc.set_threshold(*THRESHOLDS)
    if _freeze_survivors not in gc.callbacks:
        gc.callbacks.append(_freeze_survivors)
    gc.freeze()
    gc.enable()


def _freeze_survivors(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()
