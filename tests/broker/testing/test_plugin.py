"""The pytest plugin, as a project uses it that has nothing but odradek, a client and pytest."""

import os
import re
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

Project = Callable[..., subprocess.CompletedProcess[str]]

TREE = Path(__file__).parents[3]
PAGE = TREE / "docs" / "testing.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
DOCUMENTED, WITHOUT_PYTEST, AS_COROUTINE, OF_SEVERAL, LOOKING_BACK = BLOCKS
APART = """
import pytest

@pytest.mark.parametrize("number", range(20))
def test_no_test_sees_what_another_did(kafka, number):
    kafka.produce("t", [b"v"])
    assert len(kafka.records("t")) == 1
"""


FROM_WHERE = """
import odradek

def test_it_is_what_was_installed():
    assert {home!r} in odradek.__file__
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Runs pytest over a file outside of this tree."""

    def run(source: str, *arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
        (tmp_path / "test_sample.py").write_text(textwrap.dedent(source))
        (tmp_path / "pytest.ini").write_text(
            "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, "."]
        there = {} if home is None else {"PYTHONPATH": str(home)}
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False, env={**os.environ, **there}
        )

    return run


@pytest.mark.parametrize("arguments", [(), ("-n", "2"), ("-W", "error")], ids=["alone", "xdist", "warnings"])
def test_the_documented_tests_pass(project: Project, arguments: tuple[str, ...]) -> None:
    done = project(DOCUMENTED + AS_COROUTINE + OF_SEVERAL + LOOKING_BACK + APART, *arguments)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "28 passed" in done.stdout


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_documented_tests_pass_with_what_is_in_the_wheel(
    project: Project, tmp_path_factory: pytest.TempPathFactory, arguments: tuple[str, ...]
) -> None:
    built, home = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(built)]
    subprocess.run([*build, str(TREE)], check=True, capture_output=True, timeout=100)
    (wheel,) = built.iterdir()
    zipfile.ZipFile(wheel).extractall(home)
    done = project(DOCUMENTED + FROM_WHERE.format(home=str(home)), *arguments, home=home)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "6 passed" in done.stdout


