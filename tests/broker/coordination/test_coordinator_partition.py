import pytest

from odradek.broker.coordination.coordinator_partition import java_string_hash, partition_for


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 97),
        ("hello", 99162322),
        ("polygenelubricants", -2147483648),
        ("é", 233),
        ("\U0001f600", 1772899),  # two UTF-16 units: 0xD83D * 31 + 0xDE00
    ],
)
def test_the_hash_is_javas_over_utf_16_units(text: str, expected: int) -> None:
    assert java_string_hash(text) == expected


def test_the_number_without_a_positive_counterpart_goes_to_partition_0() -> None:
    assert partition_for("polygenelubricants", 50) == 0


@pytest.mark.parametrize(("group_id", "partition"), [("g1795266493608", 29), ("g1795266493608st", 40), ("a", 47)])
def test_a_group_lies_where_kafka_puts_it(group_id: str, partition: int) -> None:
    assert partition_for(group_id, 50) == partition
