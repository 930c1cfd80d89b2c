"""AlterUserScramCredentials; tests/oracle compares it with Apache Kafka's, refusal by refusal."""

from odradek.broker.security.sasl.scram_credentials import ScramMechanism, make_credential, salted_password
from odradek.broker.security.sasl.scram_credentials import stored_credential as stored
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)

from .broker_harness import AskedBroker

SHA_256 = ScramMechanism.SCRAM_SHA_256


def upsertion(name: str, mechanism: int = 1, iterations: int = 4096) -> ScramCredentialUpsertion:
    salted = salted_password(SHA_256, "secret", b"salt", 4096)
    return ScramCredentialUpsertion(
        name=name, mechanism=mechanism, iterations=iterations, salt=b"salt", salted_password=salted
    )


def alter(
    broker: AskedBroker, *upsertions: ScramCredentialUpsertion, deleted: tuple[tuple[str, int], ...] = ()
) -> dict[str, ErrorCode]:
    deletions = [ScramCredentialDeletion(name=name, mechanism=mechanism) for name, mechanism in deleted]
    request = AlterUserScramCredentialsRequest(deletions=deletions, upsertions=upsertions)
    answer = broker.ask(request, 0, AlterUserScramCredentialsResponse).answer
    return {one.user: ErrorCode(one.error_code) for one in answer.results}


def test_a_user_is_stored_so_that_its_password_is_recognised() -> None:
    broker = AskedBroker()
    assert alter(broker, upsertion("al")) == {"al": ErrorCode.NONE}
    record = broker.context.metadata.image.credentials.scram["al", 1]
    assert stored(record) == make_credential(SHA_256, "secret", b"salt", 4096)
    broker.restart(is_clean=False)
    assert broker.context.metadata.image.credentials.scram == {("al", 1): record}


def test_a_user_is_deleted() -> None:
    broker = AskedBroker()
    alter(broker, upsertion("al"))
    assert alter(broker, deleted=(("al", 1),)) == {"al": ErrorCode.NONE}
    assert broker.context.metadata.image.credentials.scram == {}


def test_what_is_refused_changes_nothing_and_keeps_no_other_back() -> None:
    broker = AskedBroker()
    refused = alter(
        broker, upsertion("few", 1, 4095), upsertion("many", 1, 16385), upsertion("odd", 3), upsertion(""),
        upsertion("ok"),
        upsertion("twice"), upsertion("twice", 2), deleted=(("gone", 1),),
    )  # fmt: skip
    assert refused == {
        "few": ErrorCode.UNACCEPTABLE_CREDENTIAL,
        "many": ErrorCode.UNACCEPTABLE_CREDENTIAL,
        "odd": ErrorCode.UNSUPPORTED_SASL_MECHANISM,
        "": ErrorCode.UNACCEPTABLE_CREDENTIAL,
        "ok": ErrorCode.NONE,
        "twice": ErrorCode.DUPLICATE_RESOURCE,
        "gone": ErrorCode.RESOURCE_NOT_FOUND,
    }
    assert set(broker.context.metadata.image.credentials.scram) == {("ok", 1)}
