"""The Dockerfile and the compose file, read as the engine reads them."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "image" / "Dockerfile"
PROPERTIES = ROOT / "image" / "server.properties"
COMPOSE = ROOT / "docker-compose.yml"


class Instruction(NamedTuple):
    """One line of a Dockerfile, continued lines joined."""

    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The list of the exec form. ValueError for the shell form."""
        found = json.loads(self.rest[self.rest.index("[") :])
        assert isinstance(found, list)
        return [str(word) for word in found]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, which begins with its FROM."""
    found: list[list[Instruction]] = []
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            if word == "FROM":
                found.append([])
            found[-1].append(Instruction(word, rest.strip()))
    return found


def the(word: str) -> Instruction:
    """The one instruction of this word in the image itself."""
    (found,) = (one for one in stages()[-1] if one.word == word)
    return found


def compose() -> Any:
    return yaml.safe_load(COMPOSE.read_text())


def environment_of(service: str) -> dict[str, str]:
    return dict(compose()["services"][service]["environment"])
