"""The table: each part is explained, and errors can call it by a name."""

from collections.abc import Iterator

from odradek.broker.scenario.table import SCENARIO, Part


def parts(part: Part) -> Iterator[Part]:
    yield part
    for one in part.parts:
        yield from parts(one)


def test_each_part_is_explained() -> None:
    for part in parts(SCENARIO):
        assert part.about.endswith("."), part.name
        assert bool(part.what) == (part.kind in ("object", "list", "fault")), part.name
        assert len({one.name for one in part.parts}) == len(part.parts)


def test_a_cluster_beside_has_what_the_served_one_has() -> None:
    (clusters,) = [one for one in SCENARIO.parts if one.name == "clusters"]
    assert {one.name for one in SCENARIO.parts} - {one.name for one in clusters.parts} == {"clusters", "users"}
