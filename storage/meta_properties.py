"""meta.properties: which cluster and which node a data directory belongs to, with a checksum that Java reads past."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..protocol.crc32c import crc32c
from .files.files import Files

META_PROPERTIES = "meta.properties"

# A comment to Java, and to Apache Kafka, which leaves it out when it writes the file anew.
_CHECKSUM = b"#crc32c="


class DirectoryError(Exception):
    """The directory cannot be used; the text names it and what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a data directory belongs to; ids are uuids in URL-safe base64 without padding (22 characters)."""

    cluster_id: str
    directory_id: str
    node_id: int


def encode_properties(properties: Mapping[str, object]) -> bytes:
    """The bytes of meta.properties, with a checksum of all that is no comment."""
    body = "".join(f"{key}={value}\n" for key, value in properties.items()).encode()
    return b"#\n%s%08x\n%s" % (_CHECKSUM, crc32c(body), body)


def decode_properties(data: bytes, path: str) -> dict[str, str]:
    """The pairs of meta.properties. DirectoryError where it has a checksum that does not hold."""
    lines = data.split(b"\n")
    body = [line for line in lines if not line.startswith(b"#")]
    for line in lines:
        if line.startswith(_CHECKSUM) and line != b"%s%08x" % (_CHECKSUM, crc32c(b"\n".join(body))):
            raise DirectoryError(f"{path} is damaged: its checksum is wrong; restore it from a copy")
    pairs = (line.decode(errors="replace").partition("=") for line in body)
    return {key.strip(): value.strip() for key, found, value in pairs if found}


def checked_identity(files: Files, path: str, new: Identity) -> Identity:
    """The identity in meta.properties, which is written when there is none."""
    meta = f"{path}/{META_PROPERTIES}"
    try:
        properties = decode_properties(files.read(meta, 0, files.size(meta)), meta)
    except FileNotFoundError:
        properties = {
            "node.id": str(new.node_id),
            "directory.id": new.directory_id,
            "version": "1",
            "cluster.id": new.cluster_id,
        }
        files.write_whole(meta, encode_properties(properties))
        return new
    if properties.get("version") not in ("0", "1") or "cluster.id" not in properties:
        raise DirectoryError(f"{meta} has no version or cluster.id that we know")
    node_id = properties.get("node.id", properties.get("broker.id", ""))
    if node_id != str(new.node_id):
        raise DirectoryError(f"the data directory {path} belongs to node {node_id or '?'}, not to node {new.node_id}")
    return Identity(properties["cluster.id"], properties.get("directory.id", new.directory_id), new.node_id)
