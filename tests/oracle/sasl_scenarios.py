"""Logins, users and tokens as raw conversations: what is answered, what is refused, and what closes the connection."""

import base64
import json
import struct
import time

from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.header import RequestHeader, encode_request_header
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.create_delegation_token import (
    CreatableRenewers,
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.describe_delegation_token import (
    DescribeDelegationTokenOwner,
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)
from odradek.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
    UserName,
)
from odradek.protocol.messages.expire_delegation_token import (
    ExpireDelegationTokenRequest,
    ExpireDelegationTokenResponse,
)
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.renew_delegation_token import RenewDelegationTokenRequest, RenewDelegationTokenResponse
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from ..broker.security.sasl.scram_client import ScramClient
from .sasl_session import DIGESTS, SaslDialogue, salted, sasl_scenario

RIGHT, WRONG = b"\0al\0secret", b"\0al\0wrong"
YEAR_MS = 365 * 86_400_000


def handshake(d: SaslDialogue, label: str, wire: Wire, mechanism: str, version: int) -> None:
    try:
        answer = wire.ask(SaslHandshakeRequest(mechanism=mechanism), version, SaslHandshakeResponse)
    except ClosedByPeer:
        d.note(label, "closed without an answer")
    else:
        d.note(label, [answer.error_code, sorted(answer.mechanisms)])


def header(key: int, version: int, *, flexible: bool = False) -> bytes:
    return bytes(encode_request_header(RequestHeader(key, version, 1, "wire"), 0 if flexible else 32767))


@sasl_scenario
def versions_are_told_once_before_a_login(d: SaslDialogue) -> None:
    for version in range(5):
        wire = d.client()
        request = ApiVersionsRequest(client_software_name="wire", client_software_version="1.0")
        d.note(f"v{version}", wire.ask(request, version, ApiVersionsResponse).error_code)
        d.ask_raw(f"v{version} again closes", wire.frame_of(request, version), wire)
    wire = d.client()
    wire.send_frame(header(18, 99, flexible=True))
    d.note("an unknown version", wire.receive_frame()[4:6])
    bad = ApiVersionsRequest(client_software_name="a b", client_software_version="1")
    d.note("a bad name", wire.ask(bad, 3, ApiVersionsResponse).error_code)
    d.note("a good one then", wire.ask(ApiVersionsRequest(), 0, ApiVersionsResponse).error_code)
    handshake(d, "and a handshake", wire, "PLAIN", 1)


@sasl_scenario
def mechanisms_are_offered_and_refused(d: SaslDialogue) -> None:
    for version in (0, 1):
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI", "plain", "", "nonsense"):
            wire = d.client()
            handshake(d, f"{mechanism!r} v{version}", wire, mechanism, version)
            d.note(f"{mechanism!r} v{version}: then", wire.is_closed_by_peer(0.3))


@sasl_scenario
def nothing_else_comes_before_the_handshake(d: SaslDialogue) -> None:
    for label, frame in {
        "Metadata": header(3, 1) + struct.pack(">i", -1),
        "SaslAuthenticate": header(36, 0) + struct.pack(">i", 0),
        "DescribeCluster": header(60, 1, flexible=True) + b"\0\1\0",
        "an unknown key": header(999, 0),
        "a handshake of version 2": header(17, 2) + b"\0\5PLAIN",
        "an empty frame": b"",
        "one byte": b"\0",
        "a token without a handshake": RIGHT,
    }.items():
        d.ask_raw(f"{label} closes", frame, d.client())
    wire = d.client()
    wire.send_raw(struct.pack(">i", 524289))
    d.note("a frame that is too long", wire.is_closed_by_peer(2))
    wire = d.client()
    wire.send_raw(struct.pack(">i", 524288))
    d.note("one as long as may be", wire.is_closed_by_peer(0.3))


