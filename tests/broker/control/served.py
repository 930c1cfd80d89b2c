"""A broker with a control plane in its own process, and a client that holds its answers against its description."""

import contextlib
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from odradek.broker.control.operation import LINES

COMMAND = [sys.executable, "-m", "odradek.broker", "serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


@dataclass
class Served:
    """Where it is. `cluster` is what calls are about."""

    process: "subprocess.Popen[str]"
    bootstrap: str
    url: str
    cluster: str | None = None
    described: dict[str, Any] = field(default_factory=dict[str, Any])

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """The status and the answer, whatever they are."""
        request = urllib.request.Request(self.url + path, body, dict(headers or {}), method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                data = answer.read()
                is_file = answer.headers["content-type"] == LINES
                return answer.status, data if is_file else json.loads(data)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What is answered, which is what the description says."""
        status, answer = self.send(method, self._about(path), None if body is None else json.dumps(body).encode())
        assert status in (200, 201), answer
        if not self.described:
            self.described = self.send("GET", "/v1/openapi.json")[1]
        told = operation_of(self.described, method, path.partition("?")[0])
        check(answer, told["responses"][str(status)]["content"]["application/json"]["schema"], path)
        return answer

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """The status and the text of a refusal."""
        status, answer = self.send(method, self._about(path), None if body is None else json.dumps(body).encode())
        assert list(answer) == ["error"], answer
        return status, answer["error"]

    def _about(self, path: str) -> str:
        if self.cluster is None:
            return path
        return f"{path}{'&' if '?' in path else '?'}cluster={self.cluster}"


def operation_of(described: Mapping[str, Any], method: str, path: str) -> Mapping[str, Any]:
    """What the description has for a path with this method."""
    given = path.split("/")
    for template, methods in described["paths"].items():
        parts = template.split("/")
        fits = len(parts) == len(given) and all(
            a == b or a[0] == "{" for a, b in zip(parts[1:], given[1:], strict=True)
        )
        if fits and method.lower() in methods:
            found: Mapping[str, Any] = methods[method.lower()]
            return found
    raise AssertionError(f"nothing is said of {method} {path}")


def check(value: Any, schema: Mapping[str, Any], where: str) -> None:
    """A value is what a JSON schema says, as far as the description uses it."""
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    assert isinstance(value, tuple(one for kind in kinds for one in TYPES[kind])), (where, value)
    if "enum" in schema:
        assert value in schema["enum"], (where, value)
    if isinstance(value, dict) and "properties" in schema:
        for name, one in value.items():
            assert name in schema["properties"], f"{where} has {name}, of which nothing is said"
            check(one, schema["properties"][name], f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for one in value:
            check(one, schema["items"], f"{where}[]")


@contextlib.contextmanager
def serving(*options: str) -> Generator[Served]:
    """A broker with a control plane for the length of a `with` block."""
    process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("odradek ready "), process.stderr.read() if process.stderr else line
        bootstrap, control = line.split()[2:]
        assert control.startswith("control=http://")
        yield Served(process, bootstrap, control.removeprefix("control="))
    finally:
        process.kill()
        process.communicate()
