"""The settings of this broker and of all: which may change, which may not, and what is shown of them."""

from collections.abc import Mapping

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.dynamic_config.brokers import BrokerConfigs
from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.errors import ErrorCode, KafkaError

BROKERS = BrokerConfigs(BrokerConfig(), MetadataImage)


@pytest.mark.parametrize("name", ["2", "x", "1.0", "99999999999"])
def test_another_brokers_are_not_ours_to_change(name: str) -> None:
    with pytest.raises(KafkaError) as refused:
        BROKERS.check_name(name)
    assert refused.value.code == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize("name", ["", "1", "+1", "01"])
def test_ours_and_those_of_all_are(name: str) -> None:
    BROKERS.check_name(name)


@pytest.mark.parametrize(
    ("name", "configs"),
    [
        ("1", {"num.partitions": "5"}),
        ("", {"sasl.jaas.config": "x"}),
        ("1", {"max.connections": "many"}),
        ("1", {"max.connections.per.ip.overrides": "localhost"}),
        ("1", {"max.connections.per.ip.overrides": "localhost:many"}),
        ("1", {"max.connections.per.ip.overrides": ":5"}),
        ("1", {"listeners": "PLAINTEXT://127.0.0.1:1"}),
        ("1", {"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT"}),
        ("", {"max.connections": "0"}),
        ("1", {"ssl.keystore.location": "a.jks"}),
        ("", {"ssl.keystore.location": "a.jks"}),
        ("", {"listener.name.plaintext.ssl.keystore.location": "a.jks"}),
    ],
)
def test_what_kafka_refuses_is_refused(name: str, configs: dict[str, str]) -> None:
    with pytest.raises(KafkaError) as refused:
        BROKERS.check(name, configs)
    assert refused.value.code == ErrorCode.INVALID_REQUEST


def test_stores_of_listeners_are_tried_before_they_are_recorded_and_refused_in_kafkas_words() -> None:
    asked: list[Mapping[str, str]] = []

    def refuse(configs: Mapping[str, str]) -> None:
        asked.append(configs)
        raise ConfigError("it is empty")

    name, given = "listener.name.out.ssl.keystore.location", MetadataImage()
    brokers = BrokerConfigs(BrokerConfig(), lambda: given, refuse)
    with pytest.raises(
        KafkaError, match=r"update of SSLFactory failed: .*InvalidConfigurationException: it is empty for"
    ):
        brokers.check("1", {name: "a.jks"})
    brokers.check("1", {"max.connections": "5"})
    given = MetadataImage(configs={(4, "1"): {name: "a.jks"}})
    with pytest.raises(KafkaError):  # what is taken back is tried, too
        brokers.check("1", {})
    assert asked == [{name: "a.jks"}, {}]


def test_what_may_change_is_recorded_as_it_was_written_and_so_is_what_kafka_does_not_know() -> None:
    given = {"max.connections": "05", "my.own": " x ", "max.connections.per.ip.overrides": "localhost:5,::1:6"}
    assert BROKERS.check("1", given) == given


@pytest.mark.parametrize("name", ["leader.replication.throttled.rate", "listener.name.plaintext.max.connections"])
def test_what_stands_beside_kafkas_table_is_checked_and_shown_like_what_is_in_it(name: str) -> None:
    with pytest.raises(KafkaError, match=f"for configuration {name.removeprefix('listener.name.plaintext.')}"):
        BROKERS.check("1", {name: "x"})
    config = BrokerConfig()
    config.set_dynamic({name: " +05 "}, {name: "6"})
    image = MetadataImage(configs={(4, "1"): {name: " +05 "}})
    (shown,) = (one for one in BrokerConfigs(config, lambda: image).describe("1") if one.value.name == name)
    assert (shown.value.value, shown.is_sensitive) == ("5", False)
    assert [one.value for one in shown.chain][:2] == [" +05 ", "6"]
    assert shown.is_read_only == name.startswith("listener.name.")


def test_a_password_is_shown_to_nobody() -> None:
    config = BrokerConfig()
    line = "listener.name.x.plain.sasl.jaas.config"
    config.set_dynamic({"ssl.key.password": "secret", "my.own": "perhaps secret", line: "secret"}, {})
    image = MetadataImage(configs={(4, "1"): {"my.own": "perhaps secret", line: "secret"}})
    found = {one.value.name: one for one in BrokerConfigs(config, lambda: image).describe("1")}
    assert found["ssl.key.password"].is_sensitive
    assert found["my.own"].is_sensitive
    assert found[line].is_sensitive


def test_what_the_authorizer_was_given_is_named_and_not_shown() -> None:
    given = {"super.users": "User:admin", "authorizer.class.name": "StandardAuthorizer"}
    described = BrokerConfigs(BrokerConfig.from_settings(given), MetadataImage).describe("1")
    shown = {one.value.name: one for one in described}
    assert (shown["super.users"].is_sensitive, shown["super.users"].type) == (True, None)
    assert shown["authorizer.class.name"].value.value == "StandardAuthorizer"
    assert "allow.everyone.if.no.acl.found" not in shown


def test_settings_with_which_nobody_could_log_in_are_refused() -> None:
    asked: list[str | None] = []

    def check_logins(config: BrokerConfig) -> None:
        asked.append(config.effective("sasl.enabled.mechanisms"))
        if asked[-1] == "GSSAPI":
            raise ConfigError("GSSAPI is not served")

    config = BrokerConfig()
    brokers = BrokerConfigs(config, MetadataImage, check_logins=check_logins)
    brokers.check("1", {"sasl.enabled.mechanisms": "PLAIN"})
    brokers.check("", {"log.cleaner.threads": "2"})
    with pytest.raises(KafkaError, match="GSSAPI is not served") as refused:
        brokers.check("1", {"sasl.enabled.mechanisms": "GSSAPI"})
    assert refused.value.code == ErrorCode.INVALID_REQUEST
    assert asked == ["PLAIN", "GSSAPI"]
    assert config.effective("sasl.enabled.mechanisms") == BrokerConfig().effective("sasl.enabled.mechanisms")
