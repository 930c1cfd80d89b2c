"""DeleteAcls (31): remove access rules."""

from collections.abc import Sequence

from ..schema import i8, i16, i32, message, nested


@nested
class DeleteAclsFilter:
    resource_type_filter: i8 = 0
    resource_name_filter: str | None
    pattern_type_filter: i8 = 3
    principal_filter: str | None
    host_filter: str | None
    operation: i8 = 0
    permission_type: i8 = 0


@message(api_key=31, versions="1-3", flexible="2+")
class DeleteAclsRequest:
    """Filters; every rule that matches one goes."""

    filters: Sequence[DeleteAclsFilter] = ()


@nested
class DeleteAclsMatchingAcl:
    error_code: i16 = 0
    error_message: str | None = None
    resource_type: i8
    resource_name: str
    pattern_type: i8 = 3
    principal: str = ""
    host: str
    operation: i8 = 0
    permission_type: i8 = 0


@nested
class DeleteAclsFilterResult:
    error_code: i16 = 0
    error_message: str | None = None
    matching_acls: Sequence[DeleteAclsMatchingAcl] = ()


@message(api_key=31, versions="1-3", flexible="2+")
class DeleteAclsResponse:
    """Per filter, the rules that went."""

    throttle_time_ms: i32 = 0
    filter_results: Sequence[DeleteAclsFilterResult] = ()
