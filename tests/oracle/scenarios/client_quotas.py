"""AlterClientQuotas and DescribeClientQuotas: what is kept, what is refused, and what each filter finds.

What is set is taken back at the end: other conversations are held with the same broker.
"""

from odradek.protocol.messages import alter_client_quotas as altered
from odradek.protocol.messages import describe_client_quotas as described

from ..wire_session import Dialogue, scenario

EXACT, DEFAULT, ANY = range(3)
Entity = tuple[str, str | None]


def entry(entities: list[Entity], **ops: float | None) -> altered.EntryData:
    return altered.EntryData(
        entity=[altered.EntityData(entity_type=kind, entity_name=name) for kind, name in entities],
        ops=[
            altered.OpData(key=key, value=0.0 if value is None else value, remove=value is None)
            for key, value in ops.items()
        ],
    )


def ask(d: Dialogue, label: str, *entries: altered.EntryData, version: int = 1, validate_only: bool = False) -> None:
    request = altered.AlterClientQuotasRequest(entries=entries, validate_only=validate_only)
    d.ask(label, request, version, altered.AlterClientQuotasResponse)


def found(
    d: Dialogue, *filters: tuple[str, int, str | None], strict: bool = False, version: int = 1
) -> described.DescribeClientQuotasResponse:
    components = [described.ComponentData(entity_type=kind, match_type=how, match=name) for kind, how, name in filters]
    request = described.DescribeClientQuotasRequest(components=components, strict=strict)
    return d.wire.ask(request, version, described.DescribeClientQuotasResponse)


def seen(
    d: Dialogue, label: str, *filters: tuple[str, int, str | None], strict: bool = False, version: int = 1
) -> None:
    """Writes down what a filter finds, in an order of our own, the settings of this conversation alone."""
    answer = found(d, *filters, strict=strict, version=version)
    entries = None
    if answer.entries is not None:
        entries = sorted(
            [
                sorted((one.entity_type, one.entity_name or "<default>") for one in entry.entity),
                sorted((value.key, value.value) for value in entry.values),
            ]
            for entry in answer.entries
        )
    d.note(label, [answer.error_code, answer.error_message, entries])


def wait_until_set(d: Dialogue, entities: list[Entity], key: str) -> None:
    filters = [(kind, DEFAULT if name is None else EXACT, name) for kind, name in entities]

    def is_set() -> bool:
        entries = found(d, *filters, strict=True).entries or ()
        return any(value.key == key for entry in entries for value in entry.values)

    d.wait_for(is_set, f"{key} of {entities}")


@scenario
def quotas_are_set_found_and_taken_back(d: Dialogue) -> None:
    user, client = d.name("alice"), d.name("shop")
    everything: list[tuple[str, list[Entity]]] = [
        ("a user", [("user", user)]),
        ("all users", [("user", None)]),
        ("a client", [("client-id", client)]),
        ("all clients", [("client-id", None)]),
        ("a client of a user", [("user", user), ("client-id", client)]),
        ("every client of a user", [("user", user), ("client-id", None)]),
        ("a client of all users", [("user", None), ("client-id", client)]),
        ("every client of all users", [("user", None), ("client-id", None)]),
    ]
    for label, entities in everything:
        ask(d, label, entry(entities, producer_byte_rate=1e9, consumer_byte_rate=2e9))
        wait_until_set(d, entities, "consumer_byte_rate")
    ask(d, "an address", entry([("ip", "127.0.0.9")], connection_creation_rate=1000.0))
    wait_until_set(d, [("ip", "127.0.0.9")], "connection_creation_rate")
    ask(d, "more of it", entry([("user", user)], request_percentage=500.5, controller_mutation_rate=7.5), version=0)
    wait_until_set(d, [("user", user)], "controller_mutation_rate")
    for version in (0, 1):
        seen(d, f"a user, v{version}", ("user", EXACT, user), version=version)
    seen(d, "strictly a user", ("user", EXACT, user), strict=True)
    seen(d, "a user that has none", ("user", EXACT, d.name("nobody")))
    seen(d, "all users and nothing else", ("user", DEFAULT, None), strict=True)
    seen(d, "all users, seen", ("user", DEFAULT, None))
    seen(d, "any user, strictly", ("user", ANY, None), strict=True)
    seen(d, "any user", ("user", ANY, None))
    seen(d, "any client of a user", ("user", EXACT, user), ("client-id", ANY, None))
    seen(d, "a client of any user", ("user", ANY, None), ("client-id", EXACT, client))
    seen(d, "an address, seen", ("ip", EXACT, "127.0.0.9"))
    seen(d, "any address", ("ip", ANY, None))
    seen(d, "everything")
    seen(d, "nothing, strictly", strict=True)
    ask(d, "one of two", entry([("user", user)], producer_byte_rate=None))
    d.wait_for(
        lambda: all(
            value.key != "producer_byte_rate"
            for one in found(d, ("user", EXACT, user), strict=True).entries or ()
            for value in one.values
        ),
        "it is taken back",
    )
    seen(d, "what is left", ("user", EXACT, user), strict=True)
    for label, entities in everything:
        names = dict.fromkeys(("producer_byte_rate", "consumer_byte_rate", "request_percentage"))
        ask(d, f"{label}, taken back", entry(entities, **names, controller_mutation_rate=None))
    ask(d, "an address, taken back", entry([("ip", "127.0.0.9")], connection_creation_rate=None))
    d.wait_for(lambda: not found(d).entries, "nothing is left")


