"""docs/data-directory.md cannot lie: what it shows is made anew and compared."""

import re
from pathlib import Path

import pytest

from odradek.storage.checking.directory import DirectoryCheck
from odradek.storage.files.memory_files import MemoryFiles

from .data_directory_example import TOP, shown, write_example

PAGE = Path(__file__).parents[2] / "docs" / "data-directory.md"
# What is to be seen of a file stands in a block that is marked with its name.
_BLOCK = re.compile(r"^```text (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def example() -> MemoryFiles:
    return write_example()


def _blocks() -> dict[str, str]:
    return {match[1]: match[2].rstrip("\n") for match in _BLOCK.finditer(PAGE.read_text())}


@pytest.mark.parametrize("name", list(_blocks()))
def test_the_page_shows_what_storage_writes(example: MemoryFiles, name: str) -> None:
    assert shown(example, name) == _blocks()[name]


def test_the_page_shows_every_kind_of_file(example: MemoryFiles) -> None:
    names = {name.partition("#")[0] for name in _blocks()}
    written = set(example.list_directory(TOP)) | {
        f"orders-0/{one}" for one in example.list_directory(f"{TOP}/orders-0")
    }
    empty = {"__cluster_metadata-0", "orders-0", ".lock"}
    later = {f"orders-0/{offset:020d}{suffix}" for offset in (5, 6) for suffix in (".log", ".index", ".timeindex")}
    assert written - empty - later - {f"orders-0/{6:020d}.snapshot"} == names


def test_nothing_is_wrong_with_the_example(example: MemoryFiles) -> None:
    assert DirectoryCheck(example, TOP, is_deep=True).run().finish() == []
