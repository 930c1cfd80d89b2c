"""The outermost stage of the pipeline: every request as it came, and the answer as the client gets it, if it does."""

from ..deferred import Deferred, Disconnect
from ..network.pipeline import Answer, Proceed, ReceivedRequest, is_deferred
from ..session import Session
from .entries import JournalRequest
from .journal import Journal


class RequestStage:
    """Takes down what passes; it stands before the stage of the faults, so that their work is seen."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        entry, session = self._journal.begin(received), received.session
        try:
            answer = proceed(received)
        except Exception as error:
            self._failed(entry, session, error)
            raise
        if not is_deferred(answer):
            self._answered(entry, session, answer)
            return answer
        observed: Deferred[object] = Deferred()

        def deliver(response: object) -> None:
            self._answered(entry, session, response)
            observed.answer(response)

        def fail(error: Exception) -> None:
            self._failed(entry, session, error)
            observed.fail(error)

        def drop() -> None:
            self._journal.end(entry, session, None, "the client went away before the answer")
            answer.drop()

        observed.on_dropped = drop
        answer.deliver_to(deliver, fail)
        return observed

    def _answered(self, entry: JournalRequest, session: Session, response: object | None) -> None:
        outcome = ""
        if response is None:
            is_unanswered = entry.request.get("acks") == 0
            outcome = "no answer is due" if is_unanswered else "applied, and the answer dropped by a fault"
        elif session.damage is not None:
            outcome = "and the answer's bytes damaged by a fault"
        self._journal.end(entry, session, response, outcome)

    def _failed(self, entry: JournalRequest, session: Session, error: Exception) -> None:
        what = "disconnected" if isinstance(error, Disconnect) else "failed"
        self._journal.end(entry, session, None, f"{what}: {error}")
