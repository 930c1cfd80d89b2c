"""What every group whose coordinator assigns has in its settings, the broker's or its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModernGroupSettings:
    """What may be different for each group; times are milliseconds. The names are those of consumer groups."""

    session_timeout_ms: int = 45_000  # group.consumer.session.timeout.ms
    heartbeat_interval_ms: int = 5_000  # group.consumer.heartbeat.interval.ms
    assignment_interval_ms: int = 1_000  # group.consumer.assignment.interval.ms
