"""What an operation takes is checked by its declaration."""

from typing import Any

import pytest

from odradek.broker.control.operation import Field, Refused, check_fields, parse_query

KNOWN = (
    Field("name", "string", "What it is called.", is_required=True),
    Field("count", "integer", "How many.", least=1, most=5),
    Field("size", "number", "How large.", least=0),
    Field("is_new", "boolean", "Whether it is new."),
    Field("colour", "string", "Which.", choices=("red", "green"), is_nullable=True),
    Field("parts", "array", "Of what."),
    Field("more", "object", "What else."),
)


def test_what_fits_is_taken() -> None:
    given = {"name": "n", "count": 5, "size": 0.5, "is_new": False, "colour": None, "parts": [1], "more": {}}
    assert check_fields(given, KNOWN, "it") == given
    assert check_fields({"name": "n", "size": 3}, KNOWN, "it") == {"name": "n", "size": 3}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "it needs name: What it is called."),
        ({"name": None}, "name of it cannot be None; it is a text"),
        ({"nam": "n"}, "it has no field 'nam'; did you mean 'name'?"),
        ({"name": "n", "zzzzz": 1}, "it has no field 'zzzzz'; it has name, count, size, is_new, colour, parts, more"),
        ({"name": "n", "count": 0}, "count of it cannot be 0; it is a whole number from 1 to 5"),
        ({"name": "n", "count": 6}, "count of it cannot be 6; it is a whole number from 1 to 5"),
        ({"name": "n", "count": 1.5}, "count of it cannot be 1.5; it is a whole number from 1 to 5"),
        ({"name": "n", "count": True}, "count of it cannot be True; it is a whole number from 1 to 5"),
        ({"name": "n", "size": -1}, "size of it cannot be -1; it is a number, 0 at least"),
        ({"name": "n", "size": 10**30}, "size of it cannot be a number so large; it is a number, 0 at least"),
        ({"name": "n", "size": float("nan")}, "size of it cannot be nan; it is a number, 0 at least"),
        ({"name": "n", "is_new": 1}, "is_new of it cannot be 1; it is true or false"),
        ({"name": "n", "colour": "blue"}, "colour of it cannot be 'blue'; it is one of red, green"),
        ({"name": "n", "parts": {}}, "parts of it cannot be {}; it is a list"),
        ({"name": "n", "more": []}, "more of it cannot be []; it is an object"),
        ("n", "it is an object with name, count, size, is_new, colour, parts, more"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(given: Any, why: str) -> None:
    with pytest.raises(Refused) as raised:
        check_fields(given, KNOWN, "it")
    assert (raised.value.status, str(raised.value)) == (400, why)


def test_a_query_is_read_by_the_kinds_of_its_fields() -> None:
    given = [("name", "5"), ("count", "5"), ("is_new", "true")]
    assert parse_query(given, KNOWN, "it") == {"name": "5", "count": 5, "is_new": True}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([("name", "n"), ("name", "n")], "name of it is given twice"),
        ([("name", "n"), ("count", "x")], "count of it cannot be 'x'"),
        ([("name", "n"), ("count", "9" * 5000)], "count of it cannot be '999"),
        ([("name", "n"), ("is_new", "yes")], "is_new of it cannot be 'yes'; it is true or false"),
    ],
)
def test_a_query_that_says_nothing_is_refused(given: list[tuple[str, str]], why: str) -> None:
    with pytest.raises(Refused) as raised:
        parse_query(given, KNOWN, "it")
    assert str(raised.value).startswith(why)


def test_a_bound_is_told_as_a_whole_number() -> None:
    known = (Field("count", "integer", "How many.", least=1, most=2**31 - 1), Field("part", "number", ".", least=0.5))
    with pytest.raises(Refused, match=r"it is a whole number from 1 to 2147483647$"):
        check_fields({"count": 0}, known, "it")
    with pytest.raises(Refused, match=r"it is a number, 0\.5 at least$"):
        check_fields({"part": 0}, known, "it")
