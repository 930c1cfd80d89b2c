from odradek.broker.config.config_def import broker_config_def
from odradek.broker.coordination.groups.streams.settings import StreamsConfig, StreamsGroupSettings


def test_the_defaults_are_kafkas() -> None:
    def default(name: str) -> int:
        return int(broker_config_def()[f"group.streams.{name}"].default or 0)

    config = StreamsConfig()
    assert config.of_group("any") == StreamsGroupSettings(
        session_timeout_ms=default("session.timeout.ms"),
        heartbeat_interval_ms=default("heartbeat.interval.ms"),
        assignment_interval_ms=default("assignment.interval.ms"),
        initial_rebalance_delay_ms=default("initial.rebalance.delay.ms"),
        num_standby_replicas=default("num.standby.replicas"),
    )
    assert config.max_size == default("max.size")


def test_an_assignment_depends_on_the_number_of_standbys() -> None:
    assert StreamsGroupSettings(num_standby_replicas=2).assignment_configs == {"num.standby.replicas": "2"}