def test_the_documented_program_runs_without_pytest() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYTEST], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_marker_says_what_the_cluster_is_like(project: Project) -> None:
    done = project(
        """
        import pytest

        pytestmark = pytest.mark.kafka(partitions=2, settings={"message.max.bytes": 500})

        def test_of_the_module(kafka):
            kafka.produce("t", [b"v"] * 4)
            assert {record.partition for record in kafka.records("t")} == {0, 1}
            with pytest.raises(Exception, match="(?i)large"):
                kafka.produce("t", [bytes(600)])

        @pytest.mark.kafka(partitions=3, brokers=1)
        def test_the_nearest_counts(kafka):
            kafka.produce("t", [b"v"] * 4)
            assert {record.partition for record in kafka.records("t")} == {0, 1, 2}

        @pytest.mark.kafka(brokers=3, racks=["a", "b", "c"])
        def test_several(kafka):
            kafka.produce("t", [b"v"])
            assert [one.rack for one in kafka.brokers.look().values()] == ["a", "b", "c"]
            assert [len(one.records("t")) for one in kafka.brokers.values()] == [1, 1, 1]

        @pytest.mark.kafka(seed=1, frozen_at_ms=1_700_000_000_000)
        def test_at_another_time(kafka):
            assert kafka.clock.now_ms == 1_700_000_000_000

        @pytest.mark.kafka(as_version="3.9")
        def test_of_an_older_release(kafka):
            kafka.topic("t", config={"segment.bytes": "2000"})  # later releases want a megabyte

        class TestUnittests:
            def test_in_a_class(self, kafka):
                assert kafka.groups() == {}
        """
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("mark", ["brokrs=3", "3", "settings={'retention': 1}"])
def test_a_marker_that_means_nothing_is_an_error(project: Project, mark: str) -> None:
    done = project(
        f"""
        import pytest

        @pytest.mark.kafka({mark})
        def test_it(kafka):
            assert False, "not reached"
        """
    )
    assert done.returncode == 1
    assert "1 error" in done.stdout
    assert "partitions, settings, seed, strict_faults" in done.stdout or "retention" in done.stdout


CANNOT_BE = {
    "partitions=3, settings={'num.partitions': '4'}": "has partitions and num.partitions of settings: leave one out",
    "as_version='3.9', settings={'odradek.as.version': '3.8'}": "has as_version and odradek.as.version of settings",
    "seed='x'": "seed of @pytest.mark.kafka is of type int, not 'x'",
    "partitions='3'": "partitions of @pytest.mark.kafka is of type int, not '3'",
    "journal=1": "journal of @pytest.mark.kafka is of type bool, not 1",
    "frozen_at_ms=True": "frozen_at_ms of @pytest.mark.kafka is of type int, not True",
    "settings=['num.partitions']": "settings of @pytest.mark.kafka is of type Mapping, not ['num.partitions']",
    "brokers=0": "brokers of @pytest.mark.kafka is 1 to 100, not 0",
    "racks='abc'": "racks of @pytest.mark.kafka is of type list or tuple, not 'abc'",
}


def test_a_marker_that_cannot_be_is_named(project: Project) -> None:
    tests = (f"@pytest.mark.kafka({mark})\ndef test_{i}(kafka): pass\n" for i, mark in enumerate(CANNOT_BE))
    done = project("import pytest\n" + "".join(tests))
    assert f"{len(CANNOT_BE)} errors" in done.stdout
    for why in CANNOT_BE.values():
        assert why in done.stdout


def test_a_strict_test_fails_for_a_fault_that_hit_nothing(project: Project) -> None:
    done = project(
        """
        import pytest

        @pytest.mark.kafka(strict_faults=True)
        def test_it(kafka):
            kafka.topic("orders", partitions=1)
            kafka.faults.add(api="Produce", action="blackhole")

        @pytest.mark.kafka(strict_faults=True)
        def test_it_was_removed(kafka):
            kafka.faults.add(api="Fetch", action="blackhole").remove()
        """
    )
    assert done.returncode == 1
    assert done.stdout.count("Failed: faults that hit nothing") == 2
    assert "faults that hit nothing" in done.stdout
    seen = done.stdout.partition("odradek: what the broker saw")[2]
    assert "topic orders: created with 1 partition" in seen


FAILING = """
import pytest
from confluent_kafka import Producer

{mark}
def test_it(kafka):
    producer = Producer({{"bootstrap.servers": kafka.bootstrap, "client.id": "shop"}})
    for number in range({topics}):
        producer.produce(f"orders{{number}}", b"one")
    producer.flush(20)
    {end}
"""


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_test_that_fails_says_what_the_broker_saw(project: Project, arguments: tuple[str, ...]) -> None:
    done = project(FAILING.format(mark="", topics=1, end="assert False"), *arguments)
    assert done.returncode == 1
    section = done.stdout.split("odradek: what the broker saw")[1]
    assert "topic orders0: created with 1 partition automatically" in section
    assert "shop 127.0.0.1:" in section
    assert "Produce v" in section


def test_what_the_broker_saw_is_cut_to_its_newest_lines(project: Project) -> None:
    done = project(FAILING.format(mark="", topics=60, end="assert False"))
    section = done.stdout.split("odradek: what the broker saw")[1].split("short test summary")[0]
    lines = [line for line in section.splitlines() if line.startswith(("#", "…"))]
    assert len(lines) == 51
    assert lines[0].endswith("earlier lines")


@pytest.mark.parametrize(
    ("mark", "end", "said"),
    [
        ("", "pass", ""),
        ("@pytest.mark.kafka(journal=False)", "assert False", "this cluster keeps no journal"),
        ("", "kafka.close(); assert False", "topic orders0: created"),
    ],
    ids=["passes", "off", "closed"],
)
def test_a_report_says_no_more_than_there_is(project: Project, mark: str, end: str, said: str) -> None:
    done = project(FAILING.format(mark=mark, topics=1, end=end))
    assert ("odradek: what the broker saw" in done.stdout) == bool(said)
    assert said in done.stdout


def test_loading_it_imports_nothing_but_pytest() -> None:
    code = """
        import sys
        import pytest
        before = set(sys.modules)
        import odradek.broker.testing.plugin
        print(sorted(set(sys.modules) - before))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=True
    )
    ours = ["odradek", "odradek.broker", "odradek.broker.testing", "odradek.broker.testing.plugin"]
    assert eval(done.stdout) == ours
