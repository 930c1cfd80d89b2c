"""Transactions V2 (KIP-890): writes add their partitions by themselves, and every end bumps the epoch.

Also what these requests are answered where transaction.version is 0, and clients of both protocols with one id.
"""

from ..observe import committed, fetch_from, look
from ..transaction_harness import V1_END, V2_END, V2_PRODUCE, Transactor, find_group, transaction_version
from ..wire_session import Dialogue, scenario


def begin(d: Dialogue, base: str = "id", *, timeout_ms: int = 60_000) -> Transactor:
    one = Transactor(d, base, end_version=V2_END)
    one.init(f"init {base}", timeout_ms=timeout_ms)
    return one


@scenario
def commit_and_abort(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders", 2)
    one = begin(d)
    one.produce("write to 0", topic, 0, [b"a", b"b"], version=V2_PRODUCE)
    one.produce("write to 1", topic, 0, index=1, version=V2_PRODUCE)
    one.produce("write to 0 again", topic, 2, version=V2_PRODUCE)
    one.produce("a repeat", topic, 2, version=V2_PRODUCE)
    one.describe("ongoing")
    look(d, "open", topic)
    one.end("commit", commit=True)
    one.describe("committed")
    look(d, "committed", topic)
    one.produce("goes on where it was", topic, 3, version=V2_PRODUCE)
    one.produce("begins anew", topic, 0, version=V2_PRODUCE)
    one.end("abort", commit=False)
    one.describe("aborted")
    look(d, "aborted", topic)
    look(d, "the other partition", topic, 1)


@scenario
def ends_in_every_state(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    one = begin(d)
    one.end("commit of nothing", commit=True)
    epoch = one.epoch
    one.end("abort of nothing", commit=False)
    one.describe("aborted nothing")
    one.end("that abort again", commit=False, epoch=epoch)
    one.end("a commit instead", commit=True, epoch=epoch)
    one.produce("write", topic, 0, version=V2_PRODUCE)
    epoch = one.epoch
    one.end("an old epoch while open: commit", commit=True, epoch=epoch - 1)
    one.end("an old epoch while open: abort", commit=False, epoch=epoch - 1)
    one.end("commit", commit=True)
    one.end("commit again", commit=True, epoch=epoch, is_believed=False)
    one.end("abort instead", commit=False, epoch=epoch)
    one.end("an epoch before", commit=True, epoch=epoch - 1)
    one.end("commit of nothing after a commit", commit=True)
    one.end("abort of nothing after a commit", commit=False)
    one.end("abort of nothing after an abort", commit=False)
    one.end("commit of nothing after an abort", commit=True)
    one.produce("write again", topic, 0, version=V2_PRODUCE)
    epoch = one.epoch
    one.end("abort", commit=False)
    one.end("abort again", commit=False, epoch=epoch, is_believed=False)
    one.end("commit instead", commit=True, epoch=epoch)
    one.end("a coming epoch", commit=False, epoch=one.epoch + 3)
    one.init("a new session")
    one.end("of the session before: abort", commit=False, epoch=one.epoch - 1)
    one.end("of the session before: commit", commit=True, epoch=one.epoch - 1)
    look(d, "at last", topic)


@scenario
def late_requests_of_the_transaction_before(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    group = find_group(d)
    one = begin(d)
    for commit in (True, False):
        name = "commit" if commit else "abort"
        one.produce(f"write, then {name}", topic, 0, version=V2_PRODUCE)
        old = one.twin()
        one.end(name, commit=commit)
        old.produce(f"a late write after {name}", topic, 1, version=V2_PRODUCE)
        old.produce(f"a late write of the old kind after {name}", topic, 1, version=11)
        old.add(f"late partitions after {name}", topic)
        old.add_offsets(f"a late group after {name}", group)
        old.commit_offsets(f"late offsets after {name}", group, topic, 5, version=5)
        one.produce(f"the next write after {name}", topic, 0, version=V2_PRODUCE)
        old.produce(f"a late write amid the next after {name}", topic, 1, version=V2_PRODUCE)
        old.end(f"a late end amid the next after {name}", commit=True)
        old.add(f"late partitions amid the next after {name}", topic)
        one.end(f"and commit after {name}", commit=True)
    look(d, "at last", topic)


@scenario
def refused_writes(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders", 2)
    one = begin(d)
    for version in (12,):
        one.produce(f"without an id v{version}", topic, 0, version=version, transactional_id=None)
        one.produce(f"with an empty id v{version}", topic, 0, version=version, transactional_id="")
        one.produce(f"with an unknown id v{version}", topic, 0, version=version, transactional_id=d.name("nobody"))
        one.produce(f"of another producer v{version}", topic, 0, version=version, pid=one.producer_id + 5000)
        one.produce(f"to an unknown partition v{version}", topic, 0, index=7, version=version)
        one.produce(f"to an unknown topic v{version}", d.name("nope"), 0, version=version)
    one.describe("not begun")
    one.produce("a coming epoch", topic, 0, version=V2_PRODUCE, epoch=one.epoch + 1)
    one.produce("rightly", topic, 0, index=1, version=V2_PRODUCE)
    one.produce("a gap", topic, 5, index=1, version=V2_PRODUCE)
    one.end("commit", commit=True)
    one.produce("a beginning that is none", topic, 4, index=1, version=V2_PRODUCE)
    one.describe("refused, and yet begun")
    one.end("abort", commit=False)
    look(d, "at last", topic, 1)


@scenario
def refused_ends(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    one = begin(d)
    one.produce("write", topic, 0, version=V2_PRODUCE)
    nobody, nameless = Transactor(d, "nobody", end_version=V2_END), one.twin()
    nameless.id = ""
    for commit in (True, False):
        nobody.end(f"an unknown id {commit}", commit=commit, pid=one.producer_id, epoch=0)
        nameless.end(f"no id {commit}", commit=commit)
        one.end(f"another producer {commit}", commit=commit, pid=one.producer_id + 5000)
        one.end(f"no producer {commit}", commit=commit, pid=-1, epoch=-1)
        one.end(f"a coming epoch {commit}", commit=commit, epoch=one.epoch + 1)
    one.end("commit", commit=True)


@scenario
def offsets_in_a_transaction(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    group = find_group(d)
    one = begin(d)
    one.commit_offsets("an unknown topic", group, "nope", 7, version=5)
    one.commit_offsets("no group", "", topic, 7, version=5)
    one.commit_offsets("a coming epoch", group, topic, 7, version=5, epoch=one.epoch + 1)
    one.commit_offsets("another producer", group, topic, 7, version=5, pid=one.producer_id + 5000)
    one.commit_offsets("a generation of nobody", group, topic, 7, version=5, generation=3)
    one.commit_offsets("offsets", group, topic, 7, version=5)
    committed(d, "while open", group, topic)
    committed(d, "while open, stable", group, topic, is_stable=True)
    old = one.twin()
    one.end("commit", commit=True)
    committed(d, "when committed", group, topic, is_stable=True)
    old.commit_offsets("late offsets", group, topic, 1, version=5)
    one.commit_offsets("others", group, topic, 8, version=5)
    one.end("abort", commit=False)
    committed(d, "when aborted", group, topic, is_stable=True)


@scenario
def sessions(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    one = begin(d)
    pid, epoch = one.producer_id, one.epoch
    one.produce("write", topic, 0, version=V2_PRODUCE)
    old = one.twin()
    one.init_after_abort("the new session")
    one.describe("after it")
    old.end("the old one commits", commit=True)
    old.end("the old one aborts", commit=False)
    old.end("the old one commits, V1", commit=True, version=V1_END)
    old.produce("the old one writes", topic, 1, version=V2_PRODUCE)
    old.init("the old one asks", expected=(pid, epoch))
    one.produce("write again", topic, 0, version=V2_PRODUCE)
    one.init_after_abort("as itself", expected=(one.producer_id, one.epoch))
    one.end("abort of nothing", commit=False)
    one.init("as itself before the abort", expected=(one.producer_id, one.epoch - 1))
    one.init("without a claim")
    look(d, "at last", topic)


@scenario
def between_the_fence_and_the_new_session(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    one = begin(d)
    one.produce("write", topic, 0, version=V2_PRODUCE)
    old = one.twin()
    one.init("a new session is asked for")
    one.await_end()
    one.describe("fenced")
    old.end("the old one commits", commit=True, is_believed=False)
    old.end("the old one aborts", commit=False, is_believed=False)
    old.produce("the old one writes", topic, 1, version=V2_PRODUCE)
    old.init("the old one asks", expected=(old.producer_id, old.epoch))
    one.init("the new session")
    old.end("the old one aborts again", commit=False, is_believed=False)
    look(d, "at last", topic)


@scenario
def a_transaction_takes_too_long(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    for number, kind in enumerate(("abort", "commit", "init", "write", "old ways")):
        one = begin(d, kind, timeout_ms=200)
        one.produce(f"{kind}: write", topic, 0, version=V2_PRODUCE)
        one.await_abort()
        one.describe(f"{kind}: timed out")
        pid, epoch = one.producer_id, one.epoch
        if kind == "abort":
            one.end("abort", commit=False)
        elif kind == "commit":
            one.end("commit", commit=True)
        elif kind == "init":
            one.init("as itself", expected=(pid, epoch))
            one.init("as itself again", expected=(pid, epoch))
        elif kind == "write":
            one.produce("late", topic, 1, version=V2_PRODUCE)
            one.commit_offsets("late offsets", find_group(d), topic, 1, version=5)
        else:
            for version in range(V2_END):
                one.end(f"commit v{version}", commit=True, version=version)
                one.end(f"abort v{version}", commit=False, version=version)
            one.add("late partitions", topic)
        fetch_from(d, f"{number}: stable", topic, 0)


@scenario
def clients_of_both_protocols(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    one = begin(d)
    one.add("add as V1", topic)
    one.produce("write as V1", topic, 0)
    one.end("commit as V1", commit=True, version=V1_END)
    one.describe("committed as V1")
    one.produce("write as V2", topic, 1, version=V2_PRODUCE)
    one.end("commit as V2", commit=True)
    one.describe("committed as V2")
    one.produce("write as V1 without adding", topic, 0)
    one.add("add as V1 again", topic)
    one.produce("write as V1 again", topic, 0)
    one.end("abort as V2", commit=False)
    one.produce("write as V2 again", topic, 0, version=V2_PRODUCE)
    one.end("abort as V1", commit=False, version=V1_END)
    one.end("abort as V1 again", commit=False, version=V1_END)
    one.end("abort as V2 after that", commit=False)
    look(d, "at last", topic)


@scenario
def v2_works_from_level_1_on(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        one = begin(d)
        one.produce("write", topic, 0, version=V2_PRODUCE)
        one.describe("ongoing")
        one.end("commit", commit=True)
        one.produce("write again", topic, 0, version=V2_PRODUCE)
        one.init_after_abort("the new session")
        look(d, "at last", topic)


@scenario
def level_0_knows_the_classic_protocol_only(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    group = find_group(d)
    with transaction_version(d, 0):
        for kind in ("write", "end", "offsets"):
            one = begin(d, kind)
            if kind == "write":
                one.produce("write as V2", topic, 0, version=V2_PRODUCE)
            elif kind == "end":
                one.add("add", topic)
                one.end("commit as V2", commit=True)
            else:
                one.commit_offsets("offsets as V2", group, topic, 5, version=5)
        one = begin(d, "classic")
        one.add("add as V1", topic)
        one.produce("write as V1", topic, 0)
        one.end("commit as V1", commit=True, version=V1_END)
        one.describe("committed")
        one.init("init again", expected=(one.producer_id, one.epoch))
        one.add("add again", topic)
        one.produce("write again", topic, 0)
        one.init_after_abort("the new session")
        look(d, "at last", topic)
