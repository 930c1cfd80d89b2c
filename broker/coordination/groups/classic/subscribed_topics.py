"""The topics that a consumer subscribes to, read from the bytes it joins with.

The one rule: these bytes are the client's own business. What cannot be read is "topics unknown", never an error.
"""

from .....protocol.subscription import decode_subscription
from .....protocol.wire import CorruptFrame

CONSUMER = "consumer"  # the protocol type whose subscriptions have a known form


def find_subscribed_topics(subscription: bytes) -> frozenset[str] | None:
    """The topics of a ConsumerProtocolSubscription of any version; None if these bytes are none."""
    try:
        return frozenset(decode_subscription(subscription).topics)
    except CorruptFrame:
        return None
