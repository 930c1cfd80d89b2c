"""ExplainedRefusal, apart from the answers of Produce: a start that has no producer yet need not load those."""

from ...protocol.errors import KafkaError


class ExplainedRefusal(KafkaError):
    """A refusal whose reason is part of the answer to Produce, in Kafka's words."""
