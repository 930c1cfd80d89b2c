"""The cluster's features (KIP-584): which exist, at which levels, and how the command line names them."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..config.config_def import ConfigError


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

# The levels a new Kafka 4.3 cluster would have, of the features that exist here.
FEATURES = (
    Feature(METADATA_VERSION, 7, 30, 30),
    Feature(TRANSACTION_VERSION, 0, 2, 2),
    Feature(GROUP_VERSION, 0, 1, 1),
    Feature(SHARE_VERSION, 0, 1, 1),
    Feature(STREAMS_VERSION, 0, 1, 1),
)


def parse_features(assignments: Iterable[str]) -> dict[str, int]:
    """Levels by name; ConfigError for a feature or a level that does not exist here."""
    levels: dict[str, int] = {}
    for assignment in assignments:
        name, separator, text = (part.strip() for part in assignment.partition("="))
        if not separator:
            raise ConfigError(f"--feature {assignment!r} is not NAME=LEVEL")
        feature = next((known for known in FEATURES if known.name == name), None)
        if feature is None:
            names = ", ".join(known.name for known in FEATURES)
            raise ConfigError(f"--feature {name!r} is not a feature of this broker; there are: {names}")
        # Another metadata.version would promise what older brokers did; there is only the newest here.
        lowest = feature.max_version if name == METADATA_VERSION else feature.min_version
        if not (text.isascii() and text.isdecimal()) or not lowest <= int(text) <= feature.max_version:
            raise ConfigError(
                f"--feature {name} must have a level from {lowest} to {feature.max_version}, not {text!r}"
            )
        levels[name] = int(text)
    return levels
