"""Logins and delegation tokens where access rules decide: who may have them, prolong them, end them and see them.

al and bo have no rule to begin with. The rules come from the other listener, whose clients may do everything.
"""

from collections.abc import Generator
from contextlib import contextmanager

from odradek.broker.security.authorization.acl import Acl, Operation, ResourceType
from odradek.broker.wire import Wire
from odradek.protocol.messages.create_delegation_token import (
    CreatableRenewers,
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from odradek.protocol.messages.describe_delegation_token import (
    DescribeDelegationTokenOwner,
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)
from odradek.protocol.messages.expire_delegation_token import (
    ExpireDelegationTokenRequest,
    ExpireDelegationTokenResponse,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.renew_delegation_token import RenewDelegationTokenRequest, RenewDelegationTokenResponse

from .access.guest import Rules, rule
from .sasl_scenarios import created, settle_token
from .sasl_session import SaslDialogue, sasl_scenario

OF_USERS = (Operation.CREATE_TOKENS, Operation.DESCRIBE_TOKENS, Operation.DESCRIBE, Operation.ALTER, Operation.ALL)
OF_TOKENS = (Operation.DESCRIBE, Operation.DESCRIBE_TOKENS, Operation.READ, Operation.ALTER, Operation.ALL)
USER, TOKEN = ResourceType.USER, ResourceType.DELEGATION_TOKEN
AL = DescribeDelegationTokenOwner(principal_type="User", principal_name="al")
BO = DescribeDelegationTokenOwner(principal_type="User", principal_name="bo")


def of(user: str, kind: ResourceType, name: str, operation: Operation) -> Acl:
    """What allows a user something from everywhere."""
    return rule(kind, name, operation, principal=f"User:{user}", host="*")


@contextmanager
def under(rules: Rules, *given: Acl) -> Generator[None]:
    """These rules count, and then no more."""
    rules.add(given)
    try:
        yield
    finally:
        rules.remove(given)


def make(wire: Wire, owner: str = "", renewers: tuple[str, ...] = ()) -> CreateDelegationTokenResponse:
    request = CreateDelegationTokenRequest(
        owner_principal_type="User" if owner else None,
        owner_principal_name=owner or None,
        renewers=[CreatableRenewers(principal_type="User", principal_name=one) for one in renewers],
        max_lifetime_ms=-1,
    )
    return wire.ask(request, 3, CreateDelegationTokenResponse)


def sees(
    wire: Wire, token: CreateDelegationTokenResponse, owners: list[DescribeDelegationTokenOwner] | None = None
) -> list[object]:
    """The error, and whether the token is among those that are shown."""
    answer = wire.ask(DescribeDelegationTokenRequest(owners=owners), 3, DescribeDelegationTokenResponse)
    return [answer.error_code, token.token_id in [one.token_id for one in answer.tokens]]


def changes(d: SaslDialogue, label: str, wire: Wire, token: CreateDelegationTokenResponse) -> None:
    """Tries to prolong the token, and to end it in an hour."""
    renewal = RenewDelegationTokenRequest(hmac=token.hmac, renew_period_ms=-1)
    d.note(f"{label}: renewed", wire.ask(renewal, 2, RenewDelegationTokenResponse).error_code)
    end = ExpireDelegationTokenRequest(hmac=token.hmac, expiry_time_period_ms=3_600_000)
    d.note(f"{label}: ended", wire.ask(end, 2, ExpireDelegationTokenResponse).error_code)


@sasl_scenario
def a_login_needs_no_rule_and_allows_nothing(d: SaslDialogue) -> None:
    topic, _ = d.create_topic("t")
    for mechanism in ("PLAIN", "SCRAM-SHA-256"):
        wire = d.logged_in("al", mechanism)
        request = MetadataRequest(topics=[MetadataRequestTopic(name=topic)], allow_auto_topic_creation=False)
        d.note(f"{mechanism}: a topic", wire.ask(request, 8, MetadataResponse).topics)
    rules = Rules(d)
    with under(rules, of("al", ResourceType.TOPIC, topic, Operation.DESCRIBE)):
        d.note("al may see it", wire.ask(request, 8, MetadataResponse).topics)
        d.note("bo may not", d.logged_in("bo").ask(request, 8, MetadataResponse).topics)
    rules.remove(rules.given)


@sasl_scenario
def tokens_for_others_need_a_rule(d: SaslDialogue) -> None:
    rules, al, bo = Rules(d), d.logged_in(), d.logged_in("bo")
    d.note("one's own", created(make(al)))
    d.note("one's own by name", created(make(al, "al")))
    d.note("of another", created(make(al, "bo")))
    for operation in OF_USERS:
        with under(rules, of("al", USER, "User:bo", operation)):
            d.note(f"of another: {operation.name}", created(make(al, "bo")))
    with under(rules, of("al", USER, "bo", Operation.CREATE_TOKENS)):
        d.note("of another: the name alone", created(make(al, "bo")))
    with under(rules, of("al", USER, "*", Operation.CREATE_TOKENS)):
        token = make(al, "bo")
    settle_token(d, d.logged_in("bo"), token)
    d.note("whose it is sees it", sees(bo, token))
    d.note("who has made it sees it", sees(al, token))
    changes(d, "by whose it is", bo, token)
    changes(d, "by who has made it", al, token)
    d.note("where nobody is known", created(make(d.wire, "bo")))
    rules.remove(rules.given)


@sasl_scenario
def tokens_of_others_are_seen_by_a_rule(d: SaslDialogue) -> None:
    rules, al, bo = Rules(d), d.logged_in(), d.logged_in("bo")
    token = make(al)
    settle_token(d, al, token)
    d.note("without a rule", sees(bo, token))
    for operation in OF_TOKENS:
        with under(rules, of("bo", TOKEN, token.token_id, operation)):
            d.note(f"{operation.name} on the token", sees(bo, token))
            if operation == Operation.ALL:
                changes(d, "under ALL on the token", bo, token)
    for operation in OF_USERS:
        with under(rules, of("bo", USER, "User:al", operation)):
            d.note(f"{operation.name} on the user", sees(bo, token))
            d.note(f"{operation.name} on the user, asked by owner", sees(bo, token, [AL]))
            d.note(f"{operation.name} on the user, asked by another owner", sees(bo, token, [BO]))
    rules.remove(rules.given)


@sasl_scenario
def who_renews_a_token_needs_no_rule(d: SaslDialogue) -> None:
    al, bo = d.logged_in(), d.logged_in("bo")
    token = make(al, renewers=("bo",))
    settle_token(d, al, token)
    for label, owners in {"all": None, "al's": [AL], "bo's": [BO], "both": [AL, BO], "none": []}.items():
        d.note(f"seen by the owner: {label}", sees(al, token, owners))
        d.note(f"seen by the renewer: {label}", sees(bo, token, owners))
    changes(d, "by the renewer", bo, token)
    other = make(al)
    settle_token(d, al, other)
    changes(d, "another token", bo, other)
