import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.metadata.features import FEATURES, parse_features


def test_levels_are_taken_by_name_and_the_last_word_counts() -> None:
    assert parse_features(["transaction.version=1", " metadata.version = 30 ", "transaction.version=0"]) == {
        "transaction.version": 0,
        "metadata.version": 30,
    }
    assert parse_features([]) == {}


def test_the_level_of_a_new_directory_can_be_asked_for() -> None:
    names = {known.name: known.level for known in FEATURES}
    assert parse_features([f"{name}={level}" for name, level in names.items()]) == names


@pytest.mark.parametrize(
    ("assignment", "why"),
    [
        ("transaction.version", "is not NAME=LEVEL"),
        (
            "nope.version=1",
            "there are: metadata.version, transaction.version, group.version, share.version",
        ),
        ("transaction.version=3", "must have a level from 0 to 2, not '3'"),
        ("transaction.version=-1", "must have a level from 0 to 2, not '-1'"),
        ("transaction.version=one", "must have a level from 0 to 2, not 'one'"),
        ("transaction.version=", "must have a level from 0 to 2, not ''"),
        ("metadata.version=29", "must have a level from 30 to 30, not '29'"),
    ],
)
def test_what_does_not_exist_is_refused_with_a_reason(assignment: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        parse_features([assignment])
