"""The model of a power loss: what may be left, and what may not, by its own rules."""

from collections.abc import Sequence
from random import Random

import pytest

from odradek.broker.testing.power_loss import SURVIVALS, PowerLossFiles, Survival
from odradek.storage.files.memory_files import MemoryFiles


def left(files: PowerLossFiles, survival: Survival, seed: int = 1) -> MemoryFiles:
    """What the disk may hold if the power goes now; the story can be told only once."""
    ((_, _, image),) = files.images({files.moment: [(survival, seed)]})
    return image


def bytes_of(image: MemoryFiles, path: str) -> bytes | None:
    return image.read(path, 0, image.size(path)) if image.exists(path) else None


def story() -> PowerLossFiles:
    """A file whose name and first bytes are durable, and whose later bytes are not."""
    files = PowerLossFiles()
    files.make_directory("/d")
    files.sync_handle("/")()
    files.write("/d/a", [b"durable"], 0)
    files.sync_handle("/d/a")()
    files.sync_handle("/d")()
    files.write("/d/a", [b" and more"], 7)
    return files


@pytest.mark.parametrize(
    ("survival", "content"),
    [("nothing", b"durable"), ("everything", b"durable and more"), ("names", b"durable" + bytes(9))],
)
def test_what_was_synced_is_there_and_what_follows_is_there_gone_or_zeros(survival: Survival, content: bytes) -> None:
    assert bytes_of(left(story(), survival), "/d/a") == content


def test_some_survival_is_any_of_these_and_never_less_than_what_was_synced() -> None:
    found = {bytes_of(left(story(), "some", seed), "/d/a") for seed in range(60)}
    assert len(found) > 2
    assert all(content is not None and content.startswith(b"durable") for content in found)


def test_an_fsync_makes_durable_what_the_file_holds_when_it_runs() -> None:
    files = PowerLossFiles()
    files.write("/a", [b"one"], 0)
    files.sync_handle("/")()
    sync = files.sync_handle("/a")
    files.write("/a", [b"two"], 3)
    sync()
    assert bytes_of(left(files, "nothing"), "/a") == b"onetwo"


def test_an_fsync_of_a_file_does_not_save_its_name() -> None:
    files = PowerLossFiles()
    files.write("/a", [b"x"], 0)
    files.sync_handle("/a")()
    assert bytes_of(left(files, "nothing"), "/a") is None


def test_a_rename_leaves_the_old_name_or_the_new_and_never_both_or_neither() -> None:
    def renamed() -> PowerLossFiles:
        files = PowerLossFiles()
        files.write("/old", [b"x"], 0)
        files.sync_handle("/old")()
        files.sync_handle("/")()
        files.rename("/old", "/new")
        return files

    names = [tuple(sorted(left(renamed(), "some", seed).list_directory(""))) for seed in range(20)]
    assert set(names) == {("old",), ("new",)}
    assert left(renamed(), "nothing").list_directory("") == ["old"]


def test_names_survive_in_the_order_of_their_changes() -> None:
    def made() -> PowerLossFiles:
        files = PowerLossFiles()
        for name in "abc":
            files.write(f"/{name}", [b"x"], 0)
        files.remove("/a")
        return files

    found = {"".join(sorted(left(made(), "some", seed).list_directory(""))) for seed in range(60)}
    assert found == {"", "a", "ab", "abc", "bc"}


def test_what_is_written_whole_and_synced_is_the_old_or_the_new_at_every_moment() -> None:
    def written() -> PowerLossFiles:
        files = PowerLossFiles()
        files.write_whole("/a", b"old")
        files.write_whole("/a", b"new")
        return files

    each: list[tuple[Survival, int]] = [(survival, 1) for survival in SURVIVALS]
    plan = dict.fromkeys(range(written().moment + 1), each)
    found = [(at, bytes_of(image, "/a")) for at, _, image in written().images(plan)]
    assert {content for _, content in found} == {None, b"old", b"new"}
    last = [content for at, content in found if at == written().moment]
    assert set(last) == {b"new"}


def test_a_disk_of_an_image_holds_it_durably() -> None:
    image = left(story(), "everything")
    again = PowerLossFiles.of(image)
    assert again.moment == 0
    assert bytes_of(left(again, "nothing"), "/d/a") == b"durable and more"


def test_a_plan_spreads_its_images_over_the_story_and_is_the_same_for_the_same_seed() -> None:
    def planned(seed: int) -> dict[int, Sequence[tuple[Survival, int]]]:
        return dict(story().plan(40, Random(seed)))

    assert sum(map(len, planned(1).values())) == 40
    assert set(planned(1)) <= set(range(story().moment + 1))
    assert len(planned(1)) > 2
    assert planned(1) == planned(1) != planned(2)
