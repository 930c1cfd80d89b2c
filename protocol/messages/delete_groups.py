"""DeleteGroups (42): delete empty groups with their offsets."""

from collections.abc import Sequence

from ..schema import i16, i32, message, nested


@message(api_key=42, versions="0-2", flexible="2+")
class DeleteGroupsRequest:
    """The groups to delete."""

    groups_names: Sequence[str] = ()


@nested
class DeletableGroupResult:
    group_id: str
    error_code: i16 = 0


@message(api_key=42, versions="0-2", flexible="2+")
class DeleteGroupsResponse:
    """Per group, whether it was deleted."""

    throttle_time_ms: i32 = 0
    results: Sequence[DeletableGroupResult] = ()
