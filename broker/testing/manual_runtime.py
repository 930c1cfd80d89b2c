"""A runtime for a test: hand-turned clock, threads under its control, and chance from a seed."""

import random

from ..runtime import Runtime
from .clock import ManualClock
from .threads import ManualThreads


def manual_runtime(clock: ManualClock | None = None, threads: ManualThreads | None = None, seed: int = 0) -> Runtime:
    """A world that stands still."""
    clock = clock or ManualClock()
    return Runtime(clock, clock, threads or ManualThreads(), random.Random(seed))
