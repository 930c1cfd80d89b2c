"""Long work in slices: a generator that yields wherever the event loop may be let in.

It yields None where it may pause, or a call that takes long and touches nothing shared (a compression, an fsync):
the driver has it run on another thread, or at once if it has none, before it goes on. Nothing here knows the time:
how many pauses make a slice is the driver's business.
"""

from collections.abc import Callable, Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Step: TypeAlias = Callable[[], None] | None
Steps: TypeAlias = Generator[Step, None, T]


def in_thread(work: Callable[[], T]) -> Steps[T]:
    """Have `work` done on another thread; what it returns, or raises, comes out here."""
    done: list[T] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            done.append(work())
        except Exception as error:
            failed.append(error)

    yield run
    if failed:
        raise failed[0]
    return done[0]


def run_to_end(steps: Steps[T]) -> T:
    """All the work here and now, without a pause."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        if step is not None:
            step()
