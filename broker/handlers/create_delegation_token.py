"""CreateDelegationToken 1-3: a secret for others to log in with, for a while (KIP-48)."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_delegation_token import CreateDelegationTokenRequest, CreateDelegationTokenResponse
from ...protocol.metadata_records import DelegationTokenRecord, MetadataRecord
from ...protocol.uuid_text import encode_uuid
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..metadata.image import MetadataImage
from ..security.tokens.delegation_tokens import USER_TYPE, principal_of
from ..security.tokens.requests import joined_principal, requester_of, split_principal
from ..session import Session


def handle_create_delegation_token(
    request: CreateDelegationTokenRequest, version: int, session: Session, context: Context
) -> CreateDelegationTokenResponse | Deferred[CreateDelegationTokenResponse]:
    """Record a token of the one who asks, or of another owner."""
    requester = principal_of(session.user)
    owner = requester
    if request.owner_principal_name:
        owner = joined_principal(request.owner_principal_type or "", request.owner_principal_name)
    deferred: Deferred[CreateDelegationTokenResponse] = Deferred()
    made: list[DelegationTokenRecord] = []

    def decide(image: MetadataImage) -> Sequence[MetadataRecord]:
        tokens = context.tokens
        tokens.check_enabled()
        renewers = _renewers(request)
        token_id = encode_uuid(context.new_uuid().bytes)
        now_ms = context.clock.now_ms()
        made.append(tokens.create(token_id, owner, requester, renewers, request.max_lifetime_ms, now_ms))
        return made

    def created(error: KafkaError | None) -> None:
        in_time(_response(owner, requester, error) if error else _created(made[0], context))

    try:
        requester_of(session)
    except KafkaError as error:
        return _response(owner, requester, error)
    timed_out = KafkaError(ErrorCode.REQUEST_TIMED_OUT)
    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, lambda: _response(owner, requester, timed_out))
    context.metadata.change(decide, created)
    return deferred


def _renewers(request: CreateDelegationTokenRequest) -> list[str]:
    for renewer in request.renewers:
        if renewer.principal_type != USER_TYPE:
            raise KafkaError(ErrorCode.INVALID_PRINCIPAL_TYPE)
    return [joined_principal(one.principal_type, one.principal_name) for one in request.renewers]


def _response(owner: str, requester: str, error: KafkaError | None = None) -> CreateDelegationTokenResponse:
    owner_type, owner_name = split_principal(owner)
    requester_type, requester_name = split_principal(requester)
    return CreateDelegationTokenResponse(
        error_code=ErrorCode.NONE if error is None else error.code,
        principal_type=owner_type,
        principal_name=owner_name,
        token_requester_principal_type=requester_type,
        token_requester_principal_name=requester_name,
    )


def _created(token: DelegationTokenRecord, context: Context) -> CreateDelegationTokenResponse:
    response = _response(token.owner, token.requester)
    response.issue_timestamp_ms = token.issue_timestamp
    response.expiry_timestamp_ms = token.expiration_timestamp
    response.max_timestamp_ms = token.max_timestamp
    response.token_id = token.token_id
    response.hmac = context.tokens.secret_of(token.token_id)
    return response
