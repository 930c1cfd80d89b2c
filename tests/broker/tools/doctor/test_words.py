"""Facts in words."""

from odradek.broker.tools.doctor.facts import Attempt, Endpoint, Reached, Visit
from odradek.broker.tools.doctor.words import (
    attempt_in_words,
    attempts_in_words,
    is_every_interface,
    is_loopback,
    partly_reached,
)

V6, V4 = Attempt("::1", Reached.REFUSED), Attempt("127.0.0.1", Reached.CONNECTED)
LOCALHOST = Endpoint("localhost", 9092)


def test_each_address_says_what_it_did() -> None:
    ways = [
        Attempt("10.0.0.1", Reached.REFUSED),
        Attempt("10.0.0.2", Reached.TIMED_OUT),
        Attempt("10.0.0.3", Reached.UNREACHABLE),
        Attempt("10.0.0.4", Reached.FAILED, "Permission denied"),
        Attempt("10.0.0.5", Reached.CONNECTED),
    ]
    assert [attempt_in_words(one) for one in ways] == [
        "10.0.0.1 refuses",
        "10.0.0.2 does not answer in time",
        "10.0.0.3 has no route from here",
        "10.0.0.4 fails (Permission denied)",
        "10.0.0.5 takes connections",
    ]
    assert attempts_in_words(Visit(LOCALHOST, attempts=[V6, V4])) == "::1 refuses, 127.0.0.1 takes connections"
    assert attempts_in_words(Visit(Endpoint("127.0.0.1", 1), attempts=[V4])) == "takes connections"


def test_where_some_addresses_fail_it_is_noted_who_is_kept_out() -> None:
    (note,) = partly_reached(Visit(LOCALHOST, attempts=[V6, V4]))
    assert note.is_note
    assert (
        "at port 9092 ::1 refuses. These clients try only the first and do not get through: Node.js 17" in note.problem
    )
    (harmless,) = partly_reached(Visit(LOCALHOST, attempts=[V4, V6]))
    assert "Clients get through" in harmless.problem
    assert partly_reached(Visit(LOCALHOST, attempts=[V4])) == ()
    assert partly_reached(Visit(LOCALHOST, attempts=[V6])) == ()


def test_what_stands_for_every_interface_is_known_however_it_is_written() -> None:
    written = ("", "0", "0.0.0.0", "::", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0")
    assert [one for one in written if not is_every_interface(one)] == []
    assert [one for one in ("127.0.0.1", "::1", "kafka", "0.0.0.1", "10") if is_every_interface(one)] == []


def test_the_loopback_is_known_in_both_families() -> None:
    assert [is_loopback(ip) for ip in ("127.0.0.2", "::1", "10.0.0.1", "fe80::1%eth0", "name")] == [
        True,
        True,
        False,
        False,
        False,
    ]
