"""Calls of the control plane over HTTP, with nothing but the standard library."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote, urlencode

import click

TIMEOUT_S = 600.0  # a week's advance takes its time


class Failed(click.ClickException):
    """The call was refused, or nobody answered; the text says why."""


class ControlClient:
    """The control plane at `url`; every call is about `cluster`, or the one that is served."""

    def __init__(self, url: str, cluster: str | None = None) -> None:
        self._url = url.rstrip("/") if "://" in url else f"http://{url.rstrip('/')}"
        self._cluster = cluster
        # No proxy stands between a test and its broker.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(
        self,
        method: str,
        *path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        data: bytes | None = None,
    ) -> dict[str, Any]:
        """What an operation answers; `data` is the body of one that takes a file. Failed."""
        body_bytes = data if body is None else json.dumps(body).encode()
        answer = self._send(method, path, query or {}, body_bytes)
        try:
            return cast("dict[str, Any]", json.loads(answer))
        except ValueError as error:
            raise self._nobody(error) from None

    def fetch(self, *path: str) -> bytes:
        """What an operation answers with a file. Failed."""
        return self._send("GET", path, {}, None)

    def _send(self, method: str, path: Sequence[str], query: Mapping[str, Any], data: bytes | None) -> bytes:
        asked = {name: _text(value) for name, value in query.items() if value is not None}
        if self._cluster is not None:
            asked["cluster"] = self._cluster
        address = "/".join((self._url, "v1", *(quote(part, safe="") for part in path)))
        address += f"?{urlencode(asked)}" if asked else ""
        try:
            request = urllib.request.Request(address, data, {"content-type": "application/json"}, method=method)
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return cast("bytes", answer.read())
        except urllib.error.HTTPError as error:
            raise Failed(_reason(error)) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._nobody(error) from None

    def _nobody(self, error: Exception) -> Failed:
        return Failed(f"no control plane answers at {self._url}: {getattr(error, 'reason', error)}")


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
