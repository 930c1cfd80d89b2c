"""ApiVersions 0-4: what this broker serves, derived from the table of handlers (KIP-35, KIP-511, KIP-584)."""

import re

from ...protocol.api_keys import ApiKey
from ...protocol.errors import ErrorCode
from ...protocol.messages.api_versions import (
    ApiVersion,
    ApiVersionsRequest,
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)
from ..context import Context
from ..session import Session

# KIP-511; both the name and the version must look like this.
_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?")


def handle_api_versions(
    request: ApiVersionsRequest, version: int, session: Session, context: Context
) -> ApiVersionsResponse:
    """List the served APIs and the feature levels."""
    if version >= 3:
        names = (request.client_software_name, request.client_software_version)
        if not all(_SOFTWARE.fullmatch(name) for name in names):
            return ApiVersionsResponse(error_code=ErrorCode.INVALID_REQUEST)
        session.software_name, session.software_version = names
    if session.authentication is not None:
        session.authentication.note_api_versions()
    # KAFKA-17492: Java clients before 3.9 throw on a feature whose minimum is 0, so only version 4 shows those.
    supported = [f for f in context.features if version >= 4 or f.min_version > 0]
    known = {f.name for f in context.features}  # Apache Kafka, whose directory this may have been, has more
    return ApiVersionsResponse(
        api_keys=[
            ApiVersion(api_key=api.key, min_version=api.listed_from, max_version=api.last)
            for api in context.served_apis
        ],
        supported_features=[
            SupportedFeatureKey(name=f.name, min_version=f.min_version, max_version=f.max_version) for f in supported
        ],
        finalized_features_epoch=context.metadata.end_offset,
        finalized_features=[
            FinalizedFeatureKey(name=name, max_version_level=level, min_version_level=level)
            for name, level in context.metadata.image.features.items()
            if name in known
        ],
    )


def unsupported_version_answer(context: Context) -> ApiVersionsResponse:
    """KIP-511: error 35 and the one line a client needs to try again."""
    own = next(api for api in context.served_apis if api.key == ApiKey.API_VERSIONS)
    return ApiVersionsResponse(
        error_code=ErrorCode.UNSUPPORTED_VERSION,
        api_keys=[ApiVersion(api_key=own.key, min_version=own.listed_from, max_version=own.last)],
    )
