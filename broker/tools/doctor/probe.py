"""What a port speaks: Kafka in plain text, Kafka over TLS, something else with a name, or nothing.

The way asked for comes first, so that a healthy port costs one connection; the others follow where it fails.
"""

import contextlib
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ...wire import Wire
from .connecting import Network
from .facts import Speech, Spoken, Tls
from .foreign import QUESTIONS, TLS_ALERT, program_of
from .kafka_questions import FIRST_BYTES, KEY, NotKafka, ask_broker
from .timed_wire import TimedWire
from .tls import start_tls, tls_of, wants_client_certificate

MOST_PROBE_S = 2.0  # for each of the ways that were not asked for


class Said(NamedTuple):
    """How a port met Kafka's first bytes: its own, or none and whether it closed."""

    spoken: Spoken | None
    first_bytes: bytes = b""
    has_closed: bool = False


class Probe:
    """What the ports of one address speak, to a client that does or does not use TLS."""

    def __init__(self, network: Network, *, with_tls: bool) -> None:
        self._network = network
        self._with_tls = with_tls
        self._short_s = min(MOST_PROBE_S, network.timeout_s)

    def speak(self, connection: socket.socket, ip: str, port: int, host: str) -> Spoken:
        """Over a connection that is there, and over others where it leads to nothing. Closes it."""
        first = self._kafka_over(connection, ip, port, host, with_tls=self._with_tls)
        if first.spoken is not None:
            return first.spoken
        heard = [first.first_bytes]
        # To what has named itself nothing more is sent.
        if not program_of(first.first_bytes):
            with contextlib.suppress(OSError):
                other = self._network.connect(ip, port, self._short_s)
                second = self._kafka_over(other, ip, port, host, with_tls=not self._with_tls)
                if second.spoken is not None:
                    return second.spoken
                heard.append(second.first_bytes)
            heard += self._other_questions(ip, port, heard)
        if name := next((name for said in heard if (name := program_of(said))), ""):
            return Spoken(Speech.OTHER, name)
        if any(said.startswith(TLS_ALERT) for said in heard):
            return Spoken(Speech.OTHER, "TLS, of a kind that this Python does not take")
        if any(heard):
            return Spoken(Speech.UNKNOWN)
        return Spoken(Speech.CLOSES if first.has_closed else Speech.SILENT)

    def open(self, ip: str, port: int, host: str, spoken: Spoken) -> Wire:
        """One more connection to a port of which it is known what it speaks. OSError."""
        connection = self._network.connect(ip, port)
        return self._wire(start_tls(connection, host) if spoken.tls else connection)

    def _kafka_over(self, connection: socket.socket, ip: str, port: int, host: str, *, with_tls: bool) -> Said:
        tls: Tls | None = None
        try:
            with connection:
                if with_tls:
                    connection = start_tls(connection, host)
                    tls = tls_of(connection)
                with connection:
                    kafka = ask_broker(
                        self._wire(connection), lambda: self.open(ip, port, host, Spoken(Speech.KAFKA, tls=tls))
                    )
                    return Said(Spoken(Speech.KAFKA, tls=tls, kafka=kafka))
        except NotKafka as what:
            if tls is None:
                return Said(None, what.said, what.has_closed)
            if not what.said and what.has_closed and self._wants_certificate(ip, port, host):
                return Said(Spoken(Speech.KAFKA, tls=replace(tls, wants_client_certificate=True)))
            return Said(Spoken(Speech.OTHER, (program_of(what.said) or "something else") + " over TLS", tls))
        except (OSError, ValueError) as error:
            # A TLS connection that breaks after its handshake may have been refused, with the reason lost on the way.
            if wants_client_certificate(error) or (tls is not None and self._wants_certificate(ip, port, host)):
                seen = tls or Tls("TLS", None)
                return Said(Spoken(Speech.KAFKA, tls=replace(seen, wants_client_certificate=True)))
            return Said(None, b"", not isinstance(error, TimeoutError))

    def _wants_certificate(self, ip: str, port: int, host: str) -> bool:
        """Listens only: bytes that cross its refusal have the system throw the refusal away."""
        try:
            with self._network.connect(ip, port, self._short_s) as plain, start_tls(plain, host) as connection:
                connection.recv(1)
        except OSError as error:
            return wants_client_certificate(error)
        return False

    def _other_questions(self, ip: str, port: int, heard: Sequence[bytes]) -> list[bytes]:
        answers: list[bytes] = []
        for question in QUESTIONS:
            if any(program_of(said) for said in (*heard, *answers)):
                break
            with contextlib.suppress(OSError), self._network.connect(ip, port, self._short_s) as connection:
                connection.sendall(question)
                answers.append(connection.recv(FIRST_BYTES))
        return answers

    def _wire(self, connection: socket.socket) -> Wire:
        """Each whole answer gets the time that the connection had for each of its bytes."""
        timeout_s = connection.gettimeout() or self._network.timeout_s
        return TimedWire(connection, client_id=KEY, timeout_s=timeout_s, now=self._network.now)
