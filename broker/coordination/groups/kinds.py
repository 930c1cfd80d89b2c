"""THE TABLE of the kinds of groups: the one place that knows them all."""

from collections.abc import Callable, Mapping
from uuid import UUID

from ....protocol.uuid_text import encode_uuid
from ..timers import Deadlines
from .classic.coordinator import ClassicCoordinator
from .classic.group import CLASSIC, ClassicGroup
from .classic.rebalance import TIMERS as CLASSIC_TIMERS
from .classic.records import GROUP_RECORD_TYPE
from .consumer.coordinator import TIMERS as CONSUMER_TIMERS
from .consumer.coordinator import ConsumerCoordinator
from .consumer.group import CONSUMER, ConsumerGroup
from .consumer.records import RECORD_TYPES as CONSUMER_RECORD_TYPES
from .group import Group
from .group_config import GroupConfig
from .kind import ClassicRequests, GroupKind, TimerKey
from .modern.topics_view import TopicsView
from .share.coordinator import TIMERS as SHARE_TIMERS
from .share.coordinator import ShareGroupCoordinator
from .share.group import SHARE
from .share.records import RECORD_TYPES as SHARE_RECORD_TYPES
from .streams.coordinator import TIMERS as STREAMS_TIMERS
from .streams.coordinator import StreamsCoordinator
from .streams.group import STREAMS
from .streams.records import RECORD_TYPES as STREAMS_RECORD_TYPES


class GroupKinds:
    """Each kind by what names it: the type of a record, a timer, the type of a group."""

    def __init__(
        self,
        config: GroupConfig,
        groups: dict[str, Group],
        deadlines: Deadlines[TimerKey],
        new_id: Callable[[], str],
        topics: TopicsView,
    ) -> None:
        self.classic = ClassicCoordinator(config, groups, deadlines, new_id)
        self.consumer = ConsumerCoordinator(
            *(config.consumer, groups, deadlines, topics),
            new_id=lambda: encode_uuid(UUID(new_id()).bytes),
            classic=self.classic,
        )
        self._groups = groups
        self.share = ShareGroupCoordinator(config.share, groups, deadlines, topics)
        self.streams = StreamsCoordinator(config.streams, groups, deadlines, topics)
        self.by_record_type: Mapping[int, GroupKind] = {
            GROUP_RECORD_TYPE: self.classic,
            **dict.fromkeys(CONSUMER_RECORD_TYPES, self.consumer),
            **dict.fromkeys(STREAMS_RECORD_TYPES, self.streams),
            **dict.fromkeys(SHARE_RECORD_TYPES, self.share),
        }
        self.by_timer: Mapping[str, GroupKind] = {
            **dict.fromkeys(CLASSIC_TIMERS, self.classic),
            **dict.fromkeys(CONSUMER_TIMERS, self.consumer),
            **dict.fromkeys(STREAMS_TIMERS, self.streams),
            **dict.fromkeys(SHARE_TIMERS, self.share),
        }
        self.by_group_type: Mapping[str, GroupKind] = {
            CLASSIC: self.classic,
            CONSUMER: self.consumer,
            STREAMS: self.streams,
            SHARE: self.share,
        }

    def classic_host(self, group_id: str) -> ClassicRequests:
        """Who answers the classic members of a group, and those who want to be some."""
        group = self._groups.get(group_id)
        has_consumers = isinstance(group, ConsumerGroup) and not group.is_empty
        return self.consumer.classic_members if has_consumers else self.classic

    def kind_of(self, group: Group) -> GroupKind:
        """The kind that a group is of."""
        return self.by_group_type[group.group_type]


def offsets_only(group_id: str) -> Group:
    """A group that is there because offsets were committed for it: it has no record of its own."""
    return ClassicGroup(group_id)
