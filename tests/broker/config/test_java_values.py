"""What Java makes of a number's text. Each was asked of Apache Kafka 4.3 with a setting of its type."""

import math

import pytest

from odradek.broker.config.java_values import (
    format_property,
    parse_double,
    parse_integer,
    spell_double,
    split_list,
    trim,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("+7", 7),
        ("-7", -7),
        ("0" * 200 + "7", 7),
        ("-0", 0),
        ("１２", 12),
        ("٣", 3),
        ("2147483647", 2**31 - 1),
    ],
)
def test_an_integer_may_have_a_sign_and_the_digits_of_any_script(text: str, number: int) -> None:
    assert parse_integer(text, 32) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+",
        "+-7",
        "1_000",
        "1.0",
        "1e3",
        "0x10",
        " 7",
        "7\n",
        "７_",
        "²",
        "\U0001d7d9",
        "2147483648",
        "1" * 5000,
    ],
)
def test_what_java_does_not_write_is_no_integer(text: str) -> None:
    with pytest.raises(ValueError, match="integer of 32 bits"):
        parse_integer(text, 32)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("+5e-1", 0.5),
        ("1.5f", 1.5),
        ("1D", 1.0),
        ("0x1.8p1", 3.0),
        ("-Infinity", -math.inf),
        ("1e999", math.inf),
        ("0x1p99999", math.inf),
    ],
)
def test_a_double_may_have_the_forms_that_java_gives_it(text: str, number: float) -> None:
    assert parse_double(text) == number


def test_nan_is_a_double() -> None:
    assert math.isnan(parse_double("NaN"))


@pytest.mark.parametrize(
    "text", ["", "inf", "nan", "infinity", "1_0.5", "１.5", "1.0ff", "0x10", "1e", ".", "e5", " 1"]
)
def test_what_java_does_not_write_is_no_double(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        parse_double(text)


def test_only_what_is_no_higher_than_a_space_is_trimmed() -> None:
    assert trim("\x00\t 7\x1f\n") == "7"
    assert trim("\xa07\u2003") == "\xa07\u2003"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("a", ["a"]),
        ("a , b", ["a", "b"]),
        ("a,,b", ["a", "", "b"]),
        (",", ["", ""]),
        ("a,\xa0b", ["a", "\xa0b"]),
    ],
)
def test_a_list_is_split_at_its_commas_and_the_spaces_beside_them(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.5, "0.5"),
        (1.0, "1.0"),
        (0.0, "0.0"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (0.00012345, "1.2345E-4"),
        (9999999.5, "9999999.5"),
        (1e7, "1.0E7"),
        (12345678901.0, "1.2345678901E10"),
        (-2.5e-9, "-2.5E-9"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_a_fraction_is_written_as_java_writes_it(number: float, text: str) -> None:
    assert spell_double(number) == text
    assert math.isnan(number) or parse_double(text) == number


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("a.b", "1", "a.b=1"),
        ("a b:c=d", "x=y:z #!", r"a\ b\:c\=d=x=y:z #!"),
        ("a", "  b c ", r"a=\u0020\u0020b c\u0020"),
        ("a", " ", r"a=\u0020"),
        ("a", "C:\\x\n\t\r\f", r"a=C:\\x\n\t\r\f"),
        ("a", "ä\U0001f600\0", r"a=\u00e4\ud83d\ude00\u0000"),
        ("a", "", "a="),
    ],
)
def test_a_line_of_a_properties_file_has_what_java_would_read_otherwise_escaped(
    name: str, value: str, line: str
) -> None:
    assert format_property(name, value) == line