@sasl_scenario
def another_request_instead_of_a_token(d: SaslDialogue) -> None:
    topic = MetadataRequestTopic(name="t")
    partition = ListOffsetsPartition(partition_index=0, timestamp=-1)
    offsets = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name="t", partitions=[partition])])
    for label, request, version, response_type in (
        ("Metadata v1", MetadataRequest(topics=None), 1, MetadataResponse),
        ("Metadata v12", MetadataRequest(topics=[topic]), 12, MetadataResponse),
        ("DescribeCluster", DescribeClusterRequest(), 1, DescribeClusterResponse),
        ("FindCoordinator", FindCoordinatorRequest(key="g"), 3, FindCoordinatorResponse),
        ("ListOffsets", offsets, 4, ListOffsetsResponse),
        ("SaslHandshake", SaslHandshakeRequest(mechanism="PLAIN"), 1, SaslHandshakeResponse),
        ("ApiVersions", ApiVersionsRequest(), 0, ApiVersionsResponse),
    ):
        wire = d.shaken()
        d.ask(label, request, version, response_type, wire)
        d.note(f"{label}: then", wire.is_closed_by_peer(0.5))
    wire = d.shaken()
    d.ask_raw("a version of SaslAuthenticate that is not there closes", header(36, 9, flexible=True) + b"\1\0", wire)
    wire = d.shaken()
    d.ask_raw("a token without its request closes", RIGHT, wire)


@sasl_scenario
def plain_tells_what_is_wrong(d: SaslDialogue) -> None:
    for label, token in {
        "right": RIGHT,
        "right, for itself": b"al\0al\0secret",
        "a wrong password": WRONG,
        "an unknown user": b"\0nobody\0secret",
        "another's": b"bo\0al\0secret",
        "no user": b"\0\0secret",
        "no password": b"\0al\0",
        "two parts": b"al\0secret",
        "five parts": b"\0al\0secret\0\0",
        "nothing": b"",
        "no UTF-8": b"\0\xff\0secret",
    }.items():
        for version in (0, 2):
            d.token(f"{label} v{version}", d.shaken(), token, version)


@sasl_scenario
def tokens_without_a_header(d: SaslDialogue) -> None:
    wire = d.shaken(version=0)
    d.raw("PLAIN", wire, RIGHT)
    d.note("served", bool(wire.ask(MetadataRequest(topics=[]), 1, MetadataResponse).brokers))
    d.raw("PLAIN, wrong", d.shaken(version=0), WRONG)
    d.raw("PLAIN, empty", d.shaken(version=0), b"")
    for mechanism, digest in DIGESTS.items():
        wire, scram = d.shaken(mechanism, 0), ScramClient("al", "secret", digest)
        wire.send_frame(scram.first())
        wire.send_frame(scram.final(wire.receive_frame()))
        d.note(f"{mechanism}: the server is known", scram.is_server(wire.receive_frame()))
        d.note(f"{mechanism}: served", bool(wire.ask(MetadataRequest(topics=[]), 1, MetadataResponse).brokers))
        d.raw(f"{mechanism}, unknown", d.shaken(mechanism, 0), ScramClient("nobody", "x", digest).first())


@sasl_scenario
def scram_refuses_what_is_no_first_message(d: SaslDialogue) -> None:
    for label, token in {
        "an unknown user": b"n,,n=nobody,r=abc",
        "channel binding, perhaps": b"y,,n=al,r=abc",
        "channel binding": b"p=tls-unique,,n=al,r=abc",
        "another's": b"n,a=bo,n=al,r=abc",
        "no nonce": b"n,,n=al,r=",
        "no name": b"n,,n=,r=abc",
        "a bare equal sign": b"n,,n=a=b,r=abc",
        "a byte of zero": b"n,,n=a\0,r=abc",
        "no ASCII": "n,,n=ä,r=abc".encode(),
        "no UTF-8": b"n,,n=\xff,r=abc",
        "a token that is not there": b"n,,n=al,r=abc,tokenauth=true",
        "nothing": b"",
        "a PLAIN token": RIGHT,
        "a long one": b"n,,n=al,r=abc " + b"a" * 400_000,
    }.items():
        d.token(label, d.shaken("SCRAM-SHA-256"), token)


