"""Writes docs/control.md: `python -m odradek.broker.tools.control_page > docs/control.md`.

The rule: nothing about an operation is written here; it is all in the table that the routes are made of.
"""

import json
from collections.abc import Sequence

import click

from ..control.operation import Field, Operation
from ..control.operations import ROOMS

INTRODUCTION = """\
# The control plane

Written from the table of operations by `python -m odradek.broker.tools.control_page > docs/control.md`; a test keeps
this page true. What `docs/testing.md` has for Python is here for any language: faults, time, clusters, and what is in
them, as JSON over HTTP.

```
pip install 'odradek[control]'
odradek serve --ephemeral --listen 127.0.0.1:0 --control 127.0.0.1:0
odradek ready 127.0.0.1:40001 control=http://127.0.0.1:40002
curl -d '{"api": "Produce", "action": "disconnect_after", "times": 1}' http://127.0.0.1:40002/v1/faults
```

It is off without the option, and then nothing of it is loaded. It listens where the option says, on the loopback if
that is a port alone; it asks for no password, so let nobody reach it who may not rule the broker. Pages of the web
are turned away, and so are calls to a host that is not this one: it is called by an address, by `localhost`, by the
name that `--control` has, or, where that is not the loopback, by a name without a dot, as containers have them. With
it, the clock of the cluster that is served can be moved and its requests hit by faults, on disk
or `--ephemeral`; beside it, clusters in memory are made and dropped (`/v1/clusters`), and `?cluster=NAME` has any
operation be about one of them.

State is of clusters in memory: of the one that is served with `--ephemeral`, and of all that are made beside it. One on
disk can be exported; the rest is refused with 409. Calls of one cluster that would be in each other's way wait for each
other, in their order.

A body is a JSON object of 64 KiB at most. What is wrong (an unknown field, a rule that can mean nothing, a topic that
is not there) is answered with a status of 4xx and `{"error": TEXT}`: the text that Python has for it, with the
nearest right thing. Then nothing has been changed.

From a shell, `odradek control` does the same, at `--url` or ODRADEK_CONTROL: `faults add`, `list`, `show`, `remove`,
`clear`; `clock show`, `advance`, `freeze`, `run`; `clusters create`, `list`, `show`, `drop`; `snapshot`, `restore`,
`fork`, `reset`, `snapshots list`, `remove`, `export FILE`, `import FILE`; `brokers list`, `show`, `kill`, `stop`,
`start`, `freeze`, `resume`; `links list`, `cut`, `slow`, `heal`; `topics`, `topics create`, `show`; `offsets`,
`partitions`, `elect`, `records` and `produce TOPIC`; `groups`, `committed GROUP`; `journal`, `requests`,
`explain KIND NAME`; `health`, `describe`.
"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for title, operations in ROOMS:
        parts.append(f"## {title}\n")
        parts += [section(operation) for operation in operations]
    return "\n".join(parts)


def section(operation: Operation) -> str:
    """One operation."""
    lines = [f"### {operation.method} {operation.path}", "", operation.about, ""]
    if operation.example is not None:
        lines += ["```json", json.dumps(operation.example), "```", ""]
    path = [Field(name, "string", about, is_required=True) for name, about in operation.path_fields.items()]
    for title, fields in (("path", path), ("query", operation.query), ("body", operation.body)):
        if fields:
            lines += [f"| {title} | type | |", "|---|---|---|", *rows(fields), ""]
    if operation.takes_file:
        lines += ["The body is the file.", ""]
    if operation.gives_file:
        lines += [f"Answered with {operation.status} and the file.", ""]
    if operation.answer:
        has_rule = operation.answer[-len(operation.body) :] == tuple(operation.body) if operation.body else False
        listed = operation.answer[: -len(operation.body)] if has_rule else operation.answer
        more = ", and what of the body is not as it is by itself" if has_rule else ""
        lines += [f"Answered with {operation.status}{more}:", "", "| field | type | |", "|---|---|---|"]
        lines += [*rows(listed), ""]
    return "\n".join(lines)


def rows(fields: Sequence[Field], within: str = "") -> list[str]:
    """A line of a table for each field, and for those of its items."""
    found: list[str] = []
    for one in fields:
        about = one.about
        if one.choices and len(one.choices) <= 10:
            about += " One of " + ", ".join(f"`{choice}`" for choice in one.choices) + "."
        needed = " Needed." if one.is_required and not within else ""
        found.append(f"| `{within}{one.name}` | {one.kinds} | {about}{needed} |")
        if one.items:
            found += rows(one.items, f"{within}{one.name}[].")
    return found


if __name__ == "__main__":
    click.echo(page(), nl=False)
