"""From a class's annotations to its fields: kinds, nulls, defaults, and the fewest bytes each may take."""

import dataclasses
from collections.abc import Sequence

import pytest

from odradek.protocol.declaration import fields_of, smallest_size
from odradek.protocol.schema import NEVER, Versions, field, i32, message, uuid

from .samples import Nothing, Point, Sample, Tagged


def _kinds(cls: type) -> dict[str, str]:
    return {one.name: one.kind for one in fields_of(cls)}


def test_fields_come_in_the_order_of_the_declaration_by_kafkas_names_of_their_types() -> None:
    assert list(_kinds(Point).items()) == [("x", "int32"), ("label", "string")]
    kinds = _kinds(Sample)
    assert [kinds[name] for name in ("flag", "unsigned", "real", "id")] == ["bool", "uint16", "float64", "uuid"]
    assert [kinds[name] for name in ("name", "blob", "records", "point")] == ["string", "bytes", "records", "struct"]
    assert [kinds[name] for name in ("numbers", "points")] == ["array", "array"]


def test_an_array_knows_its_items() -> None:
    items = {one.name: one.item for one in fields_of(Sample)}
    numbers, points = items["numbers"], items["points"]
    assert numbers is not None
    assert points is not None
    assert (numbers.kind, numbers.code) == ("int16", "h")
    assert (points.kind, points.struct) == ("struct", Point)


def test_a_field_may_be_null_from_the_version_that_allows_it() -> None:
    by_name = {one.name: one for one in fields_of(Sample)}
    assert by_name["points"].nullable == Versions.parse("2+")
    assert 0 in by_name["alias"].nullable
    assert by_name["name"].nullable == NEVER


def test_what_an_absent_field_decodes_to_is_its_default() -> None:
    by_name = {one.name: one for one in fields_of(Sample)}
    assert (by_name["tagged_number"].tag, by_name["tagged_number"].default) == (0, -1)
    assert by_name["point"].default == Point()
    (number,) = fields_of(Tagged)
    assert number.default == 7


@message(versions="0")
class Bare:
    """A field that is never absent."""

    must: i32


def test_a_field_that_is_never_absent_has_no_default() -> None:
    (must,) = fields_of(Bare)
    assert not must.has_default
    assert must.default is dataclasses.MISSING


@pytest.mark.parametrize("hint", ["int | str", "object", "int"])
def test_an_annotation_without_a_wire_type_is_refused_by_name(hint: str) -> None:
    made = dataclasses.make_dataclass("Wrong", [("odd", {"int | str": int | str, "object": object, "int": int}[hint])])
    with pytest.raises(TypeError, match="odd"):
        fields_of(made)


@message(versions="0-1", flexible="1+")
class Sized:
    """One of each."""

    number: i32
    name: str
    ids: Sequence[uuid] = ()
    point: Point
    later: i32 = field(default=0, versions="1+")
    maybe: Point | None = None
    nothing: Nothing


@pytest.mark.parametrize(("version", "sizes"), [(0, [4, 2, 4, 6, 1, 0]), (1, [4, 1, 1, 6, 4, 1, 1])])
def test_the_fewest_bytes_of_a_field_bound_how_many_a_frame_can_have(version: int, sizes: list[int]) -> None:
    live = [one for one in fields_of(Sized) if version in one.versions]
    assert [smallest_size(one, version, version >= 1) for one in live] == sizes
