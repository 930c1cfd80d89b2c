"""Other programs by their first words: what answers where a Kafka was expected."""

from collections.abc import Callable, Sequence

# Asked in turn where Kafka's bytes and TLS got no word: HTTP servers and Redis wait for the end of a line, ZooKeeper
# answers to four letters.
QUESTIONS: Sequence[bytes] = (b"GET / HTTP/1.0\r\n\r\n", b"srvr")
TLS_ALERT = b"\x15\x03"

_Test = Callable[[bytes], bool]


def _starts(*beginnings: bytes) -> _Test:
    return lambda said: said.startswith(beginnings)


def _is_mysql(said: bytes) -> bool:
    """Three bytes of length, number 0, protocol 10."""
    return len(said) > 5 and said[3:5] == b"\x00\x0a" and said[2] == 0


def _is_postgresql(said: bytes) -> bool:
    """An ErrorResponse: the version in Kafka's first bytes is none."""
    return said[:1] == b"E" and said[5:6] == b"S" and b"rotocol" in said


_PROGRAMS: Sequence[tuple[str, _Test]] = (
    ("HTTP (as a Schema Registry, Kafka Connect, a REST proxy or a user interface speak it)", _starts(b"HTTP/")),
    ("SSH", _starts(b"SSH-")),
    ("PostgreSQL", _is_postgresql),
    ("MySQL", _is_mysql),
    ("Redis", _starts(b"-ERR", b"-NOAUTH", b"-DENIED", b"-MISCONF")),
    ("ZooKeeper", _starts(b"Zookeeper version", b"srvr is not executed", b"This ZooKeeper instance")),
    ("AMQP (RabbitMQ)", _starts(b"AMQP")),
    ("NATS", _starts(b"INFO {")),
    ("Memcached", _starts(b"ERROR\r\n", b"CLIENT_ERROR")),
    ("FTP or SMTP", _starts(b"220 ", b"220-")),
)


def program_of(said: bytes) -> str:
    """The program that has said these bytes, or ""."""
    return next((name for name, is_it in _PROGRAMS if is_it(said)), "")
