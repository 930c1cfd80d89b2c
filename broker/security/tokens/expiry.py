"""Delegation tokens whose time is over leave the metadata log, as Kafka's controller has it, now and then."""

from collections.abc import Sequence

from ....protocol.errors import KafkaError
from ....protocol.metadata_records import MetadataRecord, RemoveDelegationTokenRecord
from ...log_output import get_logger
from ...metadata.image import MetadataImage
from ...metadata.metadata import Metadata
from ...runtime import Clock
from .delegation_tokens import DelegationTokens

logger = get_logger("tokens")


def remove_expired(tokens: DelegationTokens, metadata: Metadata, clock: Clock) -> None:
    """Record that they are gone."""

    def decide(image: MetadataImage) -> Sequence[MetadataRecord]:
        return [RemoveDelegationTokenRecord(token_id=token_id) for token_id in tokens.expired(clock.now_ms())]

    def done(error: KafkaError | None) -> None:
        if error is not None:
            logger.error("tokens whose time is over could not be removed", error=error.why)

    if tokens.expired(clock.now_ms()):
        metadata.change(decide, done)
