"""Other programs by their first words."""

import pytest

from odradek.broker.tools.doctor.foreign import program_of

POSTGRESQL = b"E\0\0\0\x91SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 18.0\0\0"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (POSTGRESQL, "PostgreSQL"),
        (b"\x4a\0\0\0\x0a8.4.0\0", "MySQL"),
        (b"-ERR unknown command\r\n", "Redis"),
        (b"-NOAUTH Authentication required.\r\n", "Redis"),
        (b"Zookeeper version: 3.9.2", "ZooKeeper"),
        (b"srvr is not executed because it is not in the whitelist.", "ZooKeeper"),
        (b"AMQP\0\0\x09\x01", "AMQP"),
        (b'INFO {"server_id":', "NATS"),
        (b"ERROR\r\n", "Memcached"),
        (b"220 mail.example ESMTP\r\n", "FTP or SMTP"),
    ],
)
def test_a_program_is_known_by_its_first_words(said: bytes, name: str) -> None:
    assert program_of(said).startswith(name)


@pytest.mark.parametrize("said", [b"", b"\0\0\0\x0a", b"hello", b"E", b"\x15\x03\x03"])
def test_other_words_have_no_name(said: bytes) -> None:
    assert program_of(said) == ""
