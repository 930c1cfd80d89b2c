"""What every verb shares: its options, its clients, its errors."""

import subprocess
import sys
from concurrent.futures import Future

import click
import pytest

from odradek.broker.security.sasl.jaas import PLAIN_MODULE
from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.shell.client import Failed, Kafka, load, pairs

from ....brokers import free_port
from ...security.tls.certificates import SERVER
from .shell import Shell

VERBS = ["topics list", "groups list", "configs describe broker 1", "produce t v", "consume t", "records t", "txn list"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("module", ["confluent_kafka", "rich.table"])
def test_a_bare_install_names_the_extra(shell: Shell, monkeypatch: pytest.MonkeyPatch, verb: str, module: str) -> None:
    shell.run("produce", "t", "v")
    monkeypatch.setitem(sys.modules, module, None)
    result = shell.run(*verb.split())
    if (verb, module) == ("consume t", "rich.table"):
        assert result.exit_code == 0  # its lines are no table
        return
    package = module.partition(".")[0].replace("_", "-")
    assert result.exit_code == 1
    assert f"{package} is needed: pip install 'odradek[cli]'" in result.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_without_a_broker_there_is_one_line_at_once(verb: str) -> None:
    why = Shell(f"127.0.0.1:{free_port()}").refusal(*verb.split())
    assert why.startswith("Error: no broker there: 127.0.0.1:")
    assert why.count("\n") == 1


def test_the_address_is_an_option_too_and_one_of_several_is_enough(shell: Shell) -> None:
    nowhere = Shell("127.0.0.1:1")
    assert nowhere.json("topics", "list", "--bootstrap", f"127.0.0.1:{free_port()},{shell.bootstrap}") is not None


def test_a_verb_is_imported_without_the_client_library_and_serve_without_any_verb() -> None:
    names = ["topics", "groups", "configs", "produce", "consume", "records", "txn"]
    program = f"import sys; [__import__('odradek.broker.tools.shell.' + n) for n in {names}]; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"confluent_kafka", "rich"} & set(modules)
    program = "import sys, odradek.broker.cli, odradek.broker.cluster; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in modules if "tools" in name and name.startswith("odradek")]


WITH_LOGIN = {
    "listeners": "CLIENTS://127.0.0.1:0",
    "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT",
    "listener.name.clients.plain.sasl.jaas.config": f'{PLAIN_MODULE} required user_al="secret";',
}


def test_a_login_that_is_refused_is_a_line_at_once_that_says_so() -> None:
    def words(password: str) -> list[str]:
        login = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "al"}
        return [word for pair in {**login, "sasl.password": password}.items() for word in ("-X", "=".join(pair))]

    with running_broker(WITH_LOGIN) as broker:
        shell = Shell(broker.bootstrap)
        assert shell.json("topics", "list", *words("secret")) == []
        for verb in VERBS:
            # The time out is long, so that a verb that waits for it fails the test by that.
            *logged, refused = shell.refusal(*verb.split(), "--timeout", "600", *words("hush")).splitlines()
            assert refused.startswith("Error: AUTHENTICATION: "), verb
            assert "Invalid username or password" in refused
            assert "hush" not in refused
            assert not [
                line for line in logged if " connection closed " not in line
            ]  # by the broker, which is here too


def test_a_broker_whose_certificate_is_not_trusted_is_a_line_at_once() -> None:
    tls = {"ssl.keystore.type": "PEM", "ssl.keystore.certificate.chain": SERVER.chain, "ssl.keystore.key": SERVER.key}
    with running_broker({"listeners": "SSL://127.0.0.1:0", **tls}) as broker:
        shell = Shell(broker.bootstrap)
        refused = shell.refusal("topics", "list", "--timeout", "600", "-X", "security.protocol=SSL").splitlines()[-1]
        assert refused.startswith("Error: SSL: ")
        assert "certificate verify failed" in refused


def test_of_several_calls_all_that_failed_are_named(shell: Shell) -> None:
    kafka = Kafka(shell.bootstrap, 5.0)
    done: Future[int] = Future()
    done.set_result(1)
    failed: Future[int] = Future()
    failed.set_exception(kafka.module.KafkaException(kafka.module.KafkaError(3)))
    assert kafka.results({"a": done}) == {"a": 1}
    with pytest.raises(Failed, match="b: UNKNOWN_TOPIC_OR_PART"):
        kafka.results({"a": done, "b": failed})


def test_a_call_that_does_not_end_is_given_up(shell: Shell) -> None:
    with pytest.raises(Failed, match="no answer within"):
        Kafka(shell.bootstrap, 0.01).result(Future())


def test_what_is_no_pair_is_refused() -> None:
    assert pairs(["a=1", "a=2=3", "b="], "x") == [("a", "1"), ("a", "2=3"), ("b", "")]
    for text in ("a", "=1"):
        with pytest.raises(click.UsageError):
            pairs([text], "x")


def test_a_module_that_is_there_is_loaded() -> None:
    assert load("json").dumps([]) == "[]"
