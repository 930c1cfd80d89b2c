"""DescribeUserScramCredentials 0: who may log in with SCRAM, by which mechanisms; no secrets (KIP-554)."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_user_scram_credentials import (
    CredentialInfo,
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
    DescribeUserScramCredentialsResult,
)
from ..context import Context
from ..session import Session
from ..slices import Steps


def handle_describe_user_scram_credentials(
    request: DescribeUserScramCredentialsRequest, version: int, session: Session, context: Context
) -> Steps[DescribeUserScramCredentialsResponse]:
    """The users named; null and an empty list mean all there are."""
    known: dict[str, list[CredentialInfo]] = {}
    for (name, mechanism), record in list(context.metadata.image.credentials.scram.items()):
        known.setdefault(name, []).append(CredentialInfo(mechanism=mechanism, iterations=record.iterations))
        yield
    named = Counter(user.name for user in request.users or ()) or Counter(known.keys())
    results: list[DescribeUserScramCredentialsResult] = []
    for name, times in named.items():
        results.append(_result(name, times, known))
        yield
    return DescribeUserScramCredentialsResponse(error_code=ErrorCode.NONE, error_message="", results=results)


def _result(name: str, times: int, known: Mapping[str, Sequence[CredentialInfo]]) -> DescribeUserScramCredentialsResult:
    if times > 1:
        code = ErrorCode.DUPLICATE_RESOURCE
        why = f"Cannot describe SCRAM credentials for the same user twice in a single request: {name}"
        return DescribeUserScramCredentialsResult(user=name, error_code=code, error_message=why)
    if name not in known:
        code = ErrorCode.RESOURCE_NOT_FOUND
        why = f"Attempt to describe a user credential that does not exist: {name}"
        return DescribeUserScramCredentialsResult(user=name, error_code=code, error_message=why)
    return DescribeUserScramCredentialsResult(
        user=name, error_message="", credential_infos=sorted(known[name], key=_place)
    )


def _place(info: CredentialInfo) -> int:
    return info.mechanism
