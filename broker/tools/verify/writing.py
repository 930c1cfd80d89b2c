"""A producer whose every call is in the history: what appenders, sequencers and copiers write with."""

from collections.abc import Callable, Sequence

from .history import Begin, Detail, End, History, Init, Offsets, Phase, Record, Send, SendOffsets
from .library import ClientError, Consumer, Producer
from .worker import CALL_S


class WritingProcess:
    """One producer of one process, named as in the history; `transactional_id` is "" without transactions."""

    def __init__(self, history: History, name: str, transactional_id: str, producer: Producer) -> None:
        self.name = name
        self.transactional_id = transactional_id
        self._history = history
        self._producer = producer
        self._transactions = 0
        self._values = 0
        self.transaction: str | None = None

    def init(self) -> None:
        """Fences older owners of the transactional id."""
        self._do(Init(self.transactional_id), lambda: self._producer.init_transactions(CALL_S))

    def begin(self) -> str:
        """Begins a transaction and returns its name."""
        self._transactions += 1
        transaction = f"{self.name}.{self._transactions}"
        self._do(Begin(transaction, self.transactional_id), self._producer.begin)
        self.transaction = transaction
        return transaction

    def new_value(self) -> str:
        """A value that nobody else sends."""
        self._values += 1
        return f"{self.transaction or self.name}:{self._values}"

    def send(self, records: Sequence[Record]) -> None:
        """Sends and waits; ClientError unless all were acknowledged."""
        self._history.add(self.name, Phase.INVOKE, Send(self.transaction, tuple(records)))
        delivery = self._producer.send(records, CALL_S)
        answered = tuple(
            record._replace(offset=offset) for record, offset in zip(records, delivery.offsets, strict=True)
        )
        phase = Phase.OK if delivery.is_complete else Phase.INFO
        self._history.add(self.name, phase, Send(self.transaction, answered), delivery.error)
        if not delivery.is_complete:
            raise ClientError(delivery.error)

    def send_offsets(self, offsets: Offsets, group: str, consumer: Consumer) -> None:
        assert self.transaction is not None
        detail = SendOffsets(self.transaction, group, offsets)
        self._do(detail, lambda: self._producer.send_offsets(offsets, group, consumer, CALL_S))

    def commit(self) -> None:
        """Commits; on ClientError the outcome is anybody's guess."""
        assert self.transaction is not None
        self._do(End(self.transaction, is_commit=True), lambda: self._producer.commit(CALL_S))
        self.transaction = None

    def abort(self) -> None:
        assert self.transaction is not None
        self._do(End(self.transaction, is_commit=False), lambda: self._producer.abort(CALL_S))
        self.transaction = None

    def close(self) -> None:
        self._producer.close()

    def abandon(self) -> None:
        """As if killed: an open transaction stays open."""
        self._producer.abandon()

    def _do(self, detail: Detail, call: Callable[[], None]) -> None:
        self._history.add(self.name, Phase.INVOKE, detail)
        try:
            call()
        except ClientError as error:
            self._history.add(self.name, Phase.INFO, detail, str(error))
            raise
        self._history.add(self.name, Phase.OK, detail)
