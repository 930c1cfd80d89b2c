"""Declaring messages."""

from collections.abc import Sequence

import pytest

from odradek.protocol.schema import NEVER, Versions, declared, field, i32, message, nested


@nested
class Inner:
    number: i32 = -1


@message(api_key=7, versions="1-4", flexible="3+")
class Outer:
    name: str
    inner: Inner = field(default_factory=Inner, versions="2+")
    items: Sequence[i32] = ()


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("3+", [3, 32767], [2]), ("0-4", [0, 4], [5, -1]), ("2", [2], [1, 3]), ("none", [], [0, 1, 32767])],
)
def test_versions_are_read_in_kafkas_notation(text: str, inside: list[int], outside: list[int]) -> None:
    versions = Versions.parse(text)
    assert all(version in versions for version in inside)
    assert not any(version in versions for version in outside)


def test_never_has_no_versions_and_comes_after_all_of_them() -> None:
    assert list(NEVER) == []
    assert NEVER.first > 32767


def test_a_class_remembers_what_its_declaration_said() -> None:
    assert declared(Outer).api_key == 7
    assert list(declared(Outer).versions) == [1, 2, 3, 4]
    assert declared(Outer).flexible == Versions.parse("3+")


def test_a_nested_struct_is_no_message() -> None:
    with pytest.raises(LookupError, match="Inner"):
        declared(Inner)


def test_a_field_without_a_default_must_be_given() -> None:
    with pytest.raises(TypeError, match="name"):
        Outer()  # type: ignore[call-arg]  # pyright: ignore


def test_a_misspelt_field_is_refused() -> None:
    outer = Outer(name="a")
    with pytest.raises(AttributeError):
        outer.nmae = "b"  # type: ignore[attr-defined]  # pyright: ignore


def test_messages_are_equal_by_their_fields_whether_arrays_are_lists_or_tuples() -> None:
    assert Outer(name="a", items=[1, 2]) == Outer(name="a", items=(1, 2))
    assert Outer(name="a", items=[1]) != Outer(name="a", items=[1, 2])
    assert Outer(name="a", inner=Inner(number=1)) != Outer(name="a")
    stranger: object = Inner()
    assert Outer(name="a") != stranger


def test_a_struct_by_default_is_one_shared_object() -> None:
    assert Outer(name="a").inner is Outer(name="b").inner


def test_messages_do_not_hash_because_their_arrays_do_not() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Outer(name="a"))
