import pytest

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.classic.states import TRANSITIONS, ClassicState


def test_every_state_is_in_the_table_and_dead_is_the_end() -> None:
    assert set(TRANSITIONS) == set(ClassicState)
    assert TRANSITIONS[ClassicState.DEAD] == frozenset()
    for state, following in TRANSITIONS.items():
        assert state is ClassicState.DEAD or ClassicState.DEAD in following


@pytest.mark.parametrize("state", ClassicState)
@pytest.mark.parametrize("following", ClassicState)
def test_a_group_moves_as_the_table_says_and_not_otherwise(state: ClassicState, following: ClassicState) -> None:
    group = ClassicGroup("g", 1)
    group.state = state
    if following in TRANSITIONS[state]:
        group.transition_to(following, 2)
        assert (group.state, group.state_timestamp_ms) == (following, 2)
    else:
        with pytest.raises(AssertionError):
            group.transition_to(following, 2)
        assert (group.state, group.state_timestamp_ms) == (state, 1)
