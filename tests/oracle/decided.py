"""The differences from Apache Kafka that are decided upon, each with its reason. Anything else is a fault."""

from .comparison import Decided

DECIDED: tuple[Decided, ...] = ()