@sasl_scenario
def scram_takes_what_kafka_does(d: SaslDialogue) -> None:
    for mechanism, digest in DIGESTS.items():
        for label, scram in {
            "right": ScramClient("al", "secret", digest),
            "for itself": ScramClient("al", "secret", digest, header="n,a=al,"),
            "an extension": ScramClient("al", "secret", digest, extensions=",x=y"),
            "no token": ScramClient("al", "secret", digest, extensions=",tokenauth=false"),
            "wrong": ScramClient("al", "wrong", digest),
        }.items():
            wire = d.shaken(mechanism)
            challenge = d.authenticate(wire, scram.first())
            parts = dict(part.split("=", 1) for part in challenge.auth_bytes.decode().split(","))
            name = f"{mechanism} {label}"
            d.note(f"{name}: challenge", [challenge.error_code, parts["i"], parts["s"], parts["r"][:11]])
            answer = d.authenticate(wire, scram.final(challenge.auth_bytes))
            d.note(f"{name}: end", [answer.error_code, answer.error_message, answer.session_lifetime_ms])
            d.note(f"{name}: the server is known", scram.is_server(answer.auth_bytes))


@sasl_scenario
def scram_refuses_what_is_no_final_message(d: SaslDialogue) -> None:
    def final(
        label: str, scram: ScramClient, change: tuple[bytes, bytes] = (b"", b""), nonce: str | None = None
    ) -> None:
        wire = d.shaken("SCRAM-SHA-256")
        token = scram.final(d.authenticate(wire, scram.first()).auth_bytes, nonce)
        d.token(label, wire, token.replace(*change) if change[0] else token)

    al = ScramClient("al", "secret")
    final("another nonce", al, nonce="clientnonceother")
    final("the client's nonce alone", al, nonce="clientnonce")
    final("a short proof", al, (b",p=", b",p=AAEC,x="))
    final("no proof", al, (b",p=", b",q="))
    wire = d.shaken("SCRAM-SHA-256")
    d.authenticate(wire, al.first())
    d.token("a proof of three bytes", wire, b"c=biws,r=clientnonce,p=AAEC")
    wire = d.shaken("SCRAM-SHA-256")
    challenge = d.authenticate(wire, al.first()).auth_bytes
    d.token("a right nonce and a proof of three bytes", wire, al.final(challenge).partition(b",p=")[0] + b",p=AAEC")
    wire = d.shaken("SCRAM-SHA-256")
    challenge = d.authenticate(wire, al.first()).auth_bytes
    whole = al.final(challenge)
    d.token("another channel", wire, b"c=eSws" + whole[6:])
    wire = d.shaken("SCRAM-SHA-256")
    d.authenticate(wire, al.first())
    d.token("the first message again", wire, al.first())
    wire = d.shaken("SCRAM-SHA-256")
    d.authenticate(wire, al.first())
    d.token("nothing", wire, b"")


def unsecured(claims: dict[str, object], *, head: dict[str, object] | None = None, signature: str = "") -> bytes:
    parts = (json.dumps(part).encode() for part in (head or {"alg": "none"}, claims))
    token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return f"{token}.{signature}".encode()


def bearer(token: bytes, *, header: bytes = b"n,,", more: bytes = b"") -> bytes:
    return header + b"\x01auth=Bearer " + token + b"\x01" + more + b"\x01"


