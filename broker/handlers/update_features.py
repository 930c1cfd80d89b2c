"""UpdateFeatures 0-2: the finalized levels of cluster features (KIP-584); all of the request or nothing of it.

Version 0 can only raise, as in Kafka, which does not look at that version's own downgrade flag.
Not done: another metadata.version than the newest.
"""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.update_features import (
    FeatureUpdateKey,
    UpdatableFeatureResult,
    UpdateFeaturesRequest,
    UpdateFeaturesResponse,
)
from ...protocol.metadata_records import MetadataRecord
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..metadata.eligible_leaders import MIN_ISR, first_min_isr_records, has_eligible_leaders
from ..metadata.features import ELIGIBLE_LEADER_REPLICAS_VERSION, METADATA_VERSION
from ..metadata.image import MetadataImage
from ..metadata.log import feature_records
from ..session import Session

UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE = 1, 2, 3
RESULTS_UP_TO_VERSION = 1

_FAILED = "The update failed for all features since the following feature had an error: "


def handle_update_features(
    request: UpdateFeaturesRequest, version: int, session: Session, context: Context
) -> Deferred[UpdateFeaturesResponse]:
    """Record the levels; they count from the next request on."""
    deferred: Deferred[UpdateFeaturesResponse] = Deferred()

    def decide(image: MetadataImage) -> Sequence[MetadataRecord]:
        for update in request.feature_updates:
            why = _find_refusal(update, context)
            if why is not None:
                raise KafkaError(ErrorCode.INVALID_UPDATE_VERSION, _FAILED + why)
        if request.validate_only:
            return ()
        levels = {update.feature: update.max_version_level for update in request.feature_updates}
        records = feature_records(levels, image)
        if levels.get(ELIGIBLE_LEADER_REPLICAS_VERSION, 0) and not has_eligible_leaders(image):
            records += first_min_isr_records(image, context.config.effective(MIN_ISR) or "1")
        return records

    def late() -> UpdateFeaturesResponse:
        return _answer(request, version, KafkaError(ErrorCode.REQUEST_TIMED_OUT))

    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, late)
    context.metadata.change(decide, lambda error: in_time(_answer(request, version, error)))
    return deferred


def _answer(request: UpdateFeaturesRequest, version: int, error: KafkaError | None) -> UpdateFeaturesResponse:
    if error is not None:
        return UpdateFeaturesResponse(error_code=error.code, error_message=error.message)
    results = [
        UpdatableFeatureResult(feature=update.feature, error_code=ErrorCode.NONE, error_message=ErrorCode.NONE.name)
        for update in request.feature_updates
    ]
    return UpdateFeaturesResponse(
        error_code=ErrorCode.NONE, results=results if version <= RESULTS_UP_TO_VERSION else ()
    )


def _find_refusal(update: FeatureUpdateKey, context: Context) -> str | None:
    """Why a feature cannot have this level, in Kafka's words and order; None if it can."""
    level, controller = update.max_version_level, context.nodes.quorum_id
    invalid = f"Invalid update version {level} for feature {update.feature}. "
    if update.upgrade_type not in (UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE):
        return f"{invalid}The controller does not support the given upgrade type."
    if level < 0:
        return f"{invalid}A feature version cannot be less than 0."
    feature = next((known for known in context.features if known.name == update.feature), None)
    if feature is None and level == 0:
        return f"{invalid}Feature {update.feature} not found."
    if feature is None:
        return f"{invalid}Local controller {controller} does not support this feature."
    if not feature.min_version <= level <= feature.max_version:
        supported = f"{feature.min_version}-{feature.max_version}"
        return f"{invalid}Local controller {controller} only supports versions {supported}"
    current = context.metadata.image.features.get(feature.name, 0)
    if level > current and update.upgrade_type != UPGRADE:
        return f"{invalid}Can't downgrade to a newer version."
    if level >= current:
        return None
    if update.upgrade_type == UPGRADE:
        return (
            f"{invalid}Can't downgrade the version of this feature without setting the upgrade type to either safe "
            "or unsafe downgrade."
        )
    if feature.name != METADATA_VERSION:
        return None
    why = (
        "Unsafe metadata downgrade is not supported in this version."
        if update.upgrade_type == UNSAFE_DOWNGRADE
        else "Refusing to perform the requested downgrade because it might delete metadata information."
    )
    return f"Unsupported metadata.version downgrade from {current} to {level}. {why}"
