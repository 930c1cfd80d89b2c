"""Feature levels on the command line: NAME=LEVEL, as `kafka-storage format --feature` takes them."""

from collections.abc import Iterable

from .context import FEATURES, METADATA_VERSION
from .settings import BadSetting


def parse_features(assignments: Iterable[str]) -> dict[str, int]:
    """Levels by name; BadSetting for a feature or a level that does not exist here."""
    levels: dict[str, int] = {}
    for assignment in assignments:
        name, separator, text = (part.strip() for part in assignment.partition("="))
        if not separator:
            raise BadSetting(f"--feature {assignment!r} is not NAME=LEVEL")
        feature = next((known for known in FEATURES if known.name == name), None)
        if feature is None:
            names = ", ".join(known.name for known in FEATURES)
            raise BadSetting(f"--feature {name!r} is not a feature of this broker; there are: {names}")
        # Another metadata.version would promise what older brokers did; there is only the newest here.
        lowest = feature.max_version if name == METADATA_VERSION else feature.min_version
        if not text.isdecimal() or not lowest <= int(text) <= feature.max_version:
            raise BadSetting(f"--feature {name} must have a level from {lowest} to {feature.max_version}, not {text!r}")
        levels[name] = int(text)
    return levels
