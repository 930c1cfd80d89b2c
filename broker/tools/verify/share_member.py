"""Members of share groups: they accept, release and reject, hold records for too long, leave, and die with records."""

from .history import Acknowledged, Delivered, Disconnected, Kind, Phase, ShareAcknowledge, ShareLeave, SharePoll
from .library import Library, ShareConsumer, SharingLibrary
from .worker import Run, Worker

POLL_S = 0.5
ACKNOWLEDGE_S = 10.0
OVERLONG = 1.3  # times the lock


class ShareMember(Worker):
    """One member, over and over again; locks last `lock_s`."""

    def __init__(
        self, name: str, run: Run, library: Library, sharing: SharingLibrary, group: str, topic: str, lock_s: float
    ) -> None:
        super().__init__(name, run, library)
        self._sharing = sharing
        self._group, self._topic, self._lock_s = group, topic, lock_s
        self._member: ShareConsumer | None = None

    def turn(self) -> None:
        member = self._member or self._start()
        self.note(Phase.INVOKE, SharePoll(self._group))
        found = member.poll(POLL_S)
        self._note_troubles(member)
        if not found:
            return
        self.note(Phase.OK, SharePoll(self._group, tuple(found)))
        if self.happens(0.02):
            self.let_go()
            return
        if self.happens(0.03):
            self.stop.wait(self._lock_s * self.random.uniform(0.1, OVERLONG))
        cut = self.random.randint(1, len(found)) if self.random.random() < 0.3 else len(found)
        chosen = [self._choose(one) for one in found]
        for part in (chosen[:cut], chosen[cut:]):
            if part:
                self._acknowledge(member, tuple(part))
        if self.happens(0.01):
            self._leave()

    def _start(self) -> ShareConsumer:
        self.instance += 1
        member = self._member = self._sharing.share_consumer(self._group, self._topic)
        return member

    def _choose(self, delivered: Delivered) -> Acknowledged:
        chance = 1.0 if self.run.calm.is_set() else self.random.random()
        kind = Kind.RELEASE if chance < 0.15 else Kind.REJECT if chance < 0.18 else Kind.ACCEPT
        return Acknowledged(delivered.record, kind)

    def _acknowledge(self, member: ShareConsumer, records: tuple[Acknowledged, ...]) -> None:
        self.note(Phase.INVOKE, ShareAcknowledge(self._group, records))
        refused = member.acknowledge(records, ACKNOWLEDGE_S)
        self._note_troubles(member)
        confirmed = tuple(one for one in records if one.record.where not in refused)
        unknown = tuple(one for one in records if one.record.where in refused)
        if confirmed:
            self.note(Phase.OK, ShareAcknowledge(self._group, confirmed))
        if unknown:
            self.note(Phase.INFO, ShareAcknowledge(self._group, unknown), "; ".join(sorted(set(refused.values()))))

    def _note_troubles(self, member: ShareConsumer) -> None:
        if member.troubles:
            self.note(Phase.OK, Disconnected(self.process), member.troubles[-1])
            member.troubles.clear()

    def _leave(self) -> None:
        member, self._member = self._member, None
        if member is not None:
            self.note(Phase.INVOKE, ShareLeave(self._group, is_killed=False))
            member.close()

    def let_go(self) -> None:
        """Dies without a word, with all that it holds."""
        member, self._member = self._member, None
        if member is not None:
            self.note(Phase.INVOKE, ShareLeave(self._group, is_killed=True))
            member.kill()

    def finish(self) -> None:
        self._leave()
