"""What a request makes of the settings that are there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.config.config_def import topic_config_def
from odradek.broker.dynamic_config.changes import ConfigChange, Operation, ResourceChange
from odradek.protocol.errors import ErrorCode, KafkaError

POLICY = "cleanup.policy"


def applied(now: dict[str, str], *changes: ConfigChange, is_whole: bool = False) -> dict[str, str]:
    change = ResourceChange(2, "t", changes, is_whole)
    change.check_form()
    find = topic_config_def().get
    return change.applied(now, find, lambda name: topic_config_def()[name].default, _refusal)


def _refusal(change: ConfigChange) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_CONFIG, f"not {change.operation}")


def test_one_setting_is_set_and_the_others_stay() -> None:
    assert applied({"a": "1", "b": "2"}, ConfigChange("a", "3")) == {"a": "3", "b": "2"}


def test_what_is_deleted_is_gone_whether_it_was_there_or_not() -> None:
    gone = [ConfigChange(name, None, Operation.DELETE) for name in ("a", "c")]
    assert applied({"a": "1", "b": "2"}, *gone) == {"b": "2"}


def test_a_whole_change_takes_back_what_it_does_not_name() -> None:
    assert applied({"a": "1", "b": "2"}, ConfigChange("b", "3"), is_whole=True) == {"b": "3"}


@pytest.mark.parametrize(
    ("now", "operation", "value", "then"),
    [
        (None, Operation.APPEND, "compact", "delete,compact"),
        ("compact", Operation.APPEND, "delete , compact", "compact,delete"),
        ("compact", Operation.APPEND, "compact", "compact"),
        ("", Operation.APPEND, "compact", "compact"),
        ("delete, compact", Operation.SUBTRACT, "delete", "compact"),
        (None, Operation.SUBTRACT, "delete", ""),
        ("compact", Operation.SUBTRACT, "delete", "compact"),
    ],
)
def test_a_list_begins_with_what_is_in_force(now: str | None, operation: Operation, value: str, then: str) -> None:
    own = {} if now is None else {POLICY: now}
    assert applied(own, ConfigChange(POLICY, value, operation)) == {POLICY: then}


@pytest.mark.parametrize("operation", [Operation.APPEND, Operation.SUBTRACT, 4, -1])
def test_nothing_else_can_be_added_to(operation: int) -> None:
    with pytest.raises(KafkaError, match=f"not {int(operation)}"):
        applied({}, ConfigChange("retention.ms", "5", operation))


def test_a_setting_named_twice_is_refused() -> None:
    with pytest.raises(KafkaError, match="duplicate"):
        applied({}, ConfigChange("a", "1"), ConfigChange("a", None, Operation.DELETE))


def test_every_setting_without_a_value_is_named() -> None:
    with pytest.raises(KafkaError, match="a, c"):
        applied({}, ConfigChange("a", None), ConfigChange("b", None, Operation.DELETE), ConfigChange("c", None, 2))


@given(st.lists(st.sampled_from("abcde"), unique=True), st.lists(st.sampled_from("abcde")))
def test_what_is_added_and_taken_again_is_gone(there: list[str], named: list[str]) -> None:
    now = {POLICY: ",".join(there)}
    added = applied(now, ConfigChange(POLICY, ",".join(named), Operation.APPEND))
    assert set(filter(None, added[POLICY].split(","))) == {*there, *named}
    left = applied(added, ConfigChange(POLICY, ",".join(named), Operation.SUBTRACT))
    assert [part for part in left[POLICY].split(",") if part] == [part for part in there if part not in named]
