"""DescribeAcls (29): find access rules."""

from collections.abc import Sequence

from ..schema import i8, i16, i32, message, nested


@message(api_key=29, versions="1-3", flexible="2+")
class DescribeAclsRequest:
    """A filter on access rules."""

    resource_type_filter: i8 = 0
    resource_name_filter: str | None
    pattern_type_filter: i8 = 3
    principal_filter: str | None
    host_filter: str | None
    operation: i8 = 0
    permission_type: i8 = 0


@nested
class AclDescription:
    principal: str = ""
    host: str
    operation: i8 = 0
    permission_type: i8 = 0


@nested
class DescribeAclsResource:
    resource_type: i8
    resource_name: str
    pattern_type: i8 = 3
    acls: Sequence[AclDescription] = ()


@message(api_key=29, versions="1-3", flexible="2+")
class DescribeAclsResponse:
    """The rules that match, by resource."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    resources: Sequence[DescribeAclsResource] = ()
