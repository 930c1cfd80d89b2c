"""The levels of loggers, by the names that stand in the lines."""

from collections.abc import Iterator

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.dynamic_config.changes import ConfigChange, Operation
from odradek.broker.dynamic_config.loggers import Loggers
from odradek.broker.log_output import get_logger, set_threshold
from odradek.protocol.errors import KafkaError

LOGGERS = Loggers(BrokerConfig())
NOISY = get_logger("a noisy part")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    set_threshold("a noisy part", None)
    set_threshold("", None)


def level(name: str) -> str | None:
    (found,) = [one.value.value for one in LOGGERS.describe("1") if one.value.name == name]
    return found


def alter(*changes: ConfigChange, validate_only: bool = False) -> None:
    LOGGERS.alter("1", changes, validate_only=validate_only)


def test_a_part_writes_from_its_own_level_on(capsys: pytest.CaptureFixture[str]) -> None:
    alter(ConfigChange("a noisy part", "ERROR"))
    NOISY.warning("not this")
    NOISY.error("but this")
    alter(ConfigChange("a noisy part", None, Operation.DELETE))
    NOISY.warning("and this")
    said = capsys.readouterr().err
    assert ("not this" in said, "but this" in said, "and this" in said) == (False, True, True)


def test_all_others_follow_root() -> None:
    alter(ConfigChange("a noisy part", "DEBUG"), ConfigChange("root", "WARN"))
    assert (level("root"), level("a noisy part"), level("topics")) == ("WARN", "DEBUG", "WARN")


def test_what_is_only_checked_changes_nothing() -> None:
    alter(ConfigChange("root", "DEBUG"), validate_only=True)
    assert level("root") == "INFO"


@pytest.mark.parametrize(
    "change",
    [
        ConfigChange("no such part", "INFO"),
        ConfigChange("root", "LOUD"),
        ConfigChange("root", "INFO", Operation.APPEND),
        ConfigChange("root", "INFO", 9),
        ConfigChange("root", None, Operation.DELETE),
    ],
)
def test_of_several_changes_none_is_made_if_one_is_refused(change: ConfigChange) -> None:
    with pytest.raises(KafkaError):
        alter(ConfigChange("a noisy part", "ERROR"), change)
    assert level("a noisy part") == "INFO"


@pytest.mark.parametrize("name", ["", "2", "x"])
def test_only_this_broker_has_loggers_here(name: str) -> None:
    with pytest.raises(KafkaError):
        LOGGERS.describe(name)
    with pytest.raises(KafkaError):
        LOGGERS.alter(name, [], validate_only=False)
