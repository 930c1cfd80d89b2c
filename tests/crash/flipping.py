"""Copies of a directory, each with one wrong bit somewhere."""

import copy
from collections.abc import Iterator
from random import Random

from odradek.storage.files.memory_files import MemoryFiles


def paths_below(files: MemoryFiles, top: str) -> list[str]:
    """Every file that has bytes, but for what was deleted."""
    directories, found = [top], list[str]()
    while directories:
        directory = directories.pop()
        for name in sorted(files.list_directory(directory)):
            path = f"{directory}/{name}"
            try:
                files.list_directory(path)
            except FileNotFoundError:
                found.append(path)
            else:
                if not name.endswith("-delete"):
                    directories.append(path)
    return [path for path in found if files.size(path)]


def flipped(original: MemoryFiles, top: str, count: int, seed: int) -> Iterator[tuple[str, MemoryFiles]]:
    """So many copies, any file alike often whatever its size; each with the words for where its wrong bit is."""
    random = Random(seed)
    paths = paths_below(original, top)
    for _ in range(count):
        path = random.choice(paths)
        at, bit = random.randrange(original.size(path)), 1 << random.randrange(8)
        files = copy.deepcopy(original)
        files.write(path, [bytes([files.read(path, at, 1)[0] ^ bit])], at)
        yield f"{path}, byte {at}, bit {bit:#x}", files
