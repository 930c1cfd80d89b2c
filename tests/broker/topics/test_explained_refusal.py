"""A refusal that the coordinators know, too, though no producer has come yet."""

import subprocess
import sys


def test_who_refuses_needs_nothing_of_produce() -> None:
    program = "import sys, odradek.broker.cluster; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "odradek.broker.topics.explained_refusal" in loaded
    assert "odradek.protocol.messages.produce" not in loaded
