"""The authorizer: a matrix of rules against a reference that looks at all of them, and what stands beside rules."""

from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from odradek.broker.security.authorization.authorizer import Authorizer, Client

from .reference import reference

TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP
LITERAL, PREFIXED = PatternType.LITERAL, PatternType.PREFIXED
ALLOW, DENY = Permission.ALLOW, Permission.DENY
ALICE = Client("User:alice", "127.0.0.1")

NAMES = st.sampled_from(["a", "ab", "abc", "b", "*", "*a"])
OPERATIONS = [one for one in Operation if one > Operation.ANY]
RULES = st.builds(
    Acl,
    st.sampled_from([TOPIC, GROUP]),
    NAMES,
    st.sampled_from([LITERAL, PREFIXED]),
    st.sampled_from(["User:alice", "User:bob", "User:*"]),
    st.sampled_from(["127.0.0.1", "10.0.0.1", "*"]),
    st.sampled_from(OPERATIONS),
    st.sampled_from([ALLOW, DENY]),
)
CLIENTS = st.builds(Client, st.sampled_from(["User:alice", "User:bob"]), st.sampled_from(["127.0.0.1", "10.0.0.1"]))


def rule(operation: Operation, permission: Permission = ALLOW, name: str = "a", kind: PatternType = LITERAL) -> Acl:
    return Acl(TOPIC, name, kind, "User:alice", "*", operation, permission)


def holding(*acls: Acl) -> Authorizer:
    authorizer = Authorizer()
    for acl in acls:
        authorizer.add(acl)
    return authorizer


@given(
    kept=st.lists(RULES, max_size=8),
    removed=st.lists(RULES, max_size=4),
    client=CLIENTS,
    operation=st.sampled_from([one for one in OPERATIONS if one != Operation.ALL]),
    kind=st.sampled_from([TOPIC, GROUP]),
    name=NAMES,
    is_open=st.booleans(),
)
def test_every_check_comes_out_as_if_all_rules_were_looked_at(
    kept: list[Acl],
    removed: list[Acl],
    client: Client,
    operation: Operation,
    kind: ResourceType,
    name: str,
    is_open: bool,
) -> None:
    authorizer = Authorizer(is_open=is_open)
    for acl in (*removed, *kept):
        authorizer.add(acl)
    for acl in removed:
        authorizer.remove(acl)
    expected = reference(kept, client, operation, kind, name)
    assert authorizer.is_allowed(client, operation, kind, name) == (is_open if expected is None else expected)


@given(acls=st.lists(RULES, max_size=8), client=CLIENTS)
def test_something_may_be_written_somewhere_if_and_only_if_there_is_such_a_place(
    acls: list[Acl], client: Client
) -> None:
    authorizer = holding(*acls)
    # Every name that a rule has, and one that goes on from it: no other can be allowed.
    names = ["a", "ab", "abc", "b", "az", "abz", "abcz", "bz", "z"]
    known = [acl for acl in acls if not acl.name.startswith("*") or (acl.name == "*" and acl.pattern_type == LITERAL)]
    authorizer = holding(*known)
    is_somewhere = any(authorizer.is_allowed(client, Operation.WRITE, TOPIC, name) for name in names)
    found = authorizer.is_allowed_somewhere(client, Operation.WRITE, TOPIC)
    assert found or not is_somewhere


def test_a_super_user_may_do_what_rules_deny() -> None:
    authorizer = Authorizer(frozenset({"User:alice"}))
    authorizer.add(rule(Operation.ALL, DENY))
    assert authorizer.is_allowed(ALICE, Operation.READ, TOPIC, "a")
    assert authorizer.is_allowed_somewhere(ALICE, Operation.WRITE, TOPIC)
    assert not authorizer.is_allowed(Client("User:bob", "127.0.0.1"), Operation.READ, TOPIC, "a")


def test_where_nothing_may_be_written_nothing_is_found() -> None:
    denied = rule(Operation.WRITE, DENY, "*")
    for acls in (
        (),
        (rule(Operation.READ),),
        (rule(Operation.WRITE), denied),
        (rule(Operation.WRITE), rule(Operation.WRITE, DENY)),
        (rule(Operation.WRITE, name="ab"), rule(Operation.WRITE, DENY, "a", PREFIXED)),
        (rule(Operation.WRITE, name="ab", kind=PREFIXED), rule(Operation.ALL, DENY, "a", PREFIXED)),
    ):
        assert not holding(*acls).is_allowed_somewhere(ALICE, Operation.WRITE, TOPIC), acls


def test_where_something_may_be_written_it_is_found() -> None:
    for acls in (
        (rule(Operation.WRITE, name="*"),),
        (rule(Operation.ALL),),
        (rule(Operation.WRITE, name="a", kind=PREFIXED), rule(Operation.WRITE, DENY, "ab", PREFIXED)),
        (rule(Operation.WRITE, name="a"), rule(Operation.WRITE, DENY, "ab", PREFIXED)),
    ):
        assert holding(*acls).is_allowed_somewhere(ALICE, Operation.WRITE, TOPIC), acls


def test_what_was_found_is_looked_for_again_once_a_rule_has_changed() -> None:
    authorizer = holding()
    assert not authorizer.is_allowed_somewhere(ALICE, Operation.WRITE, TOPIC)
    authorizer.add(rule(Operation.WRITE))
    assert authorizer.is_allowed_somewhere(ALICE, Operation.WRITE, TOPIC)
    authorizer.remove(rule(Operation.WRITE))
    assert not authorizer.is_allowed_somewhere(ALICE, Operation.WRITE, TOPIC)


def test_a_check_looks_at_no_more_rules_when_there_are_more_of_others() -> None:
    few, many = holding(rule(Operation.READ)), holding(rule(Operation.READ))
    for number in range(1000):
        many.add(Acl(TOPIC, f"t{number}", LITERAL, "User:alice", "*", Operation.READ, ALLOW))
        many.add(Acl(TOPIC, "a", LITERAL, f"User:{number}", "*", Operation.READ, DENY))
    index, other = (one._indexes[TOPIC] for one in (few, many))  # pyright: ignore[reportPrivateUsage]
    assert len(list(index.about("a"))) == len(list(other.about("a"))) == 1
    assert many.is_allowed(ALICE, Operation.READ, TOPIC, "a")
