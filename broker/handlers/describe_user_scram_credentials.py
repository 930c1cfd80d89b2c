"""DescribeUserScramCredentials 0: there are no users with a password yet (KIP-554)."""

from collections import Counter

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_user_scram_credentials import (
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
    """Say of each user named that there is none; null and an empty list mean all there are."""
    results: list[DescribeUserScramCredentialsResult] = []
    for name, times in Counter(user.name for user in request.users or ()).items():
        if times > 1:
            code = ErrorCode.DUPLICATE_RESOURCE
            why = f"Cannot describe SCRAM credentials for the same user twice in a single request: {name}"
        else:
            code = ErrorCode.RESOURCE_NOT_FOUND
            why = f"Attempt to describe a user credential that does not exist: {name}"
        results.append(DescribeUserScramCredentialsResult(user=name, error_code=code, error_message=why))
        yield
    return DescribeUserScramCredentialsResponse(error_code=ErrorCode.NONE, error_message="", results=results)
