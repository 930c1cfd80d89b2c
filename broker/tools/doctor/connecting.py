"""The way to a port: names to addresses, addresses to connections, each with a deadline."""

import errno
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .facts import Attempt, Reached

MOST_ADDRESSES = 16  # of one name
NO_NAME = "it is no name: a part between its dots is empty, too long, or has characters that no name has"
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL)

Resolver = Callable[[str, int], Sequence[str]]


class DoesNotResolve(Exception):
    """The name has no address here; the text is the resolver's."""


def system_resolver(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, in the order in which this machine's clients get them. DoesNotResolve."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except ValueError:  # of Python, on the way to the resolver: UnicodeError is one
        raise DoesNotResolve(NO_NAME) from None
    except OSError as error:
        raise DoesNotResolve(error.strerror or str(error)) from None
    return list(dict.fromkeys(str(place[4][0]) for place in found))


@dataclass(frozen=True)
class Network:
    """How names resolve, and how long anything may take, in seconds by the clock `now`."""

    resolver: Resolver
    timeout_s: float
    now: Callable[[], float] = time.monotonic

    def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a name. DoesNotResolve, also for a resolver that does not come back in time."""
        answers: queue.SimpleQueue[Sequence[str] | DoesNotResolve] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self.resolver(host, port)[:MOST_ADDRESSES])
            except DoesNotResolve as error:
                answers.put(error)

        # The system's resolver knows no deadline: its thread is left to itself.
        threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
        try:
            answer = answers.get(timeout=self.timeout_s)
        except queue.Empty:
            raise DoesNotResolve(f"no answer from the resolver within {self.timeout_s:g} s") from None
        if isinstance(answer, DoesNotResolve):
            raise answer
        return answer

    def connect(self, ip: str, port: int, timeout_s: float | None = None) -> socket.socket:
        """A connection with that timeout on everything. OSError."""
        return socket.create_connection((ip, port), self.timeout_s if timeout_s is None else timeout_s)


def failed_attempt(ip: str, error: OSError) -> Attempt:
    """How a connection did not come to be: refused, without a route and timed out are kept apart."""
    if isinstance(error, ConnectionRefusedError):
        return Attempt(ip, Reached.REFUSED)
    if isinstance(error, TimeoutError):  # of the socket, and ETIMEDOUT of the system
        return Attempt(ip, Reached.TIMED_OUT)
    if error.errno in _UNREACHABLE:
        return Attempt(ip, Reached.UNREACHABLE)
    return Attempt(ip, Reached.FAILED, error.strerror or str(error))
