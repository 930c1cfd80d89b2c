"""Kill the broker after every change to the disk while its cluster changes and is written down in snapshots."""

from random import Random

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.testing.disks import DyingFiles, Killed
from odradek.broker.testing.power_loss import PowerLossFiles
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.metadata_snapshot import find_snapshots

from ..broker.clusters import DIRECTORY, Changes, cluster_on, create
from ..conftest import Rounds

CONFIG = BrokerConfig(metadata_log_max_record_bytes_between_snapshots=900)

State = tuple[dict[str, int], int]  # topics with their partitions, next producer id


def state_of(cluster: Changes) -> State:
    image = cluster.image
    return {topic.name: len(topic.partitions) for topic in image.topics.values()}, image.next_producer_id


class Story:
    """Topics come and go, some in several batches at once; `answered` is how things stand for the clients."""

    def __init__(self, files: MemoryFiles) -> None:
        self.files = files
        self.under_way: State = ({}, 0)
        self._answered: State = ({}, 0)

    @property
    def answered(self) -> State:
        return self._answered

    @answered.setter
    def answered(self, state: State) -> None:
        self._answered = state
        self.note()

    def note(self) -> None:
        """Something was answered."""

    def tell(self) -> None:
        cluster = cluster_on(self.files, CONFIG)
        for n in range(10):
            topics, next_id = dict(self.answered[0]), self.answered[1]
            self.under_way = ({**topics, f"t{n}": 3}, next_id)
            create(cluster, f"t{n}", bytes([n + 1]) * 16, 3)
            self.answered = self.under_way
            self.under_way = (self.answered[0], next_id + 1000)
            cluster.take_producer_ids(next_id + 1000)
            self.answered = self.under_way
            if n % 4 == 3:
                self.under_way = ({k: v for k, v in self.answered[0].items() if k != f"t{n - 1}"}, next_id + 1000)
                cluster.remove_topics([bytes([n]) * 16])
                self.answered = self.under_way
                cluster = cluster_on(self.files, CONFIG)
            if n % 5 == 4:
                cluster.write_snapshot()


class PowerStory(Story):
    """It notes after how many changes of the disk what was answered."""

    def __init__(self, disk: PowerLossFiles) -> None:
        super().__init__(disk)
        self.disk = disk
        self.noted: list[tuple[int, State]] = [(0, ({}, 0))]

    def note(self) -> None:
        self.noted.append((self.disk.moment, self.answered))

    def possible_at(self, moment: int) -> list[State]:
        """What was answered last, and what may have been under way."""
        last = max(at for at, (noted, _) in enumerate(self.noted) if noted <= moment)
        return [state for _, state in self.noted[last : last + 2]]


def test_no_change_that_was_answered_is_lost_with_the_power(rounds: Rounds) -> None:
    story = PowerStory(PowerLossFiles())
    story.tell()
    plan = story.disk.plan(rounds(300, 20_000), Random(5))
    for moment, seed, image in story.disk.images(plan):
        at = f"moment {moment}, image {seed}"
        found = state_of(cluster_on(image, CONFIG))
        assert found in story.possible_at(moment), at
        again = cluster_on(image, CONFIG)
        create(again, "after", b"a" * 16)
        assert state_of(cluster_on(image, CONFIG))[0] == {**found[0], "after": 1}, at


@pytest.mark.parametrize("torn_bytes", [0, 1, 40, 200])
def test_a_kill_at_any_moment_loses_no_change_that_was_answered(torn_bytes: int) -> None:
    whole = DyingFiles()
    story = Story(whole)
    story.tell()
    changes = whole.changes
    assert changes > 80
    assert len(find_snapshots(whole, DIRECTORY)) == 2
    assert state_of(cluster_on(whole, CONFIG)) == story.answered
    for dies_at in range(1, changes + 1):
        files = DyingFiles(dies_at, torn_bytes)
        story = Story(files)
        with pytest.raises(Killed):
            story.tell()
        files.revive()
        found = state_of(cluster_on(files, CONFIG))
        assert found in (story.answered, story.under_way), f"killed at change {dies_at}"
        again = cluster_on(files, CONFIG)
        assert state_of(again) == found
        create(again, "after", b"a" * 16)
        again.write_snapshot()
        assert state_of(cluster_on(files, CONFIG))[0] == {**found[0], "after": 1}
        assert not [name for name in files.list_directory(DIRECTORY) if name.endswith(".part")]
