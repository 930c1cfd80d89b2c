"""`odradek configs`, of topics, brokers and groups."""

import pytest

from .shell import Shell, values


@pytest.mark.parametrize(
    ("kind", "name", "setting", "value", "source"),
    [
        ("topic", "t", "retention.ms", "5", "DYNAMIC_TOPIC_CONFIG"),
        ("broker", "1", "log.retention.ms", "6", "DYNAMIC_BROKER_CONFIG"),
        ("group", "g", "consumer.session.timeout.ms", "50000", "GROUP_CONFIG"),
    ],
)
def test_a_setting_is_set_shown_and_taken_back(
    shell: Shell, kind: str, name: str, setting: str, value: str, source: str
) -> None:
    if kind == "topic":
        shell.json("topics", "create", name)
    assert shell.json("configs", "set", kind, name, f"{setting}={value}") == [{"setting": setting, "value": value}]
    found = {row["setting"]: row for row in shell.json("configs", "describe", kind, name)}
    assert found[setting] == {"setting": setting, "value": value, "source": source, "read_only": False}
    assert [setting, value, source, "no"] in shell.text("configs", "describe", kind, name)
    shell.json("configs", "delete", kind, name, setting)
    assert setting not in values(shell.json("configs", "describe", kind, name), "setting")
    if kind != "group":  # of a group the default is a source of its own
        assert setting in values(shell.json("configs", "describe", kind, name, "--all"), "setting")


def test_what_is_not_named_stays_as_it_is(shell: Shell) -> None:
    shell.json("topics", "create", "u", "--config", "retention.ms=5")
    shell.json("configs", "set", "topic", "u", "segment.ms=7", "cleanup.policy=compact")
    found = {row["setting"]: row["value"] for row in shell.json("configs", "describe", "topic", "u")}
    assert {name: found[name] for name in ("cleanup.policy", "retention.ms", "segment.ms")} == {
        "cleanup.policy": "compact",
        "retention.ms": "5",
        "segment.ms": "7",
    }


def test_what_is_wrong_is_refused_in_the_words_of_the_broker(shell: Shell) -> None:
    shell.json("topics", "create", "w")
    why = shell.refusal("configs", "set", "topic", "w", "retention.ms=x")
    assert "INVALID_CONFIG: Invalid value x for configuration retention.ms" in why
    assert "UNKNOWN_TOPIC_OR_PART" in shell.refusal("configs", "describe", "topic", "nope")
    assert "a broker is named by its id" in shell.refusal("configs", "describe", "broker", "one")
    assert "is not NAME=VALUE" in shell.refusal("configs", "set", "topic", "w", "retention.ms")
