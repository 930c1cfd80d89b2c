"""CreateAcls (30): add access rules."""

from collections.abc import Sequence

from ..schema import i8, i16, i32, message, nested


@nested
class AclCreation:
    resource_type: i8
    resource_name: str
    resource_pattern_type: i8 = 3
    principal: str = ""
    host: str
    operation: i8 = 0
    permission_type: i8 = 0


@message(api_key=30, versions="1-3", flexible="2+")
class CreateAclsRequest:
    """The access rules to add."""

    creations: Sequence[AclCreation] = ()


@nested
class AclCreationResult:
    error_code: i16 = 0
    error_message: str | None = None


@message(api_key=30, versions="1-3", flexible="2+")
class CreateAclsResponse:
    """Per rule, whether it was added."""

    throttle_time_ms: i32 = 0
    results: Sequence[AclCreationResult] = ()
