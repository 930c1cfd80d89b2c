"""`odradek doctor` as a person and a script see it."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from odradek.broker.cli import main
from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.doctor.command import doctor

from ....brokers import free_port


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(doctor, ["--bootstrap", *arguments])


def test_a_healthy_broker_is_ok_step_by_step() -> None:
    with running_broker() as broker:
        result = ask(broker.bootstrap)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith("ok          bootstrap 127.0.0.1:")
    assert all(line.startswith(("ok", "cannot tell coordinators")) for line in lines)
    assert "What is wrong" not in result.stdout


def test_where_nothing_listens_something_is_wrong_and_the_remedy_is_there() -> None:
    address = f"127.0.0.1:{free_port()}"
    result = ask(address)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"wrong       bootstrap {address}: refuses\n")
    assert f"`odradek serve --listen {address}`" in result.stdout


def test_json_is_one_object() -> None:
    with running_broker() as broker:
        result = ask(broker.bootstrap, "--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["isWrong"], said["findings"]) == (0, False, [])
    assert [step["name"].split()[0] for step in said["steps"]] == [
        *("bootstrap", "protocol", "versions", "features", "cluster", "node", "topics", "coordinators", "clock"),
    ]


@pytest.mark.parametrize(
    "arguments", [[","], ["kafka:x"], ["a:1", "--timeout", "0"], ["a:1", "--security-protocol", "x"]]
)
def test_what_cannot_be_asked_exits_with_2(arguments: list[str]) -> None:
    assert ask(*arguments).exit_code == 2


@pytest.mark.parametrize("timeout", ["nan", "inf", "-inf", "1e-300", "0.009", "3601", "-1", "x"])
def test_a_timeout_that_is_no_sensible_number_is_refused(timeout: str) -> None:
    result = ask("127.0.0.1:1", "--timeout", timeout)
    assert result.exit_code == 2
    assert "Invalid value for '--timeout'" in result.stderr


def test_the_least_and_the_greatest_timeout_are_taken() -> None:
    address = f"127.0.0.1:{free_port()}"
    assert [ask(address, "--timeout", timeout).exit_code for timeout in ("0.01", "3600")] == [1, 1]


def test_the_client_can_be_one_of_tls() -> None:
    with running_broker() as broker:
        result = ask(broker.bootstrap, "--security-protocol", "ssl", "--json")
    assert {one["kind"] for one in json.loads(result.stdout)["findings"]} == {"plain-listener"}


def test_it_is_among_the_commands_and_needs_no_extra() -> None:
    assert "doctor" in CliRunner().invoke(main, ["--help"]).stdout
    program = "import sys, odradek.broker.tools.doctor.command; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"confluent_kafka", "rich", "uvloop", "structlog", "ssl", "odradek.broker.cluster"} & set(modules)
