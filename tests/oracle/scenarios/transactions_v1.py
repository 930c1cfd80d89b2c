"""The classic transaction protocol, as clients speak it that know of no other."""

from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
)
from odradek.protocol.messages.produce import PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData

from ..batches import TRANSACTIONAL, batch
from ..observe import look
from ..transaction_harness import Transactor, find_group, sort_partitions, transaction_version
from ..wire_session import Dialogue, scenario


@scenario
def commit_and_abort(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders", 2)
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        one.describe("new")
        one.add("add", topic, 0, 1)
        one.add("add again", topic, 0)
        one.describe("ongoing without data")
        one.produce("write to 0", topic, 0, [b"a", b"b"])
        one.produce("write to 1", topic, 0, index=1)
        one.produce("write to 0 again", topic, 2)
        one.produce("a repeat", topic, 2)
        one.describe("ongoing")
        look(d, "open", topic)
        one.end("commit", commit=True)
        one.describe("committed")
        look(d, "committed", topic)
        one.add("the next", topic, 0)
        one.produce("write", topic, 3)
        one.end("abort", commit=False)
        one.describe("aborted")
        look(d, "aborted", topic)
        look(d, "the other partition", topic, 1)


@scenario
def ends_in_every_state(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        for version in range(5):
            one.end(f"commit of nothing v{version}", commit=True, version=version)
            one.end(f"abort of nothing v{version}", commit=False, version=version)
        one.add("add", topic)
        one.end("commit", commit=True)
        for version in range(5):
            one.end(f"commit again v{version}", commit=True, version=version)
            one.end(f"abort after commit v{version}", commit=False, version=version)
        one.add("add once more", topic)
        one.end("abort", commit=False)
        for version in range(5):
            one.end(f"abort again v{version}", commit=False, version=version)
            one.end(f"commit after abort v{version}", commit=True, version=version)
        look(d, "at last", topic)


@scenario
def refused_ends(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        one.init("init again")
        one.add("add", topic)
        nobody, nameless = Transactor(d, "nobody"), one.twin()
        nameless.id = ""
        for version in range(6):
            nobody.end(f"an unknown id v{version}", commit=True, version=version, pid=one.producer_id, epoch=0)
            nameless.end(f"no id v{version}", commit=True, version=version)
            one.end(f"another producer v{version}", commit=True, version=version, pid=one.producer_id + 5000)
            one.end(f"no producer v{version}", commit=True, version=version, pid=-1, epoch=-1)
            one.end(f"an old epoch v{version}", commit=True, version=version, epoch=one.epoch - 1)
            one.end(f"a coming epoch v{version}", commit=True, version=version, epoch=one.epoch + 1)
        one.describe("still open")
        one.end("commit", commit=True)


@scenario
def sessions(d: Dialogue) -> None:
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("first", version=0)
        for version in range(1, 6):
            one.init(f"next v{version}", version=version)
        pid, epoch = one.producer_id, one.epoch
        one.init("expected", expected=(pid, epoch))
        one.init("expected, again", expected=(pid, epoch))
        for version in (3, 4, 5):
            one.init(f"an older epoch v{version}", version=version, expected=(pid, epoch - 1))
            one.init(f"a coming epoch v{version}", version=version, expected=(pid, epoch + 9))
            one.init(f"another producer v{version}", version=version, expected=(pid + 5000, 0))
            one.init(f"half an id v{version}", version=version, expected=(pid, -1))
            one.init(f"half an epoch v{version}", version=version, expected=(-1, 3))
        for timeout_ms in (0, -1, 900_000, 900_001):
            one.init(f"timeout {timeout_ms}", timeout_ms=timeout_ms)
        one.describe("with its timeout")
        nameless = one.twin()
        nameless.id = ""
        for version in (0, 5):
            nameless.init(f"no id v{version}", version=version)
        nameless.init("no id and no timeout", timeout_ms=0)
        Transactor(d, "unknown").init("an unknown id that expects", expected=(pid, 7))
        Transactor(d, "unknown too").init("an unknown id that expects nonsense", expected=(123456789, 32767))


@scenario
def a_new_session_ends_the_old_one(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        one.add("add", topic)
        one.produce("write", topic, 0)
        old = one.twin()
        one.init_after_abort("the new session")
        one.describe("after it")
        for version in range(4):
            old.add(f"the old one adds v{version}", topic, version=version)
            old.add_offsets(f"the old one adds offsets v{version}", "g", version=version)
        for version in range(6):
            old.end(f"the old one commits v{version}", commit=True, version=version)
            old.end(f"the old one aborts v{version}", commit=False, version=version)
        for version in (3, 10, 11, 12):
            old.produce(f"the old one writes v{version}", topic, 1, version=version)
        for version in range(6):
            old.commit_offsets(f"the old one commits offsets v{version}", find_group(d), topic, 5, version=version)
        old.init("the old one asks", expected=(old.producer_id, old.epoch))
        look(d, "after all", topic)


@scenario
def a_fence_by_who_knows_itself(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        one.add("add", topic)
        one.produce("write", topic, 0)
        pid, epoch = one.producer_id, one.epoch
        one.init("an older self", expected=(pid, epoch - 1) if epoch else (pid, 77))
        one.await_end()
        one.init("itself", expected=(pid, epoch))
        one.await_end()
        one.describe("after the fence")
        one.init("itself again", expected=(pid, epoch))
        one.init("with the epoch of the markers", expected=(pid, epoch + 1))
        one.init("without a claim")
        look(d, "at last", topic)


@scenario
def partitions_that_cannot_be_added(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders", 2)
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        nobody, nameless = Transactor(d, "nobody"), one.twin()
        nameless.id = ""
        for version in range(4):
            one.add(f"an unknown topic v{version}", d.name("nope"), version=version)
            one.add(f"one known and one unknown partition v{version}", topic, 0, 9, version=version)
            one.add(f"an internal topic v{version}", "__consumer_offsets", version=version)
            one.add(f"the other internal topic v{version}", "__transaction_state", version=version)
            nobody.add(f"an unknown id v{version}", topic, version=version, pid=one.producer_id, epoch=0)
            nameless.add(f"no id v{version}", topic, version=version)
            one.add(f"another producer v{version}", topic, version=version, pid=one.producer_id + 5000)
            one.add(f"a coming epoch v{version}", topic, version=version, epoch=one.epoch + 1)
            one.add(f"both wrong v{version}", d.name("nope"), version=version, epoch=one.epoch + 1)
        one.describe("nothing was added")
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=one.id,
            v3_and_below_producer_id=one.producer_id,
            v3_and_below_producer_epoch=one.epoch,
            v3_and_below_topics=[],
        )
        d.ask("no partitions", request, 3, AddPartitionsToTxnResponse)
        one.describe("ongoing with no partitions")
        one.end("commit of it", commit=True)
        one.describe("committed")


@scenario
def batches_of_transactions(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders", 2)
    with transaction_version(d, 1):
        one, other = Transactor(d, "one"), Transactor(d, "other")
        one.init("init")
        other.init("init the other")

        def entry(
            who: Transactor, *indexes: int, verify: bool = False, epoch: int = 0, name: str = ""
        ) -> AddPartitionsToTxnTransaction:
            return AddPartitionsToTxnTransaction(
                transactional_id=who.id,
                producer_id=who.producer_id,
                producer_epoch=epoch,
                verify_only=verify,
                topics=[AddPartitionsToTxnTopic(name=name or topic, partitions=indexes)],
            )

        for version in (4, 5):
            for label, entries in {
                "verify before": [entry(one, 0, verify=True)],
                "add": [entry(one, 0)],
                "verify": [entry(one, 0, verify=True)],
                "verify more": [entry(one, 0, 1, verify=True)],
                "verify with a coming epoch": [entry(one, 0, verify=True, epoch=3)],
                "verify an unknown partition": [entry(one, 0, 7, verify=True)],
                "verify an unknown topic": [entry(one, 0, verify=True, name="nope")],
                "add for two": [entry(one, 1), entry(other, 0)],
                "add for one rightly": [entry(one, 9), entry(other, 1)],
            }.items():
                request = AddPartitionsToTxnRequest(transactions=entries)
                answer = d.wire.ask(request, version, AddPartitionsToTxnResponse)
                for result in answer.results_by_transaction:
                    sort_partitions(result.topic_results)
                found = sorted(answer.results_by_transaction, key=lambda result: result.transactional_id)
                d.note(f"{label} v{version}", [answer.error_code, found])
            one.describe(f"one v{version}")
            one.end(f"end v{version}", commit=True)
            other.end(f"end the other v{version}", commit=True)


@scenario
def writes_that_belong_to_no_transaction(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders", 2)
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        for version in (3, 8, 10, 11):
            one.produce(f"never added v{version}", topic, 0, version=version)
        one.add("add", topic)
        one.produce("without an id", topic, 0, transactional_id=None)
        one.produce("with an empty id", topic, 0, transactional_id="")
        one.produce("with an unknown id", topic, 0, transactional_id=d.name("nobody"))
        one.produce("to another partition", topic, 0, index=1)
        one.produce("of another producer", topic, 0, pid=one.producer_id + 5000)
        one.produce("to an unknown partition", topic, 0, index=7)
        one.produce("first in the middle", topic, 5)
        one.produce("rightly", topic, 0)
        one.produce("plainly amid the transaction", topic, 1, is_transactional=False)
        one.produce("after a gap", topic, 3)
        one.produce("next", topic, 1)
        data = [
            PartitionProduceData(
                index=index,
                records=batch(
                    [b"x"], attributes=TRANSACTIONAL, producer_id=one.producer_id + index, producer_epoch=0, sequence=0
                ),
            )
            for index in (0, 1)
        ]
        topics = [TopicProduceData(name=topic, partition_data=data)]
        two = ProduceRequest(transactional_id=one.id, acks=-1, topic_data=topics)
        answer = d.wire.ask(two, 9, ProduceResponse)
        found = answer.responses[0].partition_responses
        d.note("two producers in one request", sorted(found, key=lambda one: one.index))
        one.produce("with a coming epoch", topic, 2, epoch=5)
        one.end("commit", commit=True)
        for version in (3, 10, 11):
            one.produce(f"late v{version}", topic, 2, version=version)
        look(d, "at last", topic)


@scenario
def a_transaction_takes_too_long(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init", timeout_ms=200)
        one.add("add", topic)
        one.produce("write", topic, 0)
        one.await_abort()
        one.describe("timed out")
        pid, epoch = one.producer_id, one.epoch
        for version in range(4):
            one.add(f"add v{version}", topic, version=version)
        for version in range(6):
            one.end(f"commit v{version}", commit=True, version=version, is_believed=False)
            one.end(f"abort v{version}", commit=False, version=version, is_believed=False)
        one.produce("write late", topic, 1)
        one.init("as itself", expected=(pid, epoch))
        one.init("anew")
        look(d, "at last", topic)
