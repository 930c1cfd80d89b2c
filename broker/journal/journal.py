"""The journal of one cluster: what clients asked and were answered, and what was decided, in one order.

The one rule: it looks, and changes nothing. What is off is not there: without a journal no stage is in the pipeline,
and nobody is called.
"""

from collections.abc import Callable, Sequence

from ..answers.request_names import names_of
from ..apis import TABLE
from ..config.config_def import nearest
from ..faults.rule import api_of
from ..network.pipeline import ReceivedRequest
from ..runtime import Clock
from ..session import Session
from .entries import Decision, JournalEntry, JournalRequest, Subject
from .ring import Ring
from .summary import NameOf, summarise

_NAMES = {key: api_of(key) for key in TABLE}
_API_NAMES = {name.lower(): name for name in _NAMES.values()}


class _Book:
    """What there is once, however many brokers a cluster has."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.number = 0
        self.begun: dict[int, tuple[JournalRequest, float]] = {}  # by connection: what is not answered yet
        self.cause: JournalRequest | None = None


class Journal:
    """Takes down requests and decisions; `name_of` is given when the cluster has topics."""

    def __init__(
        self, clock: Clock, ring: Ring | None = None, *, broker: int | None = None, book: _Book | None = None
    ) -> None:
        """With a `book` it goes on in that of another; `broker` is the one of several that it is kept at."""
        self._clock = clock
        self._broker = broker
        self._book = book or _Book(Ring() if ring is None else ring)
        self.name_of: NameOf = lambda topic_id: None

    def at(self, broker: int) -> "Journal":
        """The same journal, as one broker of several writes it."""
        return Journal(self._clock, broker=broker, book=self._book)

    @property
    def ring(self) -> Ring:
        """The entries."""
        return self._book.ring

    @property
    def cause(self) -> JournalRequest | None:
        """The request whose handler runs, at whichever broker it came in."""
        return self._book.cause

    @cause.setter
    def cause(self, cause: JournalRequest | None) -> None:
        self._book.cause = cause

    # What happens

    def begin(self, received: ReceivedRequest) -> JournalRequest:
        """A request has come."""
        header, session = received.header, received.session
        summary = summarise(received.body, header.api_version, self.name_of)
        names = names_of(received.body, self.name_of)
        entry = JournalRequest(
            self._next(),
            self._clock.now_ms(),
            _NAMES[header.api_key],
            header.api_version,
            header.client_id or "",
            session.connection,
            summary.fields,
            names.topics,
            names.partitions,
            names.groups,
            names.transactional_ids,
            session.principal,
            self._broker,
        )
        entry.size_bytes += summary.size_bytes
        self._book.begun[id(session)] = (entry, self._clock.now())
        self.ring.append(entry)
        return entry

    def begun(self, session: Session) -> JournalRequest | None:
        """The request of this connection that is being worked on."""
        found = self._book.begun.get(id(session))
        return None if found is None else found[0]

    def end(self, entry: JournalRequest, session: Session, response: object | None, outcome: str = "") -> None:
        """What became of a request: an answer, or what there was in its place."""
        begun = self._book.begun.get(id(session))
        if begun is not None and begun[0] is entry:
            del self._book.begun[id(session)]
            entry.took_ms = round((self._clock.now() - begun[1]) * 1000, 3)
        entry.outcome = outcome
        if response is not None:
            summary = summarise(response, entry.version, self.name_of)
            entry.answer, entry.errors = summary.fields, summary.errors
            self.ring.grow(entry, summary.size_bytes)

    def decide(
        self,
        subject: Subject,
        name: str,
        what: str,
        cause: JournalRequest | None = None,
        *,
        fenced: tuple[int, int] | None = None,
    ) -> None:
        """A coordinator or a log has decided something."""
        entry = Decision(
            self._next(),
            self._clock.now_ms(),
            subject,
            name,
            what,
            0 if cause is None else cause.number,
            fenced,
            self._broker,
        )
        entry.size_bytes += len(what)
        self.ring.append(entry)

    def _next(self) -> int:
        self._book.number += 1
        return self._book.number

    # To be looked at

    def entries(self) -> Sequence[JournalEntry]:
        """Everything that has not been forgotten, the oldest first."""
        return list(self.ring)

    def find(self, number: int) -> JournalRequest | None:
        """The request of this number."""
        return next((one for one in self._requests() if one.number == number), None)

    def requests(
        self,
        api: str | None = None,
        client_id: str | None = None,
        topic: str | None = None,
        group: str | None = None,
    ) -> Sequence[JournalRequest]:
        """The requests that fit all that is given. ValueError for an API that there is not."""
        known = None if api is None else _checked_api(api)
        return [
            one
            for one in self._requests()
            if (known is None or one.api == known)
            and (client_id is None or one.client_id == client_id)
            and (topic is None or topic in one.topics)
            and (group is None or group in one.groups)
        ]

    def decisions(self, fits: Callable[[Decision], bool]) -> Sequence[Decision]:
        """The decisions that fit."""
        return [one for one in self.ring if isinstance(one, Decision) and fits(one)]

    def find_fencing(self, transactional_id: str, epoch: int) -> Decision | None:
        """What shut a producer of this id out that comes with this epoch; the oldest, if it was shut out again.

        Of the state that is there: what came before another one was brought back is none of its doing.
        """
        found: Decision | None = None
        for one in self.ring:
            if not isinstance(one, Decision):
                continue
            if one.subject == "cluster":
                found = None
            elif found is None and one.name == transactional_id and one.fenced is not None and one.fenced[1] >= epoch:
                found = one
        return found

    def _requests(self) -> Sequence[JournalRequest]:
        return [one for one in self.ring if isinstance(one, JournalRequest)]


def _checked_api(name: str) -> str:
    known = _API_NAMES.get(name.lower().replace("_", ""))
    if known is None:
        raise ValueError(f"there is no API {name!r}{nearest(name, _API_NAMES.values())}")
    return known
