"""What is known of one connection: who the client says it is, and where it came in."""

from dataclasses import dataclass


@dataclass(slots=True)
class Session:
    """One client connection as handlers see it."""

    client_host: str  # "/127.0.0.1", as Kafka prints and stores it
    local_host: str
    local_port: int
    listener: str = "PLAINTEXT"
    client_id: str = ""
    software_name: str = ""
    software_version: str = ""
