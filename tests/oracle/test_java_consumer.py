"""Java's consumer of the new protocol (KIP-848): what it sees of a group; all of it in one JVM."""

import json
import subprocess
from pathlib import Path

import pytest

from .apache_kafka import QUICK_JVM, OracleMissing, jars
from .dump_tool import check_tools

SOURCE = Path(__file__).with_name("ConsumerCalls.java")
DEADLINE_S = 100.0

EXPECTED = {
    "a classic one": "4 Classic Stable 1",
    "none subscribes": "Consumer Empty 0 20 20 20 20",
    "one is left": "4 Consumer Stable 1",
    "one of each": "2 2 Consumer Stable 2",
    "one reads": "40 4 Consumer Stable 1",
    "pattern": "4",
    "pattern that is none": "InvalidRegularExpression",
    "static heir, classic": "4 Classic Stable 1 1",
    "static heir, consumer": "4 Consumer Stable 1 1",
    "static, first life": "4 Consumer Stable 1",
    "static, in use": "UnreleasedInstanceIdException",
    "static, second life": "4 Consumer Stable 1",
    "the classic one is left": "4 Classic Stable 1",
    "two read": "80",
    "two share": "2 2 Consumer Stable 2",
}


def test_javas_consumer_shares_migrates_comes_back_and_subscribes_by_pattern(
    bootstrap: str, topic: str, group: str
) -> None:
    try:
        check_tools()
        home = jars()
    except OracleMissing as missing:
        pytest.skip(str(missing))
    command = ["java", *QUICK_JVM, f"-Dlog4j2.configurationFile={home / 'log4j2.properties'}"]
    command += ["-cp", f"{home / 'lib'}/*", str(SOURCE), bootstrap, topic, group]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == EXPECTED
