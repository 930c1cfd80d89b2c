import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.config.release import find_release, newest
from odradek.broker.metadata.features import FEATURES, features_of, first_levels, parse_features, registered_features


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


def levels_of(version: str) -> dict[str, int]:
    return {feature.name: feature.level for feature in features_of(find_release(version))}


def test_a_release_has_the_features_and_levels_that_its_new_clusters_had() -> None:
    assert features_of(newest()) == FEATURES
    assert levels_of("2.8") == levels_of("3.2") == {}
    assert levels_of("3.9") == {"metadata.version": 21}
    assert levels_of("4.0") == {"metadata.version": 25, "transaction.version": 2, "group.version": 1}
    assert levels_of("4.1") == {
        "metadata.version": 27,
        "transaction.version": 2,
        "group.version": 1,
        "share.version": 0,
    }


def test_a_feature_that_the_release_does_not_have_cannot_be_given_a_level() -> None:
    shown = features_of(find_release("3.9"))
    with pytest.raises(
        ConfigError, match=r"'group\.version' is not a feature of this broker; there are: metadata\.version$"
    ):
        parse_features(["group.version=1"], shown)
    assert parse_features(["share.version=1"], features_of(find_release("4.1"))) == {"share.version": 1}


def test_a_directory_keeps_the_levels_that_the_release_knows() -> None:
    newest_levels = {feature.name: feature.level for feature in FEATURES}
    assert first_levels(FEATURES, {}) == newest_levels
    assert first_levels(FEATURES, {"metadata.version": 21}) == {}
    older = features_of(find_release("3.9"))
    gone = dict.fromkeys(("transaction.version", "group.version", "share.version", "streams.version"), 0)
    assert first_levels(older, newest_levels) == {"metadata.version": 21, **gone}
    assert first_levels(features_of(find_release("4.1")), {"metadata.version": 26, "share.version": 1}) == {
        "streams.version": 0
    }


def test_a_registration_has_all_that_a_broker_of_several_supports() -> None:
    """As Apache Kafka's brokers have it, whose controllers ask no others before they raise a level."""
    ranges = {one.name: (one.min_supported_version, one.max_supported_version) for one in registered_features(newest())}
    assert ranges == {
        "metadata.version": (7, 30),
        "transaction.version": (0, 2),
        "group.version": (0, 1),
        "share.version": (0, 1),
        "streams.version": (0, 1),
        "eligible.leader.replicas.version": (0, 1),
        "kraft.version": (0, 1),
    }
