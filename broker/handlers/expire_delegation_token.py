"""ExpireDelegationToken 1-2: a token ends, now or at a time to come (KIP-48)."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.expire_delegation_token import ExpireDelegationTokenRequest, ExpireDelegationTokenResponse
from ...protocol.metadata_records import DelegationTokenRecord, MetadataRecord, RemoveDelegationTokenRecord
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..metadata.image import MetadataImage
from ..security.tokens.requests import requester_of
from ..session import Session


def handle_expire_delegation_token(
    request: ExpireDelegationTokenRequest, version: int, session: Session, context: Context
) -> ExpireDelegationTokenResponse | Deferred[ExpireDelegationTokenResponse]:
    """Set the end of the token that has this secret; a negative period means now."""
    deferred: Deferred[ExpireDelegationTokenResponse] = Deferred()
    ends_ms: list[int] = []
    try:
        requester = requester_of(session)
    except KafkaError as error:
        return ExpireDelegationTokenResponse(error_code=error.code, expiry_timestamp_ms=-1)

    def decide(image: MetadataImage) -> Sequence[MetadataRecord]:
        secret, now_ms = bytes(request.hmac), context.clock.now_ms()
        left = context.tokens.expire(secret, requester, request.expiry_time_period_ms, now_ms)
        if isinstance(left, DelegationTokenRecord):
            ends_ms.append(left.expiration_timestamp)
            return [left]
        ends_ms.append(now_ms)
        return [RemoveDelegationTokenRecord(token_id=left)]

    def done(error: KafkaError | None) -> None:
        if error is not None:
            in_time(ExpireDelegationTokenResponse(error_code=error.code))
        else:
            in_time(ExpireDelegationTokenResponse(error_code=ErrorCode.NONE, expiry_timestamp_ms=ends_ms[0]))

    late = ExpireDelegationTokenResponse(error_code=ErrorCode.REQUEST_TIMED_OUT)
    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, lambda: late)
    context.metadata.change(decide, done)
    return deferred
