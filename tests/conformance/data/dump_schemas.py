"""Reads the message definitions out of Apache Kafka's released jars; see README.md beside this file.

    python dump_schemas.py kafka-clients-4.3.0.jar kafka-metadata-4.3.0.jar … > schemas.json

What is no fact about bytes is left out: comments, descriptions, entity types, listeners.
"""

import json
import re
import sys
import zipfile
from typing import Any

FACTS = {
    "apiKey",
    "commonStructs",
    "default",
    "fields",
    "flexibleVersions",
    "latestVersionUnstable",
    "name",
    "nullableVersions",
    "tag",
    "taggedVersions",
    "type",
    "validVersions",
    "versions",
}
COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*')
FOLDERS = ("common/message/", "common/metadata/")


def facts(value: Any) -> Any:
    """The definition without what is no fact about bytes."""
    if isinstance(value, list):
        return [facts(item) for item in value]
    if isinstance(value, dict):
        return {key: facts(inner) for key, inner in value.items() if key in FACTS}
    return value


def definitions(jar: str) -> dict[str, Any]:
    """Message name -> definition, of one jar."""
    found: dict[str, Any] = {}
    with zipfile.ZipFile(jar) as archive:
        for path in archive.namelist():
            if path.startswith(FOLDERS) and path.endswith(".json"):
                text = COMMENT.sub(lambda match: match[1] or "", archive.read(path).decode())
                definition = facts(json.loads(text))
                found[definition["name"]] = definition
    return found


def main(jars: list[str]) -> None:
    """Prints one message a line, sorted by name."""
    merged: dict[str, Any] = {}
    for jar in jars:
        merged.update(definitions(jar))
    lines = [json.dumps(merged[name], separators=(",", ":")) for name in sorted(merged)]
    print("[\n" + ",\n".join(lines) + "\n]")


if __name__ == "__main__":
    main(sys.argv[1:])
