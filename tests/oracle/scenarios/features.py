"""Feature levels: which can be set, which are refused, and in what words."""

from odradek.protocol.messages.update_features import (
    FeatureUpdateKey,
    UpdateFeaturesRequest,
    UpdateFeaturesResponse,
)

from ..transaction_harness import FEATURE, finalized_level, transaction_version
from ..wire_session import Dialogue, scenario

METADATA = "metadata.version"
UPGRADE, SAFE, UNSAFE = 1, 2, 3


def update(feature: str, level: int, kind: int = UPGRADE) -> FeatureUpdateKey:
    return FeatureUpdateKey(feature=feature, max_version_level=level, upgrade_type=kind, allow_downgrade=kind == SAFE)


def ask(d: Dialogue, label: str, version: int, *updates: FeatureUpdateKey, is_only_tried: bool = False) -> None:
    request = UpdateFeaturesRequest(feature_updates=updates, validate_only=is_only_tried and version > 0)
    d.ask(f"{label} v{version}", request, version, UpdateFeaturesResponse)


@scenario
def what_is_refused(d: Dialogue) -> None:
    for version in range(3):
        ask(d, "an unknown feature", version, update("nope", 1))
        ask(d, "level 0 of an unknown feature", version, update("nope", 0, SAFE))
        ask(d, "no name", version, update("", 1))
        ask(d, "a level too high", version, update(FEATURE, 3))
        ask(d, "a negative level", version, update(FEATURE, -1))
        ask(d, "a downgrade without a word", version, update(FEATURE, 1))
        ask(d, "a good one and a bad one", version, update(FEATURE, 2), update("nope", 2))
        ask(d, "metadata too high", version, update(METADATA, 31))
        ask(d, "metadata 0", version, update(METADATA, 0, SAFE))
        ask(d, "metadata too low", version, update(METADATA, 6, SAFE))
        ask(d, "metadata one lower without a word", version, update(METADATA, 29))
        ask(d, "metadata one lower", version, update(METADATA, 29, SAFE))
        ask(d, "metadata far lower", version, update(METADATA, 20, SAFE))
        d.note(f"the level after v{version}", finalized_level(d))
    for version in (1, 2):
        ask(d, "metadata lower unsafely", version, update(METADATA, 20, UNSAFE))
        for kind in (0, 4, 7, -1):
            ask(d, f"type {kind}", version, update(FEATURE, 2, kind))
            ask(d, f"type {kind} of nothing known", version, update("nope", -1, kind))
    ask(d, "no downgrade by the old flag", 0, update(FEATURE, 1, SAFE))


@scenario
def what_is_taken(d: Dialogue) -> None:
    for version in range(3):
        ask(d, "nothing", version)
        ask(d, "as it is", version, update(FEATURE, 2))
        ask(d, "twice", version, update(FEATURE, 2), update(FEATURE, 2))
        ask(d, "metadata as it is", version, update(METADATA, 30))
    for version in (1, 2):
        for kind in (SAFE, UNSAFE):
            ask(d, f"as it is, called {kind}", version, update(FEATURE, 2, kind))
            ask(d, f"lower, only tried {kind}", version, update(FEATURE, 1, kind), is_only_tried=True)
            ask(d, f"none, only tried {kind}", version, update(FEATURE, 0, kind), is_only_tried=True)
    d.note("the level after trying", finalized_level(d))
    with transaction_version(d, 0):
        for kind in (SAFE, UNSAFE):
            ask(d, f"higher, called {kind}", 2, update(FEATURE, 1, kind))
    for level in (1, 0):
        with transaction_version(d, level):
            d.note(f"the level set to {level}", finalized_level(d))
    d.note("the level at the end", finalized_level(d))
