"""What a run is made of: its topics, groups and workers. A seed and a run's name determine all of it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from .check_copies import Pipeline
from .history import TopicPartition
from .library import CLASSIC

PARTITIONS = 3
SHARE_GROUPS = 2
SHARE_PARTITIONS = 2  # fewer than a group has members, so that some share one


@dataclass(frozen=True, slots=True)
class Plan:
    """Names begin with `run`, so that runs on one broker do not meet.

    Copiers speak `group_protocols`, one in each of their lives: with two of them, a group has members of both.
    """

    run: str
    seed: int
    libraries: Sequence[str]
    group_protocols: Sequence[str] = (CLASSIC,)
    replicas: int = 1  # of each partition

    @property
    def transactional(self) -> list[str]:
        """Topics that transactions write to; the last is also what the copiers read."""
        return [f"{self.run}-transactional-a", f"{self.run}-transactional-b", self.source]

    @property
    def source(self) -> str:
        return f"{self.run}-input"

    @property
    def plain(self) -> str:
        """The topic of the idempotent producers without transactions."""
        return f"{self.run}-plain"

    @property
    def pipelines(self) -> list[Pipeline]:
        return [self.pipeline_of(library) for library in self.libraries]

    def pipeline_of(self, library: str) -> Pipeline:
        return Pipeline(f"{self.run}-copiers-{library}", self.source, f"{self.run}-output-{library}")

    @property
    def topics(self) -> dict[str, int]:
        """Every topic with the number of its partitions."""
        targets = [pipeline.target for pipeline in self.pipelines]
        return dict.fromkeys([*self.transactional, self.plain, *targets], PARTITIONS)

    def partitions(self, topics: Sequence[str]) -> list[TopicPartition]:
        return [TopicPartition(topic, index) for topic in topics for index in range(self.topics[topic])]

    def protocol_of(self, spoken: Sequence[str], chance: random.Random) -> str:
        """What a copier speaks in its next life, whose library can speak these."""
        possible = [protocol for protocol in self.group_protocols if protocol in spoken]
        return chance.choice(possible) if len(possible) > 1 else (possible or [CLASSIC])[0]

    def random_of(self, worker: str) -> random.Random:
        """A worker's own random numbers, the same in every run of that seed."""
        return random.Random(f"{self.seed}/{worker}")


@dataclass(frozen=True, slots=True)
class SharePlan(Plan):
    """The plan of share groups: idempotent producers write to one topic, which several groups read."""

    @property
    def topics(self) -> dict[str, int]:
        return {self.plain: SHARE_PARTITIONS}

    @property
    def share_groups(self) -> list[str]:
        return [f"{self.run}-share-{number}" for number in range(SHARE_GROUPS)]
