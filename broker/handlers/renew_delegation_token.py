"""RenewDelegationToken 1-2: a token lives on (KIP-48)."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.renew_delegation_token import RenewDelegationTokenRequest, RenewDelegationTokenResponse
from ...protocol.metadata_records import DelegationTokenRecord, MetadataRecord
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..metadata.image import MetadataImage
from ..security.tokens.requests import requester_of
from ..session import Session


def handle_renew_delegation_token(
    request: RenewDelegationTokenRequest, version: int, session: Session, context: Context
) -> RenewDelegationTokenResponse | Deferred[RenewDelegationTokenResponse]:
    """Prolong the token that has this secret."""
    deferred: Deferred[RenewDelegationTokenResponse] = Deferred()
    renewed: list[DelegationTokenRecord] = []
    try:
        requester = requester_of(session)
    except KafkaError as error:
        return RenewDelegationTokenResponse(error_code=error.code, expiry_timestamp_ms=-1)

    def decide(image: MetadataImage) -> Sequence[MetadataRecord]:
        secret, now_ms = bytes(request.hmac), context.clock.now_ms()
        renewed.append(context.tokens.renew(secret, requester, request.renew_period_ms, now_ms))
        return renewed

    def done(error: KafkaError | None) -> None:
        if error is not None:
            in_time(RenewDelegationTokenResponse(error_code=error.code))
        else:
            until_ms = renewed[0].expiration_timestamp
            in_time(RenewDelegationTokenResponse(error_code=ErrorCode.NONE, expiry_timestamp_ms=until_ms))

    late = RenewDelegationTokenResponse(error_code=ErrorCode.REQUEST_TIMED_OUT)
    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, lambda: late)
    context.metadata.change(decide, done)
    return deferred
