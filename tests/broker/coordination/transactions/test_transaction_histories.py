"""Any history of transactional clients leaves whole transactions behind, or nothing of them."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from .history import GROUPS, PARTITIONS, History

Step = Callable[[History], None]

CLIENT = st.integers(0, 3)
KINDS = st.sampled_from(
    ["init", "claim", "write", "write", "write", "sneak", "offset", "commit", "abort", "late", "late", "time", "level"]
)
# Most steps go well; some die at one of the next changes to the disk, some find it full.
FAULTS = st.one_of(
    st.just((None, 0)),
    st.just((None, 0)),
    st.tuples(st.integers(1, 8), st.just(0)),
    st.tuples(st.none(), st.integers(1, 4)),
)
STEPS = st.lists(st.tuples(KINDS, CLIENT, st.integers(0, 60), FAULTS), min_size=4, max_size=40)
CRASHES = st.dictionaries(st.integers(0, 40), st.one_of(st.none(), st.integers(1, 5)), max_size=2)


def act(history: History, kind: str, at: int, number: int) -> None:
    client = history.clients[at]
    if kind in ("init", "claim"):
        history.init(client, claims=kind == "claim" and client.producer_id >= 0)
    elif kind in ("write", "sneak"):
        history.write(client, number % PARTITIONS, adds=kind == "write")
    elif kind == "offset":
        history.commit_offset(client, GROUPS[number % 2])
    elif kind in ("commit", "abort"):
        history.end(client, commit=kind == "commit")
    elif kind == "late":
        history.send_again(number)
    elif kind == "time":
        history.advance(float(number))
    else:
        history.set_level(1 + number % 2)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, crashes=CRASHES)
def test_every_history_leaves_whole_transactions_or_nothing_of_them(
    steps: list[tuple[str, int, int, tuple[int | None, int]]], crashes: dict[int, int | None]
) -> None:
    history = History()
    for client in history.clients[:2]:
        history.init(client, claims=False)
    for number, (kind, at, argument, (dies_at, refusals)) in enumerate(steps):
        history.perform(lambda: act(history, kind, at, argument), dies_at=dies_at, refusals=refusals)  # noqa: B023
        if number in crashes:
            history.crash(dies_again_at=crashes[number])
    history.quiesce()
    history.check()
    before = history.states()
    history.crash()
    assert history.states() == before
    history.check()
