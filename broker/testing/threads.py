"""Threads in a test: work that is done at once, or held until the test says so; one at a time, on the test's thread."""

from collections.abc import Callable

from ..runtime import Then


def do_here(work: Callable[[], None], then: Then) -> None:
    """Work that a thread would do, done and followed up by whoever calls."""
    failure: Exception | None = None
    try:
        work()
    except Exception as error:
        failure = error
    then(failure)


class ManualThreads:
    """Threads of a test: each work is done when it is given, unless `holds`, then when `finish` says so."""

    def __init__(self, *, holds: bool = False) -> None:
        self.holds = holds
        self.done = 0
        self._held: list[tuple[Callable[[], None], Then]] = []

    @property
    def held(self) -> int:
        """How many works wait for `finish`."""
        return len(self._held)

    def run(self, work: Callable[[], None], then: Then) -> None:
        self._held.append((work, then))
        if not self.holds:
            self.finish(-1)

    def finish(self, which: int = 0) -> None:
        """The work that was given first comes to its end; or another, counted from it."""
        work, then = self._held.pop(which)
        self.done += 1
        do_here(work, then)

    def finish_all(self) -> None:
        """All of it, with what follows from it."""
        while self._held:
            self.finish()
