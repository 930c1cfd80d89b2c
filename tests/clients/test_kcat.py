"""kcat, where it is installed."""

import shutil
import subprocess

import pytest

from .stock_client import StockClient, create

pytestmark = pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not on the PATH")


def kcat(bootstrap: str, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        ["kcat", "-q", "-b", bootstrap, *arguments], input=given, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_kcat_reads_back_what_it_wrote(bootstrap: str, admin: StockClient, topic: str, codec: str) -> None:
    create(admin, topic)
    lines = "".join(f"key{number}:value{number}\n" for number in range(100))
    kcat(bootstrap, "-P", "-t", topic, "-K", ":", "-z", codec, given=lines)
    assert kcat(bootstrap, "-C", "-t", topic, "-K", ":", "-e", "-o", "beginning") == lines


def test_kcat_lists_the_broker(bootstrap: str, admin: StockClient, topic: str) -> None:
    create(admin, topic, 3)
    listed = kcat(bootstrap, "-L", "-t", topic)
    assert bootstrap in listed
    assert "with 3 partitions" in listed
