from odradek.broker.config.config_def import broker_config_def
from odradek.broker.coordination.groups.consumer.settings import ConsumerConfig


def test_the_defaults_are_kafkas() -> None:
    def default(name: str) -> str | None:
        return broker_config_def()[f"group.consumer.{name}"].default

    config = ConsumerConfig()
    group = config.of_group("any")
    assert [str(n) for n in (group.session_timeout_ms, group.heartbeat_interval_ms, group.assignment_interval_ms)] == [
        default("session.timeout.ms"),
        default("heartbeat.interval.ms"),
        default("assignment.interval.ms"),
    ]
    assert str(config.max_size) == default("max.size")
    assert ",".join(config.assignors) == default("assignors")
    assert str(config.regex_refresh_interval_ms) == default("regex.refresh.interval.ms")
