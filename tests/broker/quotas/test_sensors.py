"""Sensors are forgotten after an hour, and never too many."""

from odradek.broker.quotas.sensors import EXPIRED_MS, MOST_SENSORS, Sensors


def lists() -> Sensors[str, list[int]]:
    return Sensors(list[int])


def test_a_key_has_one_sensor_as_long_as_it_is_used() -> None:
    sensors = lists()
    sensors.use("a", 0).append(1)
    for at_ms in range(EXPIRED_MS // 2, 5 * EXPIRED_MS, EXPIRED_MS // 2):
        assert sensors.use("a", at_ms) == [1]
    assert sensors.use("b", 5 * EXPIRED_MS) == []


def test_a_sensor_unused_for_an_hour_is_forgotten() -> None:
    sensors = lists()
    sensors.use("a", 0).append(1)
    sensors.use("b", 0)
    assert sensors.use("a", EXPIRED_MS) == []
    sensors.use("c", EXPIRED_MS)
    assert len(sensors) == 2


def test_hostile_keys_push_out_only_what_was_not_used_for_the_longest_time() -> None:
    sensors = lists()
    sensors.use("idle", 0).append(1)
    sensors.use("busy", 0).append(2)
    for n in range(2 * MOST_SENSORS):
        sensors.use(f"hostile {n}", 1)
        sensors.use("busy", 2)
    assert len(sensors) == MOST_SENSORS
    assert sensors.use("busy", 3) == [2]
    assert sensors.use("idle", 3) == []
