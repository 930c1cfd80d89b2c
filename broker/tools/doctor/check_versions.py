"""Which stock clients can speak with a broker, as far as its version ranges tell."""

from collections.abc import Sequence

from .client_families import CLIENTS, Client, missing_for
from .facts import Kafka
from .findings import Finding, Step, ok, wrong


def check_features(kafka: Kafka) -> Step:
    """The levels on which the cluster has agreed (KIP-584)."""
    levels = ", ".join(f"{name} {level}" for name, level in sorted(kafka.features.items()))
    return ok("features", levels or "none are told")


def check_versions(kafka: Kafka) -> Step:
    """Wrong where a current client is kept out; that an old one is belongs to the line."""
    able = [client.name for client in CLIENTS if not missing_for(client, kafka.versions)]
    unable = [client for client in CLIENTS if client.name not in able]
    parts = [f"{len(kafka.versions)} APIs"]
    if able:
        parts.append("speaks with " + ", ".join(able))
    if old := [client.name for client in unable if not client.is_current]:
        parts.append("not with " + ", ".join(old))
    if kafka.fell_back:
        parts.append("new clients have to ask twice for its versions")
    kept_out = [client for client in unable if client.is_current]
    if kept_out:
        parts.append("no version in common with " + ", ".join(client.name for client in kept_out))
    text = "; ".join(parts)
    if not kept_out:
        return ok("versions", text)
    return wrong("versions", text, *(_finding(client, kafka) for client in kept_out))


def _finding(client: Client, kafka: Kafka) -> Finding:
    apis = list(missing_for(client, kafka.versions))
    ranges: Sequence[str] = [
        f"{key.name} (client {_range(client.versions[key])}, broker {_range(kafka.versions.get(key))})" for key in apis
    ]
    return Finding(
        "client-version",
        f"{client.name} and this broker have no common version of {', '.join(ranges)}.",
        ("Take a newer broker, or an older release of the client.",),
    )


def _range(versions: tuple[int, int] | None) -> str:
    return "none" if versions is None else f"{versions[0]}-{versions[1]}"
