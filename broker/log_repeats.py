"""RepeatLimit: lines of one kind beyond so many a second are counted instead of written.

What a client does a hundred thousand times a second is not a hundred thousand lines, nor is it nothing.
"""

MOST_A_SECOND = 100
_WINDOW_S = 1.0
_MOST_KINDS = 1000


class _Window:
    """What one kind of line did since a moment."""

    __slots__ = ("began", "held_back", "seen")

    def __init__(self, began: float) -> None:
        self.began = began
        self.seen = 0
        self.held_back = 0


class RepeatLimit:
    """Counts lines by their kind; `now` is monotonic seconds."""

    def __init__(self, most: int = MOST_A_SECOND) -> None:
        self._most = most
        self._windows: dict[tuple[str, ...], _Window] = {}
        self._held_back = 0

    @property
    def holds_back(self) -> bool:
        """Whether there are lines that `take_ended` will report."""
        return self._held_back > 0

    def admits(self, kind: tuple[str, ...], now: float) -> bool:
        """Whether one more line of this kind is written."""
        window = self._windows.get(kind)
        if window is None or (now - window.began >= _WINDOW_S and not window.held_back):
            if len(self._windows) >= _MOST_KINDS:
                self._windows = {kind: window for kind, window in self._windows.items() if window.held_back}
            window = self._windows[kind] = _Window(now)
        window.seen += 1
        if window.seen <= self._most:
            return True
        window.held_back += 1
        self._held_back += 1
        return False

    def take_ended(self, now: float) -> list[tuple[tuple[str, ...], int]]:
        """The kinds of which lines were held back, and how many, where the second is over; now, or never again."""
        ended = [kind for kind, window in self._windows.items() if window.held_back and now - window.began >= _WINDOW_S]
        return [(kind, self._end(kind)) for kind in ended] if self._held_back else []

    def _end(self, kind: tuple[str, ...]) -> int:
        count = self._windows.pop(kind).held_back
        self._held_back -= count
        return count