@sasl_scenario
def unsigned_bearer_tokens(d: SaslDialogue) -> None:
    now = int(time.time())
    good: dict[str, object] = {"sub": "al", "exp": now + 365 * 86_400, "iat": now - 5}
    wire = d.shaken("OAUTHBEARER")
    answer = d.authenticate(wire, bearer(unsecured(good)))
    d.note("good", [answer.error_code, answer.error_message, answer.auth_bytes])
    d.note("good: its time", YEAR_MS - 60_000 < answer.session_lifetime_ms <= YEAR_MS)
    d.note("good: served", bool(wire.ask(MetadataRequest(topics=[]), 1, MetadataResponse).brokers))
    for label, token in {
        "for itself": bearer(unsecured(good), header=b"n,a=al,"),
        "an extension": bearer(unsecured(good), more=b"traceid=12\x01"),
        "a time with a fraction": bearer(unsecured({**good, "exp": now + 1000.5})),
        "no time of issue": bearer(unsecured({"sub": "al", "exp": now + 1000})),
    }.items():
        answer = d.authenticate(d.shaken("OAUTHBEARER"), token)
        d.note(label, [answer.error_code, answer.error_message, answer.auth_bytes])
    for label, token in {
        "another's": bearer(unsecured(good), header=b"n,a=bo,"),
        "expired": bearer(unsecured({**good, "exp": now - 100})),
        "issued later": bearer(unsecured({**good, "iat": now + 1000})),
        "issued after its end": bearer(unsecured({**good, "iat": now + 10**9, "exp": now + 10})),
        "no end": bearer(unsecured({"sub": "al"})),
        "an end that is no number": bearer(unsecured({**good, "exp": "soon"})),
        "nobody's": bearer(unsecured({"exp": now + 1000})),
        "nobody's, empty": bearer(unsecured({**good, "sub": ""})),
        "nobody's, a number": bearer(unsecured({**good, "sub": 5})),
        "signed": bearer(unsecured(good, signature="abc")),
        "an algorithm": bearer(unsecured(good, head={"alg": "RS256"}, signature="abc")),
        "two parts": bearer(b"a.b"),
        "one part": bearer(b"a"),
        "no JSON": bearer(b"YWJj.YWJj."),
        "no base64": bearer(b"a.a."),
        "a list": bearer(base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=") + b".W10."),
        "no token": b"n,,\x01auth=Bearer \x01\x01",
        "another scheme": b"n,,\x01auth=Basic abc\x01\x01",
        "no auth": b"n,,\x01x=y\x01\x01",
        "no end of the message": b"n,,\x01auth=Bearer " + unsecured(good),
        "a PLAIN token": RIGHT,
        "nothing": b"",
        "one byte": b"\x01",
    }.items():
        wire = d.shaken("OAUTHBEARER")
        if d.token(label, wire, token):
            d.token(f"{label}: acknowledged", wire, b"\x01")


@sasl_scenario
def after_a_login(d: SaslDialogue) -> None:
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
        wire = d.logged_in(mechanism=mechanism)
        handshake(d, f"a handshake after {mechanism}", wire, mechanism, 1)
        request = SaslAuthenticateRequest(auth_bytes=b"x")
        d.ask(f"a token after {mechanism}", request, 2, SaslAuthenticateResponse, wire)
        d.ask(f"a token after {mechanism} v0", request, 0, SaslAuthenticateResponse, wire)
        d.note(f"versions after {mechanism}", wire.ask(ApiVersionsRequest(), 0, ApiVersionsResponse).error_code)
    d.ask("a token where no login is wanted", SaslAuthenticateRequest(), 2, SaslAuthenticateResponse)


@sasl_scenario
def logins_are_renewed(d: SaslDialogue) -> None:
    wire = d.shaken()
    d.token("first", wire, RIGHT, 1)
    handshake(d, "a handshake at once", wire, "PLAIN", 1)
    d.token("again", wire, RIGHT, 2)
    handshake(d, "a handshake too soon", wire, "PLAIN", 1)
    d.note("served", bool(wire.ask(MetadataRequest(topics=[]), 1, MetadataResponse).brokers))
    wire = d.logged_in()
    handshake(d, "as another", wire, "PLAIN", 1)
    d.token("as another: token", wire, b"\0bo\0other")
    wire = d.logged_in()
    handshake(d, "wrongly", wire, "PLAIN", 1)
    d.token("wrongly: token", wire, WRONG)
    wire = d.logged_in()
    handshake(d, "by another mechanism", wire, "SCRAM-SHA-256", 1)
    d.token("by another mechanism: token", wire, ScramClient("al", "secret").first())
    wire = d.logged_in()
    handshake(d, "by none that there is", wire, "nonsense", 1)
    d.note("by none that there is: then", wire.is_closed_by_peer(0.5))
    wire = d.logged_in()
    handshake(d, "a request instead of a token", wire, "PLAIN", 1)
    d.ask("a request instead of a token: answer", DescribeClusterRequest(), 1, DescribeClusterResponse, wire)
    wire = d.logged_in()
    handshake(d, "without headers", wire, "PLAIN", 0)
    d.raw("without headers: token", wire, RIGHT)
    d.note("without headers: served", bool(wire.ask(MetadataRequest(topics=[]), 1, MetadataResponse).brokers))


@sasl_scenario
def frames_are_short_until_a_login_is_done(d: SaslDialogue) -> None:
    long = b"\0al\0secret" + b"t" * 600_000  # more than sasl.server.max.receive.size
    d.token("before a login", d.shaken(), long)
    wire = d.logged_in()
    many = MetadataRequest(topics=[MetadataRequestTopic(name="n" * 200)] * 3000, allow_auto_topic_creation=False)
    d.note("after it", len(wire.ask(many, 8, MetadataResponse).topics))
    handshake(d, "a login anew", wire, "PLAIN", 1)
    d.token("a login anew: token", wire, long)
    wire = d.logged_in()
    handshake(d, "done anew", wire, "PLAIN", 1)
    d.token("done anew: token", wire, RIGHT)
    d.note("after that", len(wire.ask(many, 8, MetadataResponse).topics))


def upsertion(name: str, mechanism: int = 1, iterations: int = 4096) -> ScramCredentialUpsertion:
    digest = "sha512" if mechanism == 2 else "sha256"
    password = salted(digest, "pw", iterations=max(iterations, 1))
    return ScramCredentialUpsertion(
        name=name, mechanism=mechanism, iterations=iterations, salt=b"salt", salted_password=password
    )


@sasl_scenario
def users_are_altered_and_described(d: SaslDialogue) -> None:
    cy, dan = d.name("cy"), d.name("dan")

    def alter(label: str, *upsertions: ScramCredentialUpsertion, deletions: tuple[tuple[str, int], ...] = ()) -> None:
        request = AlterUserScramCredentialsRequest(
            deletions=[ScramCredentialDeletion(name=name, mechanism=number) for name, number in deletions],
            upsertions=upsertions,
        )
        answer = d.wire.ask(request, 0, AlterUserScramCredentialsResponse)
        d.note(label, sorted(answer.results, key=lambda one: one.user))

    def describe(label: str, *names: str) -> None:
        request = DescribeUserScramCredentialsRequest(users=[UserName(name=name) for name in names])
        answer = d.wire.ask(request, 0, DescribeUserScramCredentialsResponse)
        for result in answer.results:
            result.credential_infos = sorted(result.credential_infos, key=lambda one: one.mechanism)
        answer.results = sorted(answer.results, key=lambda one: one.user)
        d.note(label, answer)

    alter("two mechanisms of one at once", upsertion(cy), upsertion(cy, 2, 8192))
    alter("one", upsertion(cy))
    alter("the other", upsertion(cy, 2, 8192))
    describe("described", cy)
    describe("one that is not there", cy, dan)
    describe("one twice", cy, cy)
    d.logged_in(cy, "SCRAM-SHA-512", password="pw")
    alter("too few and too many iterations", upsertion(cy, 1, 4095), upsertion(dan, 1, 16385))
    alter("as many as may be", upsertion(dan, 1, 16384))
    alter("an unknown mechanism", upsertion(cy, 3), upsertion(dan, 0))
    alter("no name", upsertion(""))
    alter("one twice at once", upsertion(cy), upsertion(cy))
    alter("set and deleted at once", upsertion(cy), deletions=((cy, 1),))
    alter("one right and one wrong of the same", upsertion(cy, 2, 5000), upsertion(cy, 1, 1))
    describe("after that", cy)
    alter("one wrong first and one right of the same", upsertion(cy, 1, 1), upsertion(cy, 2, 5000))
    describe("after that again", cy)
    alter("a wrong one keeps no other back", upsertion(cy, 1, 1), upsertion(dan, 2))
    alter("nobody to delete", deletions=((d.name("nobody"), 1), (dan, 1)))
    alter("wrong ones to delete", deletions=(("", 1), (cy, 7)))
    alter("deleted twice at once", deletions=((cy, 2), (cy, 2)))
    alter("deleted, both at once", deletions=((cy, 1), (cy, 2)))
    alter("deleted", deletions=((cy, 1),))
    alter("deleted, the other", deletions=((cy, 2),))
    describe("afterwards", cy, dan)
    d.token("who was deleted", d.shaken("SCRAM-SHA-512"), ScramClient(cy, "pw", "sha512").first())


def created(answer: CreateDelegationTokenResponse) -> list[object]:
    return [
        *(answer.error_code, answer.principal_type, answer.principal_name, answer.token_requester_principal_type),
        *(answer.token_requester_principal_name, len(answer.token_id), len(answer.hmac)),
        answer.expiry_timestamp_ms - answer.issue_timestamp_ms,
        answer.max_timestamp_ms - answer.issue_timestamp_ms,
    ]


@sasl_scenario
def tokens_are_made_and_log_in(d: SaslDialogue) -> None:
    al = d.logged_in()
    for version in (1, 2, 3):
        answer = al.ask(CreateDelegationTokenRequest(max_lifetime_ms=-1), version, CreateDelegationTokenResponse)
        d.note(f"v{version}", created(answer))
    settle_token(d, al, answer)
    for mechanism in DIGESTS:
        password = base64.b64encode(answer.hmac).decode()
        by_token = d.logged_in(answer.token_id, mechanism, password=password, extensions=",tokenauth=true")
        d.note(f"{mechanism}: served", bool(by_token.ask(MetadataRequest(topics=[]), 1, MetadataResponse).brokers))
        again = by_token.ask(CreateDelegationTokenRequest(), 3, CreateDelegationTokenResponse)
        d.note(f"{mechanism}: no token by a token", created(again))
        d.ask(
            f"{mechanism}: none is seen",
            DescribeDelegationTokenRequest(owners=None),
            3,
            DescribeDelegationTokenResponse,
            by_token,
        )
    wire = d.shaken("SCRAM-SHA-256")
    scram = ScramClient(answer.token_id, "wrong", extensions=",tokenauth=true")
    challenge = d.authenticate(wire, scram.first())
    d.token("a wrong secret", wire, scram.final(challenge.auth_bytes))
    d.token("a token that is not called one", d.shaken("SCRAM-SHA-256"), ScramClient(answer.token_id, "x").first())


def settle_token(d: SaslDialogue, wire: Wire, token: CreateDelegationTokenResponse) -> None:
    """Waits until the broker has heard of it."""

    def is_there() -> bool:
        seen = wire.ask(DescribeDelegationTokenRequest(owners=None), 3, DescribeDelegationTokenResponse)
        return token.token_id in [one.token_id for one in seen.tokens]

    d.wait_for(is_there, "the token is known")


@sasl_scenario
def tokens_of_lifetimes_and_owners(d: SaslDialogue) -> None:
    al = d.logged_in()
    day = 86_400_000
    for label, request in {
        "an hour": CreateDelegationTokenRequest(max_lifetime_ms=3_600_000),
        "a year": CreateDelegationTokenRequest(max_lifetime_ms=365 * day),
        "no time": CreateDelegationTokenRequest(max_lifetime_ms=0),
        "of another": CreateDelegationTokenRequest(owner_principal_type="User", owner_principal_name="bo"),
        "of a group": CreateDelegationTokenRequest(owner_principal_type="Group", owner_principal_name="g"),
        "renewers": CreateDelegationTokenRequest(
            renewers=[CreatableRenewers(principal_type="User", principal_name="bo")]
        ),
        "a renewer that is no user": CreateDelegationTokenRequest(
            renewers=[CreatableRenewers(principal_type="Group", principal_name="bo")]
        ),
    }.items():
        d.note(label, created(al.ask(request, 3, CreateDelegationTokenResponse)))


@sasl_scenario
def tokens_are_renewed_and_end(d: SaslDialogue) -> None:
    al, bo = d.logged_in(), d.logged_in("bo")
    token = al.ask(CreateDelegationTokenRequest(max_lifetime_ms=-1), 3, CreateDelegationTokenResponse)
    settle_token(d, al, token)

    def renew(label: str, wire: Wire, hmac: bytes, period_ms: int, version: int = 2) -> None:
        request = RenewDelegationTokenRequest(hmac=hmac, renew_period_ms=period_ms)
        answer = wire.ask(request, version, RenewDelegationTokenResponse)
        d.note(label, [answer.error_code, rounded(answer.expiry_timestamp_ms, token.issue_timestamp_ms)])

    def expire(label: str, wire: Wire, hmac: bytes, period_ms: int, version: int = 2) -> None:
        request = ExpireDelegationTokenRequest(hmac=hmac, expiry_time_period_ms=period_ms)
        answer = wire.ask(request, version, ExpireDelegationTokenResponse)
        d.note(label, [answer.error_code, rounded(answer.expiry_timestamp_ms, token.issue_timestamp_ms)])

    for version in (1, 2):
        renew(f"by default v{version}", al, token.hmac, -1, version)
    renew("for an hour", al, token.hmac, 3_600_000)
    renew("for a year", al, token.hmac, 365 * 86_400_000)
    renew("by another", bo, token.hmac, -1)
    renew("one that is not there", al, b"nonsense", -1)
    renew("where nobody is known", d.wire, token.hmac, -1)
    expire("in an hour", al, token.hmac, 3_600_000, 1)
    expire("in a year", al, token.hmac, 365 * 86_400_000)
    expire("ended by another", bo, token.hmac, -1)
    expire("the end of one that is not there", al, b"", -1)
    expire("ended where nobody is known", d.wire, token.hmac, -1)
    expire("at once", al, token.hmac, -1)
    d.wait_for(
        lambda: al.ask(RenewDelegationTokenRequest(hmac=token.hmac), 2, RenewDelegationTokenResponse).error_code == 62,
        "the token is gone",
    )
    expire("again", al, token.hmac, -1)
    short = al.ask(CreateDelegationTokenRequest(max_lifetime_ms=1), 3, CreateDelegationTokenResponse)
    settle_token(d, al, short)
    time.sleep(0.01)
    renew("one that has expired", al, short.hmac, -1)
    expire("one that has expired, later", al, short.hmac, 1000)
    expire("one that has expired, now", al, short.hmac, -1)


def rounded(timestamp_ms: int, since_ms: int) -> str:
    if timestamp_ms <= 0:
        return str(timestamp_ms)
    return f"{round((timestamp_ms - since_ms) / 60_000)} minutes"


@sasl_scenario
def tokens_are_seen(d: SaslDialogue) -> None:
    al = d.logged_in()
    renewer = CreatableRenewers(principal_type="User", principal_name="bo")
    token = al.ask(
        CreateDelegationTokenRequest(renewers=[renewer], max_lifetime_ms=-1), 3, CreateDelegationTokenResponse
    )
    settle_token(d, al, token)
    for version in (1, 2, 3):
        for label, owners in {
            "all": None,
            "none": [],
            "al's": [DescribeDelegationTokenOwner(principal_type="User", principal_name="al")],
            "bo's": [DescribeDelegationTokenOwner(principal_type="User", principal_name="nobody")],
        }.items():
            answer = al.ask(DescribeDelegationTokenRequest(owners=owners), version, DescribeDelegationTokenResponse)
            seen = next((one for one in answer.tokens if one.token_id == token.token_id), None)
            d.note(f"{label} v{version}", [answer.error_code, seen is not None])
            if seen is not None:
                d.note(
                    f"{label} v{version}: it",
                    [
                        *(seen.principal_type, seen.principal_name, seen.token_requester_principal_type),
                        *(seen.token_requester_principal_name, seen.hmac == token.hmac, seen.renewers),
                        seen.expiry_timestamp == token.expiry_timestamp_ms,
                        seen.max_timestamp == token.max_timestamp_ms,
                    ],
                )
    d.ask("where nobody is known", DescribeDelegationTokenRequest(owners=None), 3, DescribeDelegationTokenResponse)
    d.note(
        "made where nobody is known",
        created(d.wire.ask(CreateDelegationTokenRequest(), 3, CreateDelegationTokenResponse)),
    )
