"""PeerTransactionChecks: whether a transactional write may be appended, asked of the broker that knows (KIP-890).

The rule: nothing of a transaction is appended before its coordinator has the partition on record, and its followers
have that record, too: else nobody would ever end the transaction there.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from ...protocol.errors import ErrorCode, KafkaError
from ..config.replication_config import ReplicationConfig
from ..coordination.result import ResponseFuture
from ..coordination.transactions.coordinator import TransactionResponse, refused
from ..coordination.transactions.verification import TransactionalWrite, WriteCheck
from ..runtime import Runtime
from ..topic_names import TRANSACTION_TOPIC
from ..topics.partition import Partition
from .peer_calls import PeerCalls

if TYPE_CHECKING:
    from ..context import Context

Then = Callable[[WriteCheck], None]


class PeerTransactionChecks:
    """The checks of the writes to one broker."""

    def __init__(self, calls: PeerCalls, config: ReplicationConfig, runtime: Runtime) -> None:
        self._calls = calls
        self._config = config
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._checks: WeakSet[WriteCheck] = WeakSet()  # those whose write has not been appended yet, and a few more

    def note_marker(self, partition: Partition, producer_id: int) -> None:
        """A marker was appended here."""
        for check in self._checks:
            check.note_marker(partition, producer_id)

    def begin(self, write: TransactionalWrite, then: Then, *, may_retry: bool) -> None:
        """As TransactionChecks has it."""
        check = WriteCheck(write)
        self._checks.add(check)
        give_up_s = self._clock.now() + (self._config.add_partitions_retry_s if may_retry else 0)
        self._ask(check, then, give_up_s)

    def _ask(self, check: WriteCheck, then: Then, give_up_s: float) -> None:
        own = self._calls.own
        index = own.transactions.partition_of(check.write.transactional_id)
        leader = self._calls.leader_of(TRANSACTION_TOPIC, index)
        take = partial(self._take, check, then, give_up_s)
        if leader is None:
            take(ErrorCode.COORDINATOR_NOT_AVAILABLE)
        else:
            self._calls.call(leader, partial(_look_at, check.write), take)

    def _take(self, check: WriteCheck, then: Then, give_up_s: float, code: ErrorCode | None) -> None:
        again_s = self._clock.now() + self._config.add_partitions_backoff_s
        is_ending = code is ErrorCode.CONCURRENT_TRANSACTIONS and check.write.client.speaks_v2
        if is_ending and again_s <= give_up_s:
            self._timers.call_at(again_s, partial(self._ask, check, then, give_up_s))
            return
        check.error = ErrorCode.NETWORK_EXCEPTION if code is None else code
        then(check)


def _look_at(write: TransactionalWrite, context: "Context", answer: Callable[[ErrorCode], None]) -> None:
    """At the coordinator: as AddPartitionsToTxn of a broker, which only verifies where the client adds by itself."""
    at = (write.partition.topic, write.partition.index)
    future: ResponseFuture[TransactionResponse] = ResponseFuture(lambda response: answer(response.error), refused)
    try:
        context.topics.partition(*at)
    except KafkaError as error:
        future.refuse(error.code)
        return
    transactions = context.transactions
    ask = transactions.add_partition_of_write if write.client.speaks_v2 else transactions.verify_partition
    ask(write.transactional_id, write.producer, at, future)
