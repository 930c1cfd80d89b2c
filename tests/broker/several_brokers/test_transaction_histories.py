"""Any history of transactional clients over brokers that die, freeze and move leaves whole transactions or nothing."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.broker.controller.elections import ElectionType
from odradek.broker.nodes.links import CONTROLLER
from odradek.broker.topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC

from .transacting_clients import TOPIC, TransactingClients

Step = tuple[str, int, int]

CLIENT_STEPS = ("begin", *["write"] * 6, *["offset"] * 2, *["commit"] * 4, "abort")
TROUBLES = ("kill", "kill", "start", "start", "freeze", "cut", "slow", "heal", "heal", "elect", "stop", "time")
ENDS = (1, 2, 3, CONTROLLER)
DELAYS_S = (0.02, 0.3)

client_steps = st.tuples(st.sampled_from(CLIENT_STEPS), st.integers(0, 3), st.integers(0, 1))
troubles = st.tuples(st.sampled_from(TROUBLES), st.integers(0, 2), st.integers(0, 11))
steps = st.lists(
    st.tuples(client_steps, st.one_of(st.none(), st.none(), troubles), st.integers(0, 40)), min_size=6, max_size=40
)


def act(clients: TransactingClients, step: Step) -> None:
    kind, number, index = step
    client = clients.clients[number]
    if kind == "begin" or client.producer_id < 0:
        clients.begin(client)
    elif kind == "write":
        clients.write(client, index)
    elif kind == "offset":
        clients.commit_offset(client)
    else:
        clients.end(client, commit=kind == "commit")


def trouble_of(clients: TransactingClients, trouble: Step) -> Callable[[], None]:
    kind, at, number = trouble
    brokers, node_id = clients.brokers, at + 1

    def come() -> None:
        if kind in ("kill", "stop") and brokers.runs(node_id):
            if kind == "kill" or brokers.is_frozen(node_id):
                brokers.kill(node_id, is_noticed=number % 3 > 0)
            else:
                brokers.stop(node_id)
        elif kind == "start":
            for one in brokers.ids:
                if brokers.is_frozen(one):
                    brokers.resume(one)
                elif not brokers.runs(one):
                    brokers.start(one)
        elif kind == "freeze" and brokers.runs(node_id) and not brokers.is_frozen(node_id):
            brokers.freeze(node_id)
        elif kind in ("cut", "slow"):
            source, target = ENDS[at], ENDS[(at + 1 + number % 3) % 4]
            is_cut = kind == "cut"
            brokers.links.set(source, target, is_cut=is_cut, delay_s=0.0 if is_cut else DELAYS_S[number % 2])
        elif kind == "heal":
            brokers.links.heal()
        elif kind == "elect":
            for name in (TOPIC, TRANSACTION_TOPIC, OFFSETS_TOPIC):
                brokers.elect(ElectionType.PREFERRED, name, number % 2)
        else:
            brokers.advance(float(number))

    return come


@settings(max_examples=40, deadline=None, derandomize=True)
@given(steps=steps)
def test_every_history_leaves_whole_transactions_or_nothing_of_them(
    steps: list[tuple[Step, Step | None, int]],
) -> None:
    clients = TransactingClients()
    for step, trouble, turns in steps:
        clients.trouble, clients.turns = None if trouble is None else trouble_of(clients, trouble), turns
        act(clients, step)
        if clients.trouble is not None:  # no request came in between
            clients.trouble()
    clients.quiesce()
    clients.check()
