"""AlterUserScramCredentials 0: who may log in with SCRAM, and with which password (KIP-554).

The client sends the salted password; what is stored of it does not let anybody log in.
"""

from collections import Counter
from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    AlterUserScramCredentialsResult,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from ...protocol.metadata_records import MetadataRecord, RemoveUserScramCredentialRecord
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..metadata.image import MetadataImage
from ..security.sasl.scram_credentials import (
    MAX_ITERATIONS,
    MIN_ITERATIONS,
    ScramMechanism,
    credential_of,
    credential_record,
)
from ..session import Session
from ..slices import Steps

Change = ScramCredentialDeletion | ScramCredentialUpsertion
MECHANISMS = frozenset(ScramMechanism)


def handle_alter_user_scram_credentials(
    request: AlterUserScramCredentialsRequest, version: int, session: Session, context: Context
) -> Deferred[AlterUserScramCredentialsResponse]:
    """Change each user whole or not at all; one that is refused does not keep the others from being changed."""
    deferred: Deferred[AlterUserScramCredentialsResponse] = Deferred()
    refusals: dict[str, KafkaError | None] = {}
    changes: Sequence[Change] = [*request.deletions, *request.upsertions]

    def decide(image: MetadataImage) -> Steps[Sequence[MetadataRecord]]:
        times = Counter(change.name for change in changes)  # of whatever mechanism, as Kafka counts
        for change in changes:
            if refusals.setdefault(change.name, None) is None:
                refusals[change.name] = _refusal(change, times[change.name], image)
            yield
        records: list[MetadataRecord] = []
        for change in changes:
            if refusals[change.name] is None:
                records.append(_record(change))
            yield
        return records

    def altered(error: KafkaError | None) -> None:
        results = [_result(name, refusal or error) for name, refusal in refusals.items()]
        in_time(AlterUserScramCredentialsResponse(results=results))

    def late() -> AlterUserScramCredentialsResponse:
        timed_out = KafkaError(ErrorCode.REQUEST_TIMED_OUT)
        names = dict.fromkeys(change.name for change in changes)
        return AlterUserScramCredentialsResponse(results=[_result(name, timed_out) for name in names])

    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, late)
    context.metadata.change(decide, altered)
    return deferred


def _refusal(change: Change, times: int, image: MetadataImage) -> KafkaError | None:
    if not change.name:
        return KafkaError(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Username must not be empty")
    if change.mechanism not in MECHANISMS:
        return KafkaError(ErrorCode.UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism")
    if isinstance(change, ScramCredentialUpsertion):
        if change.iterations < MIN_ITERATIONS:
            return KafkaError(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too few iterations")
        if change.iterations > MAX_ITERATIONS:
            return KafkaError(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too many iterations")
    elif (change.name, change.mechanism) not in image.credentials.scram:
        why = "Attempt to delete a user credential that does not exist"
        return KafkaError(ErrorCode.RESOURCE_NOT_FOUND, why)
    if times > 1:
        why = "A user credential cannot be altered twice in the same request"
        return KafkaError(ErrorCode.DUPLICATE_RESOURCE, why)
    return None


def _record(change: Change) -> MetadataRecord:
    if isinstance(change, ScramCredentialDeletion):
        return RemoveUserScramCredentialRecord(name=change.name, mechanism=change.mechanism)
    mechanism = ScramMechanism(change.mechanism)
    salted, salt = bytes(change.salted_password), bytes(change.salt)
    return credential_record(change.name, mechanism, credential_of(mechanism, salted, salt, change.iterations))


def _result(name: str, refusal: KafkaError | None) -> AlterUserScramCredentialsResult:
    return AlterUserScramCredentialsResult(
        user=name,
        error_code=ErrorCode.NONE if refusal is None else refusal.code,
        error_message=None if refusal is None else refusal.why,
    )
