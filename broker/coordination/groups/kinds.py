"""THE TABLE of the kinds of groups: the one place that knows them all."""

from collections.abc import Callable, Mapping

from ..timers import Deadlines
from .classic.coordinator import ClassicCoordinator
from .classic.group import CLASSIC, ClassicGroup
from .classic.rebalance import TIMERS as CLASSIC_TIMERS
from .classic.records import GROUP_RECORD_TYPE
from .group import Group
from .group_config import GroupConfig
from .kind import GroupKind, TimerKey


class GroupKinds:
    """Each kind by what names it: the type of a record, a timer, the type of a group."""

    def __init__(
        self,
        config: GroupConfig,
        groups: dict[str, Group],
        deadlines: Deadlines[TimerKey],
        new_id: Callable[[], str],
    ) -> None:
        self.classic = ClassicCoordinator(config, groups, deadlines, new_id)
        self.by_record_type: Mapping[int, GroupKind] = {GROUP_RECORD_TYPE: self.classic}
        self.by_timer: Mapping[str, GroupKind] = dict.fromkeys(CLASSIC_TIMERS, self.classic)
        self.by_group_type: Mapping[str, GroupKind] = {CLASSIC: self.classic}

    def kind_of(self, group: Group) -> GroupKind:
        """The kind that a group is of."""
        return self.by_group_type[group.group_type]


def offsets_only(group_id: str) -> Group:
    """A group that is there because offsets were committed for it: it has no record of its own."""
    return ClassicGroup(group_id)