@scenario
def what_is_no_quota_is_refused(d: Dialogue) -> None:
    user: list[Entity] = [("user", d.name("alice"))]
    for label, one in {
        "an unknown quota": entry(user, no_such=1.0),
        "an unknown quota, taken back": entry(user, no_such=None),
        "a quota of another kind": entry(user, connection_creation_rate=5.0),
        "a user's of an address": entry([("ip", "127.0.0.9")], producer_byte_rate=5.0),
        "nothing of it": entry(user, producer_byte_rate=0.0),
        "less than nothing": entry(user, producer_byte_rate=-1.0),
        "half a byte": entry(user, producer_byte_rate=0.5),
        "without end": entry(user, producer_byte_rate=float("inf")),
        "half a connection": entry([("ip", "127.0.0.9")], connection_creation_rate=0.5),
        "no entity": entry([], producer_byte_rate=5.0),
        "an unknown entity": entry([("animal", "cat")], producer_byte_rate=5.0),
        "an entity twice": entry([*user, ("user", "bob")], producer_byte_rate=5.0),
        "a user of an address": entry([*user, ("ip", "127.0.0.9")], producer_byte_rate=5.0),
        "an address that is none": entry([("ip", "a b")], connection_creation_rate=5.0),
        "an empty name": entry([("user", "")], producer_byte_rate=5.0),
    }.items():
        ask(d, label, one)
    good = entry(user, producer_byte_rate=5.0)
    ask(d, "only checked", good, validate_only=True)
    ask(d, "an entity in two entries", entry(user, no_such=1.0), entry(user, no_such=2.0))
    ask(d, "none")
    seen(d, "nothing was kept", ("user", EXACT, user[0][1]))


@scenario
def what_is_no_filter_is_refused(d: Dialogue) -> None:
    refused: dict[str, list[tuple[str, int, str | None]]] = {
        "an unknown type": [("animal", EXACT, "cat")],
        "a type twice": [("user", EXACT, "a"), ("user", EXACT, "b")],
        "an address and a user": [("user", EXACT, "a"), ("ip", EXACT, "127.0.0.1")],
        "exact without a name": [("user", EXACT, None)],
        "default with a name": [("user", DEFAULT, "a")],
        "any with a name": [("user", ANY, "a")],
        "an unknown match": [("user", 9, "a")],
        "an empty type": [("", EXACT, "a")],
    }
    for label, filters in refused.items():
        seen(d, label, *filters)


@scenario
def a_quota_named_twice_is_a_duplicate(d: Dialogue) -> None:
    name = d.name("c")
    twice = entry([("client-id", name)], producer_byte_rate=5.0)
    twice.ops = [*twice.ops, *entry([("client-id", name)], producer_byte_rate=6.0).ops]
    ask(d, "set twice", twice)
    twice.ops = [*twice.ops[:1], *entry([("client-id", name)], producer_byte_rate=None).ops]
    ask(d, "set and taken back", twice)
    largest = entry([("client-id", name)], producer_byte_rate=9.223372036854775807e18)
    ask(d, "the largest", largest)
    ask(d, "taken back", entry([("client-id", name)], producer_byte_rate=None))
