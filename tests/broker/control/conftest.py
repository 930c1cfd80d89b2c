"""One broker with a control plane for a module, and a cluster of its own for each test."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from .served import Served, serving

_numbers = count(1)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("--ephemeral") as served:
        yield served


@pytest.fixture
def cluster(served: Served) -> Iterator[Served]:
    """Calls about a cluster that no other test knows; its bootstrap is the cluster's."""
    name = f"test-{next(_numbers)}"
    made = served.call("POST", "/v1/clusters", {"name": name})
    yield replace(served, cluster=name, bootstrap=made["bootstrap"])
    served.call("DELETE", f"/v1/clusters/{name}")
