"""Settings of a file, of an environment and of flags: what starts Apache Kafka's images starts this broker."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.config.listeners import Endpoint
from odradek.broker.config.sources import collect, from_environment, listeners_of

# As the published compose files of these images have it.
APACHE = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
    "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT_HOST://localhost:9092,PLAINTEXT://broker:19092",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@broker:29093",
    "KAFKA_LISTENERS": "CONTROLLER://:29093,PLAINTEXT_HOST://:9092,PLAINTEXT://:19092",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
    "KAFKA_LOG_DIRS": "/tmp/kraft-combined-logs",
}
CONFLUENT = {
    **{name: value for name, value in APACHE.items() if not name.startswith("KAFKA_SHARE")},
    "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092",
    "KAFKA_LISTENERS": "PLAINTEXT://broker:29092,CONTROLLER://broker:29093,PLAINTEXT_HOST://0.0.0.0:9092",
    "KAFKA_JMX_PORT": "9101",
    "KAFKA_JMX_HOSTNAME": "localhost",
}
BITNAMI = {
    "KAFKA_CFG_NODE_ID": "0",
    "KAFKA_CFG_PROCESS_ROLES": "controller,broker",
    "KAFKA_CFG_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "KAFKA_CFG_CONTROLLER_QUORUM_VOTERS": "0@kafka:9093",
    "KAFKA_CFG_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_KRAFT_CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
    "ALLOW_PLAINTEXT_LISTENER": "yes",
}
# config/server.properties of Apache Kafka 4.3, its comments left out.
SERVER_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,\
SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
"""


@pytest.mark.parametrize(
    ("environment", "node_id", "listening", "told"),
    [
        (
            APACHE,
            1,
            [("PLAINTEXT_HOST", "", 9092), ("PLAINTEXT", "", 19092)],
            {"PLAINTEXT_HOST": ("localhost", 9092), "PLAINTEXT": ("broker", 19092)},
        ),
        (
            CONFLUENT,
            1,
            [("PLAINTEXT", "broker", 29092), ("PLAINTEXT_HOST", "0.0.0.0", 9092)],
            {"PLAINTEXT_HOST": ("localhost", 9092), "PLAINTEXT": ("broker", 29092)},
        ),
        (BITNAMI, 0, [("PLAINTEXT", "", 9092)], {}),
    ],
)
def test_the_environments_of_known_images_are_taken_as_they_are(
    environment: dict[str, str], node_id: int, listening: list[tuple[str, str, int]], told: dict[str, object]
) -> None:
    settings = collect(None, environment, [])
    assert (settings.unknown, settings.cluster_id) == ([], "4L6g3nShT-eMCtK--X86sw")
    config = BrokerConfig.from_settings(settings.values)
    assert (config.node_id, config.endpoints(), config.advertised()) == (
        node_id,
        [Endpoint(*one) for one in listening],
        told,
    )


def test_the_released_server_properties_is_taken_as_it_is() -> None:
    settings = collect(SERVER_PROPERTIES, {}, [])
    config = BrokerConfig.from_settings(settings.values)
    assert settings.unknown == []
    assert config.endpoints() == [Endpoint("PLAINTEXT", "", 9092)]
    assert [one.name for one in config.left_out_listeners()] == ["CONTROLLER"]


def test_the_file_comes_first_then_the_environment_then_the_flags() -> None:
    file = "num.partitions=1\nlog.retention.ms=1\nlog.segment.bytes=2000000\n"
    settings = collect(file, {"KAFKA_NUM_PARTITIONS": "2", "KAFKA_LOG_RETENTION_MS": "2"}, ["num.partitions=3"])
    assert settings.values == {"num.partitions": "3", "log.retention.ms": "2", "log.segment.bytes": "2000000"}
    assert settings.from_environment == ["log.retention.ms", "num.partitions"]


def test_an_underscore_is_a_dot_two_are_one_and_three_a_dash() -> None:
    assert from_environment({"KAFKA_A_B__C___D": "1", "KAFKA_OPTS": "-x", "PATH": "/bin"}) == {"a.b_c-d": "1"}


def test_what_is_no_setting_of_kafka_is_left_out_and_named_with_a_hint() -> None:
    settings = collect("log.retention.mss=1\nconfluent.x=2\n", {"KAFKA_CONFLUENT_Y": "3"}, [])
    assert settings.values == {}
    assert settings.unknown[0] == "log.retention.mss; did you mean 'log.retention.ms'?"
    assert len(settings.unknown) == 3


def test_a_setting_of_one_listener_is_known() -> None:
    text = "listener.name.internal.ssl.client.auth=none\nlistener.name.x.plain.sasl.jaas.config=y\n"
    settings = collect(text, {}, [])
    assert settings.unknown == []
    BrokerConfig.from_settings(settings.values)


def test_a_flag_without_a_value_is_refused() -> None:
    with pytest.raises(ConfigError, match="NAME=VALUE"):
        collect(None, {}, ["num.partitions"])


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL", "SASL_PLAINTEXT"])
def test_some_addresses_are_listeners_of_their_own_names(protocol: str) -> None:
    for addresses in (["127.0.0.1:1"], ["127.0.0.1:1", "[::1]:2", ":3"]):
        config = BrokerConfig.from_settings(listeners_of(addresses, protocol))
        assert [one.port for one in config.endpoints()] == list(range(1, len(addresses) + 1))
        assert {one.protocol for one in config.endpoints()} == {protocol}


def test_topics_come_from_the_file_the_environment_and_the_flags() -> None:
    file = "odradek.topics=a:1;b:1;c:1;d:1\nnum.partitions=2\n"
    environment = {"KAFKA_CREATE_TOPICS": "b:2:1,c:2:1", "KAFKA_CREATE_TOPICS_SEPARATOR": ","}
    settings = collect(file, environment, ["odradek.topics=c:3;d:3"], ["d:4"])
    assert {topic.name: topic.partitions for topic in settings.topics} == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert (settings.values, settings.unknown, settings.from_environment) == ({"num.partitions": "2"}, [], [])


def test_a_topic_that_is_wrong_is_refused_by_where_it_was_asked_for() -> None:
    for file, environment, assignments, flags, source in (
        ("odradek.topics=a:x", {}, [], [], "odradek.topics"),
        (None, {}, ["odradek.topics=a:x"], [], "--set odradek.topics"),
        (None, {"KAFKA_CREATE_TOPICS": "a:x:1"}, [], [], "KAFKA_CREATE_TOPICS"),
        (None, {}, [], ["a:x"], "--topic"),
    ):
        with pytest.raises(ConfigError) as refused:
            collect(file, environment, assignments, flags)
        assert str(refused.value).startswith(f"{source} 'a:x")
