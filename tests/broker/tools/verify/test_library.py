"""Client libraries are found by the names that pip knows, and loaded only when they are asked for."""

import subprocess
import sys

import pytest

from odradek.broker.tools.verify import library
from odradek.broker.tools.verify.library import MODULES, Delivery, installed, load, open_library


def test_a_delivery_is_complete_with_an_offset_for_every_record() -> None:
    assert Delivery([0, 1]).is_complete
    assert Delivery([]).is_complete
    assert not Delivery([0, None], "no answer").is_complete


def test_only_what_is_installed_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed() == list(MODULES)
    monkeypatch.setattr(library, "MODULES", {"confluent-kafka": "confluent_kafka", "absent": "no_such_module"})
    assert installed() == ["confluent-kafka"]


@pytest.mark.parametrize("name", list(MODULES))
def test_opening_one_loads_that_one_alone(name: str) -> None:
    program = (
        "import sys\n"
        "from odradek.broker.tools.verify.library import MODULES, open_library\n"
        f"opened = open_library({name!r}, '127.0.0.1:1')\n"
        "assert opened.name == sys.argv[1]\n"
        "print(*[one for one, module in MODULES.items() if module in sys.modules])\n"
        "opened.close()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, name], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout.split()) == (0, [name]), ran.stderr


def test_what_is_not_installed_cannot_be_loaded() -> None:
    with pytest.raises(ImportError):
        load("no_such_module")
    with pytest.raises(ImportError):
        open_library("no-such-library", "127.0.0.1:1")
