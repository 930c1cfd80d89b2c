import inspect

from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.broker.coordination.groups.kind import GroupKind
from odradek.broker.coordination.groups.kinds import GroupKinds
from odradek.broker.coordination.groups.modern.topics_view import NoTopics
from odradek.broker.coordination.timers import Deadlines


def test_every_kind_takes_what_the_coordinator_gives_it() -> None:
    kinds = GroupKinds(GroupConfig(), {}, Deadlines(), lambda: "id", NoTopics())
    for name, declared in inspect.getmembers(GroupKind, inspect.isfunction):
        if not name.startswith("_"):
            for kind in kinds.by_group_type.values():
                given = inspect.signature(getattr(kind, name)).parameters
                assert list(given) == list(inspect.signature(declared).parameters)[1:], name
