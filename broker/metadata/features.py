"""The cluster's features (KIP-584): which exist, at which levels, and how the command line names them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...protocol.metadata_records import BrokerFeature
from ..config.config_def import ConfigError
from ..config.release import NEWEST, Release


@dataclass(frozen=True, slots=True)
class Feature:
    """A cluster feature (KIP-584): the levels supported and the one finalized."""

    name: str
    min_version: int
    max_version: int
    level: int


METADATA_VERSION = "metadata.version"
TRANSACTION_VERSION = "transaction.version"
GROUP_VERSION = "group.version"
SHARE_VERSION = "share.version"
STREAMS_VERSION = "streams.version"
ELIGIBLE_LEADER_REPLICAS_VERSION = "eligible.leader.replicas.version"  # KIP-966; a cluster of several brokers has it

# The levels a new Kafka 4.3 cluster would have, of the features that exist here.
FEATURES = (
    Feature(METADATA_VERSION, 7, 30, 30),
    Feature(TRANSACTION_VERSION, 0, 2, 2),
    Feature(GROUP_VERSION, 0, 1, 1),
    Feature(SHARE_VERSION, 0, 1, 1),
    Feature(STREAMS_VERSION, 0, 1, 1),
)

# Of several brokers, beside those of one.
OF_SEVERAL_BROKERS = (Feature(ELIGIBLE_LEADER_REPLICAS_VERSION, 0, 1, 1),)
# What a broker supports besides, and no client is shown: the quorum's own (KIP-853).
_OF_QUORUM = Feature("kraft.version", 0, 1, 0)


def registered_features(release: Release) -> Sequence[BrokerFeature]:
    """The levels that a broker of several supports, as its registration has them."""
    return [
        BrokerFeature(name=one.name, min_supported_version=one.min_version, max_supported_version=one.max_version)
        for one in (*features_of(release, has_several=True), _OF_QUORUM)
    ]


def features_of(release: Release, *, has_several: bool = False) -> Sequence[Feature]:
    """The features that a broker shows which shows itself as that release: of those that exist here."""
    here = (*FEATURES, *OF_SEVERAL_BROKERS) if has_several else FEATURES
    if release.name == NEWEST:
        return here
    levels = {feature.name: (feature.min_version, feature.max_version, feature.level) for feature in here}
    then = {name: release.features.get(name, numbers) for name, numbers in levels.items()}
    return [Feature(name, *numbers) for name, numbers in then.items() if numbers is not None]


def first_levels(shown: Sequence[Feature], recorded: Mapping[str, int]) -> dict[str, int]:
    """The levels to be recorded at a start: all of a new directory's, and for another one's what is not shown as it is.

    As of a release that does not have a feature yet which the directory has, or not that level.
    """
    if METADATA_VERSION not in recorded:
        return {feature.name: 0 for feature in FEATURES} | {feature.name: feature.level for feature in shown}
    ranges = {feature.name: feature for feature in shown}
    levels: dict[str, int] = {}
    for name in (feature.name for feature in FEATURES):
        feature, level = ranges.get(name), recorded.get(name, 0)
        if feature is None:
            levels[name] = 0
        elif level and not feature.min_version <= level <= feature.max_version:
            levels[name] = feature.level
    return levels


def parse_features(assignments: Iterable[str], features: Sequence[Feature] = FEATURES) -> dict[str, int]:
    """Levels by name; ConfigError for a feature or a level that does not exist here."""
    levels: dict[str, int] = {}
    for assignment in assignments:
        name, separator, text = (part.strip() for part in assignment.partition("="))
        if not separator:
            raise ConfigError(f"--feature {assignment!r} is not NAME=LEVEL")
        feature = next((known for known in features if known.name == name), None)
        if feature is None:
            names = ", ".join(known.name for known in features)
            raise ConfigError(f"--feature {name!r} is not a feature of this broker; there are: {names}")
        # Another metadata.version would promise what older brokers did; there is only the newest here.
        lowest = feature.max_version if name == METADATA_VERSION else feature.min_version
        if not (text.isascii() and text.isdecimal()) or not lowest <= int(text) <= feature.max_version:
            raise ConfigError(
                f"--feature {name} must have a level from {lowest} to {feature.max_version}, not {text!r}"
            )
        levels[name] = int(text)
    return levels
