"""Histories of share groups written by hand: the clock stands where a test puts it."""

from odradek.broker.tools.verify.check_shares import ShareSettings
from odradek.broker.tools.verify.connection_watch import BROKER
from odradek.broker.tools.verify.history import (
    Acknowledged,
    Delivered,
    Disconnected,
    History,
    Kind,
    Phase,
    Record,
    ShareAcknowledge,
    ShareLeave,
    SharePoll,
)
from odradek.broker.tools.verify.share_facts import ShareFacts

from .story import A, Story, at

G = "g"
LOCK_S = 10.0
LIMIT = 3
SETTINGS = ShareSettings([G], LOCK_S, LIMIT)
ONE, TWO = at(A, 0, "one"), at(A, 1, "two")


class ShareStory(Story):
    """Members m, n, … of the group g."""

    def __init__(self) -> None:
        super().__init__()
        self.time_s = 0.0
        self.history = History(lambda: self.time_s)

    def after(self, seconds: float) -> "ShareStory":
        self.time_s += seconds
        return self

    def asks(self, member: str) -> "ShareStory":
        self.add(member, Phase.INVOKE, SharePoll(G))
        return self

    def is_given(self, member: str, record: Record, number: int = 1) -> "ShareStory":
        self.add(member, Phase.OK, SharePoll(G, (Delivered(record, number),)))
        return self

    def gets(self, member: str, record: Record, number: int = 1) -> "ShareStory":
        """In a poll before which there was another: it was surely acquired after what came before."""
        return self.asks(member).asks(member).is_given(member, record, number)

    def begins(self, member: str, kind: Kind, record: Record) -> "ShareStory":
        self.add(member, Phase.INVOKE, ShareAcknowledge(G, (Acknowledged(record, kind),)))
        return self

    def ends(self, member: str, kind: Kind, record: Record, phase: Phase = Phase.OK) -> "ShareStory":
        self.add(member, phase, ShareAcknowledge(G, (Acknowledged(record, kind),)))
        return self

    def says(self, member: str, kind: Kind, record: Record, phase: Phase = Phase.OK) -> "ShareStory":
        return self.begins(member, kind, record).ends(member, kind, record, phase)

    def goes(self, member: str, *, is_killed: bool = True) -> "ShareStory":
        self.add(member, Phase.INVOKE, ShareLeave(G, is_killed))
        return self

    def loses(self, of: str = BROKER) -> "ShareStory":
        self.add("watch", Phase.OK, Disconnected(of))
        return self

    def wrote(self, *records: Record) -> "ShareStory":
        self.send("p", None, *records)
        return self

    def shares(self) -> ShareFacts:
        return ShareFacts.of(self.history.operations())
