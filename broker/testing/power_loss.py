"""A disk that remembers every change, and what it may hold when the power goes at any moment of the story.

The rule: whatever a file system might leave, some image shows. So the model promises less than any real one:

- A file's bytes and its length are durable once an fsync of that file has returned: what it held when the call ran, not
  when the handle was made, as with a descriptor.
- What was not synced is there, gone or mixed: each sector (512 bytes) or page (4 KiB) holds any of the states that it
  had since the last fsync; where the file grew, also zeros or (in files of a sector and more) stale bytes of somebody
  else's. The length is any that it had since.
- A name (made, renamed, removed) is durable once its directory was synced; an fsync of the file does not save its name.
  Of the changes not synced any number survives, but in their order (the journal's), each directory for itself.
- A rename within a directory is one change: the old name or the new, never both and never neither.
"""

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from ...storage.files.files import Buffer, OpenRefused
from ...storage.files.memory_files import MemoryFiles

SECTOR, PAGE = 512, 4096

Survival = Literal["nothing", "everything", "names", "some"]
SURVIVALS: Sequence[Survival] = ("nothing", "everything", "names", "some")


@dataclass(eq=False, slots=True)
class File:
    """A file's bytes: what an fsync has made durable, then every state since."""

    states: list[bytes] = field(default_factory=lambda: [b""])

    def sync(self) -> None:
        del self.states[:-1]

    def survivor(self, survival: Survival, random: Random) -> bytes:
        """The bytes that are found after the power loss."""
        states = self.states
        if survival == "some":
            survival = random.choice(SURVIVALS)
        if survival == "nothing" or len(states) == 1:
            return states[0]
        if survival == "everything":
            return states[-1]
        if survival == "names":  # the length is there, the pages were still to be written
            return states[0][: len(states[-1])].ljust(len(states[-1]), b"\0")
        return self._mixed(random)

    def _mixed(self, random: Random) -> bytes:
        length, unit = len(random.choice(self.states)), random.choice((SECTOR, PAGE))
        found = bytearray()
        for start in range(0, length, unit):
            one = random.choice(self.states)[start : start + unit]
            if start >= len(self.states[0]) and random.random() < 0.2:
                one = random.choice((b"", random.randbytes(unit) if length >= SECTOR else b""))
            found += one.ljust(unit, b"\0")
        return bytes(found[:length])


@dataclass(eq=False, slots=True)
class Directory:
    """A directory's names: those that are durable, then the changes since; None removes a name."""

    durable: dict[str, "Node"] = field(default_factory=dict[str, "Node"])
    changes: list[Mapping[str, "Node | None"]] = field(default_factory=list[Mapping[str, "Node | None"]])

    def sync(self) -> None:
        self.durable, self.changes = self.after(len(self.changes)), []

    def after(self, count: int) -> dict[str, "Node"]:
        """The names once so many of the changes have survived."""
        names = dict(self.durable)
        for change in self.changes[:count]:
            for name, node in change.items():
                if node is None:
                    names.pop(name, None)
                else:
                    names[name] = node
        return names

    def survivors(self, survival: Survival, random: Random) -> dict[str, "Node"]:
        """The names that are found after the power loss."""
        if survival == "nothing":
            return self.durable
        return self.after(random.randint(0, len(self.changes)) if survival == "some" else len(self.changes))


Node = File | Directory
Event = Callable[[], None]
"""One change of the disk, as a call that repeats it on the nodes."""


