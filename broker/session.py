"""What is known of one connection: who the client says it is, and where it came in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ..protocol.codec import Segment

ANONYMOUS = "ANONYMOUS"  # Kafka's name for whoever has not said who it is


class Authentication(Protocol):
    """How far a client of a listener with SASL has got with its login."""

    @property
    def is_complete(self) -> bool:
        """Whether its requests are served."""
        ...

    @property
    def is_pending(self) -> bool:
        """Whether it has never been logged in."""
        ...

    @property
    def is_raw(self) -> bool:
        """Whether the next frame is a token without a header."""
        ...

    @property
    def is_by_delegation_token(self) -> bool:
        """Whether it is known by a delegation token."""
        ...

    def check(self, key: int, now: float) -> str:
        """Why a request of this API is to be answered with ILLEGAL_SASL_STATE, or "". Disconnect."""
        ...

    def note_api_versions(self) -> None:
        """ApiVersions was answered."""
        ...


@dataclass(slots=True)
class RequestMeter:
    """What quotas count of one request: its size, and the time that the broker spends on it."""

    size_bytes: int
    began_s: float
    handler_s: float | None = None  # once the handler has returned
    is_charged: bool = False  # the handler has done it


@dataclass(slots=True, eq=False)
class Session:
    """One client connection as handlers see it."""

    client_host: str  # "/127.0.0.1", as Kafka prints and stores it
    local_host: str
    local_port: int
    listener: str = "PLAINTEXT"
    client_id: str = ""
    software_name: str = ""
    software_version: str = ""
    client_port: int = 0
    user: str = ANONYMOUS
    authentication: Authentication | None = None  # on listeners with SASL
    # Of the request that is being worked on, where there are quotas.
    meter: RequestMeter | None = None
    # Take no further request of this connection for so many seconds (KIP-219).
    mute: Callable[[float], None] = field(default=lambda seconds: None, repr=False)
    # What becomes of the bytes of the next answer, and whether the connection ends with it; once.
    damage: Callable[[list[Segment]], tuple[list[Segment], bool]] | None = field(default=None, repr=False)
    # The connection ends with the next answer, for this reason.
    last_answer_because: str = ""
    # No frame may be longer than this from now on.
    limit_frames: Callable[[int], None] = field(default=lambda most_bytes: None, repr=False)
    # What ends with the connection; called once, when it has closed.
    on_closed: Callable[[], None] | None = field(default=None, repr=False)

    @property
    def principal(self) -> str:
        """Who it is, as Kafka writes principals."""
        return f"User:{self.user}"

    @property
    def connection(self) -> str:
        """The client's end, which is what journal and faults name a connection by."""
        return f"{self.client_host.lstrip('/')}:{self.client_port}"
