"""ShareMoves: share partitions are led by who leads the partition, and no longer than in one epoch of it (KIP-932)."""

from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from ..share.share_partitions import SharePartitions
from ..slices import Steps


class ShareMoves:
    """Subscribed after whatever knows who leads."""

    def __init__(self, share: SharePartitions) -> None:
        self._share = share

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> Steps[None]:
        """Partitions may be led by others, or anew."""
        if not len(self._share):
            return
        for topic in delta.newly_led_topics.values():
            for index in sorted(delta.changed_partitions.get(topic.topic_id, ())):
                self._share.resign(topic.topic_id, index, topic.partitions[index].leader_epoch)
                yield
