"""meta.properties: whose a data directory is, as we write it and as Java does."""

import pytest

from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.meta_properties import (
    DirectoryError,
    Identity,
    checked_identity,
    decode_properties,
    encode_properties,
)

OURS = Identity("cluster-of-22-letters-", "directory-of-22-letter", 1)
OTHER = Identity("another-cluster-22-let", "another-directory-22-l", 1)
ROOT = "/data"


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles()


def test_properties_are_read_as_they_were_written() -> None:
    assert decode_properties(encode_properties({"version": 1, "cluster.id": "c"}), "p") == {
        "version": "1",
        "cluster.id": "c",
    }


@pytest.mark.parametrize("text", ["", "version=9\ncluster.id=x\nnode.id=1\n", "version=1\nnode.id=1\n"])
def test_unknown_properties_are_refused_by_name(files: MemoryFiles, text: str) -> None:
    files.make_directory(ROOT)
    files.write_whole(f"{ROOT}/meta.properties", text.encode())
    with pytest.raises(DirectoryError, match=r"/data/meta\.properties"):
        checked_identity(files, ROOT, OURS)


def test_properties_as_java_writes_them_are_read(files: MemoryFiles) -> None:
    files.make_directory(ROOT)
    text = "#\n#Sat Nov 21 10:00:00 UTC 2026\ncluster.id=abc\nversion=1\ndirectory.id=def\nnode.id=1\n"
    files.write_whole(f"{ROOT}/meta.properties", text.encode())
    assert checked_identity(files, ROOT, OURS) == Identity("abc", "def", 1)


def test_one_wrong_bit_in_our_properties_is_found_or_changes_nothing(files: MemoryFiles) -> None:
    files.make_directory(ROOT)
    checked_identity(files, ROOT, OURS)
    path = f"{ROOT}/meta.properties"
    data = files.read(path, 0, 1 << 20)
    found = 0
    for at in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            files.write_whole(path, bytes(damaged))
            try:
                identity = checked_identity(files, ROOT, OTHER)
            except DirectoryError:
                found += 1
            else:
                assert identity == OURS
    assert found > 8 * (len(data) - 12)  # the first line, and the name of the checksum, say nothing by themselves
