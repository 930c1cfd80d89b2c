"""What each setting is for, in a few plain sentences: what DescribeConfigs answers where documentation is asked for.

The rule: the texts of documentation.json are read when the first of them is asked for, and a start does not pay for
them.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

DocumentedKind = Literal["broker", "topic", "group", "client_metrics"]


def documentation_of(kind: DocumentedKind, name: str) -> str | None:
    """A setting's text; None of an unknown name. A topic and a broker may each have a setting of one name."""
    return _texts()[kind].get(name)


@cache
def _texts() -> Mapping[DocumentedKind, Mapping[str, str]]:
    texts: Mapping[DocumentedKind, Mapping[str, str]] = json.loads(
        Path(__file__).with_name("documentation.json").read_text("utf-8")
    )
    return texts