class PowerLossFiles(MemoryFiles):
    """MemoryFiles that write down what happens to them; `images` tells it once more, and cuts the power."""

    def __init__(self) -> None:
        super().__init__()
        self._root = Directory()
        self._nodes: dict[str, Node] = {"": self._root}
        self._events: list[Event] = []

    @classmethod
    def of(cls, image: MemoryFiles) -> "PowerLossFiles":
        """A disk that durably holds what an image holds: for the power to go again."""
        files = cls()
        files._adopt(image, "")
        for node in files._nodes.values():
            node.sync()
        files._events.clear()
        return files

    def _adopt(self, image: MemoryFiles, directory: str) -> None:
        for name in sorted(image.list_directory(directory)):
            path = f"{directory}/{name}"
            try:
                data = image.read(path, 0, image.size(path))
            except FileNotFoundError:
                self.make_directory(path)
                self._adopt(image, path)
            else:
                self.write(path, [data], 0)
        while self._events:
            self._events.pop(0)()

    @property
    def moment(self) -> int:
        """How many changes there were so far."""
        return len(self._events)

    # What happens

    def _directory_of(self, path: str) -> tuple[Directory, str]:
        parent, _, name = path.rpartition("/")
        directory = self._nodes[parent]
        assert isinstance(directory, Directory)
        return directory, name

    def _file_at(self, path: str) -> File:
        node = self._nodes.get(path)
        if node is None:
            node = self._nodes[path] = File()
            self._change_names(path, node)
        assert isinstance(node, File)
        return node

    def _change_names(self, path: str, node: Node | None) -> None:
        directory, name = self._directory_of(path)
        self._events.append(lambda: directory.changes.append({name: node}))

    def write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        super().write(path, buffers, position)
        file, data = self._file_at(path), b"".join(buffers)

        def event() -> None:
            before = file.states[-1]
            file.states.append(before[:position].ljust(position, b"\0") + data + before[position + len(data) :])

        if data:
            self._events.append(event)

    def truncate(self, path: str, size: int) -> None:
        super().truncate(path, size)
        file = self._file_at(path)
        self._events.append(lambda: file.states.append(file.states[-1][:size].ljust(size, b"\0")))

    def rename(self, old: str, new: str) -> None:
        super().rename(old, new)
        directory, old_name = self._directory_of(old)
        same, new_name = self._directory_of(new)
        assert same is directory, "a rename from one directory to another is not in this model"
        for path in [path for path in self._nodes if path == old or path.startswith(old + "/")]:
            self._nodes[new + path[len(old) :]] = self._nodes.pop(path)
        node = self._nodes[new]
        self._events.append(lambda: directory.changes.append({old_name: None, new_name: node}))

    def remove(self, path: str) -> None:
        super().remove(path)
        if self._nodes.pop(path, None) is not None:
            self._change_names(path, None)

    def make_directory(self, path: str) -> None:
        super().make_directory(path)
        if path not in self._nodes:
            self.make_directory(path.rpartition("/")[0])
            self._nodes[path] = Directory()
            self._change_names(path, self._nodes[path])

    def remove_directory(self, path: str) -> None:
        super().remove_directory(path)
        if self._nodes.pop(path, None) is not None:
            self._change_names(path, None)

    def write_whole(self, path: str, data: bytes, *, is_synced: bool = True) -> None:
        temporary = path + ".tmp"
        super().remove(temporary)
        self._nodes.pop(temporary, None)
        self.write(temporary, [data], 0)
        if is_synced:
            self.sync_handle(temporary)()
        self.rename(temporary, path)
        if is_synced:
            self.sync_handle(path.rpartition("/")[0])()

    def sync_handle(self, path: str) -> Callable[[], None]:
        def run() -> None:
            node = self._nodes.get("" if path == "/" else path)
            if node is None:
                raise OpenRefused(errno.ENOENT, "no such file", path)
            self._events.append(node.sync)

        return run

    # What is left of it

    def images(self, moments: Mapping[int, Sequence[tuple[Survival, int]]]) -> Iterator[tuple[int, int, MemoryFiles]]:
        """For each moment and each of its (survival, seed): the moment, the seed, and what the disk may hold.

        The story is told from its beginning, and only once.
        """
        for moment in range(len(self._events) + 1):
            for survival, seed in moments.get(moment, ()):
                yield moment, seed, self._image(survival, Random(seed))
            if moment < len(self._events):
                self._events[moment]()

    def plan(self, count: int, random: Random) -> dict[int, list[tuple[Survival, int]]]:
        """About `count` images, spread over the story: what `images` is asked for."""
        plan: dict[int, list[tuple[Survival, int]]] = {}
        for at in range(count):
            survival = SURVIVALS[at % 4] if at % 3 == 0 else "some"
            plan.setdefault(random.randint(0, self.moment), []).append((survival, random.getrandbits(32)))
        return plan

    def _image(self, survival: Survival, random: Random) -> MemoryFiles:
        image = MemoryFiles()

        def fill(path: str, directory: Directory) -> None:
            for name, node in directory.survivors(survival, random).items():
                inside = f"{path}/{name}"
                if isinstance(node, Directory):
                    image.make_directory(inside)
                    fill(inside, node)
                else:
                    image.write(inside, [node.survivor(survival, random)], 0)

        fill("", self._root)
        return image
