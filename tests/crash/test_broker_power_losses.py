"""The power goes while a broker works, at any moment, and whatever the disk makes of it: see power_loss.py."""

from random import Random

from odradek.broker.testing.power_loss import PowerLossFiles

from ..conftest import Rounds
from .broker_story import DURABLE, BrokerStory
from .invariants import Truth

IMAGES_OF_A_STORY = 60
STEPS = 60


def _cut(seed: int, settings: dict[str, str], *, is_durable: bool) -> None:
    story = BrokerStory(seed, settings)
    story.tell(STEPS)
    plan = story.disk.plan(IMAGES_OF_A_STORY, Random(seed))
    for moment, image_seed, image in story.disk.images(plan):
        try:
            Truth(story, moment, image, is_durable=is_durable).check()
        except Exception as error:
            raise AssertionError(f"story {seed}, moment {moment}, image {image_seed}: {error}") from error


def test_what_was_acknowledged_after_its_fsync_survives_a_power_loss(rounds: Rounds) -> None:
    for seed in range(rounds(3, 120)):
        _cut(seed, DURABLE, is_durable=True)


def test_without_fsyncs_a_power_loss_leaves_a_truth_that_ends_earlier(rounds: Rounds) -> None:
    for seed in range(1000, 1000 + rounds(2, 60)):
        _cut(seed, {}, is_durable=False)


def test_a_power_loss_during_the_recovery_from_a_power_loss_costs_nothing_more(rounds: Rounds) -> None:
    for seed in range(2000, 2000 + rounds(1, 60)):
        story = BrokerStory(seed, DURABLE)
        story.tell(STEPS)
        for moment, image_seed, image in story.disk.images(story.disk.plan(IMAGES_OF_A_STORY // 4, Random(seed))):
            disk = PowerLossFiles.of(image)
            Truth(story, moment, disk, is_durable=True).recover()
            for again, again_seed, recovered in disk.images(disk.plan(4, Random(image_seed))):
                where = f"story {seed}, moment {moment}, image {image_seed}, then moment {again}, image {again_seed}"
                try:
                    Truth(story, moment, recovered, is_durable=True).check()
                except Exception as error:
                    raise AssertionError(f"{where}: {error}") from error
