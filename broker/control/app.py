"""The operations as an ASGI application.

The one rule: whatever comes, the answer is JSON, and a refusal has changed nothing. Pages of the web, which a browser
would let send here, are turned away.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ...protocol.errors import ErrorCode, KafkaError
from ..cluster import NotRunning
from ..config.config_def import ConfigError, nearest
from ..faults.rule import FaultError
from ..log_output import get_logger
from .hosts import check_host
from .operation import CLUSTER, ENDING, LINES, Asked, Operation, Refused, check_fields, parse_query
from .operations import OPERATIONS
from .plane import ControlPlane

MOST_BODY_BYTES = 1 << 16
MOST_FILE_BYTES = 1 << 26
MOST_PASSED_OVER = 1 << 30  # of a body that is too large: who hears of it only behind its end would never hear of it
STATUS_OF = {
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: 404,
    ErrorCode.TOPIC_ALREADY_EXISTS: 409,
    ErrorCode.KAFKA_STORAGE_ERROR: 503,
    ErrorCode.NOT_LEADER_OR_FOLLOWER: 503,
    ErrorCode.LEADER_NOT_AVAILABLE: 503,
    ErrorCode.COORDINATOR_NOT_AVAILABLE: 503,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS: 503,
    ErrorCode.BROKER_NOT_AVAILABLE: 503,
    ErrorCode.NOT_ENOUGH_REPLICAS: 503,
    ErrorCode.REQUEST_TIMED_OUT: 503,
}
WITH_SLASHES = ("group",)  # parts of a path whose names may have any character

logger = get_logger("control")


def make_app(plane: ControlPlane, host: str) -> Starlette:
    """The application over the clusters of a plane; `host` is what --control names."""
    app = Starlette(
        routes=[_route(operation, plane, host) for operation in OPERATIONS],
        exception_handlers={HTTPException: _unrouted, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return app


def _route(operation: Operation, plane: ControlPlane, host: str) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            check_host(request.headers.get("host", ""), host)
            return _answer(operation.status, await _done(operation, await _asked(operation, plane, request)))
        except Refused as refused:
            return _answer(refused.status, {"error": str(refused)})
        except (FaultError, ConfigError) as error:
            return _answer(400, {"error": str(error)})
        except KafkaError as error:
            return _answer(STATUS_OF.get(error.code, 400), {"error": str(error)})
        except NotRunning:
            return _answer(409, {"error": "the cluster has ended meanwhile"})
        except ClientDisconnect:
            return Response(status_code=400)
        except asyncio.CancelledError:  # it took longer than an end may take
            return _answer(409, {"error": ENDING})

    path = operation.path
    for name in WITH_SLASHES:
        path = path.replace(f"{{{name}}}", f"{{{name}:path}}")
    return Route(path, endpoint, methods=[operation.method])


async def _asked(operation: Operation, plane: ControlPlane, request: Request) -> Asked:
    if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
        raise Refused(403, "the control plane does not answer pages of the web")
    # Everywhere, for one who adds it to every address; where there is nothing of a cluster it says nothing.
    known = operation.query if CLUSTER in operation.query else (*operation.query, CLUSTER)
    query = parse_query(request.query_params.multi_items(), known, operation.title)
    path = cast("Mapping[str, str]", request.path_params)
    if operation.takes_file:
        data = await _body(request, MOST_FILE_BYTES)
        return Asked(plane, plane.find(query.get(CLUSTER.name)), path, query, {}, data)
    body = _parsed(await _body(request, MOST_BODY_BYTES))
    if not operation.has_own_checks:
        body = check_fields(body, operation.body, operation.title)
    return Asked(plane, plane.find(query.get(CLUSTER.name)), path, query, body)


async def _body(request: Request, most: int) -> bytes:
    """What was sent, if it is not too much."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_PASSED_OVER:
            break
        if size <= most:
            parts.append(part)
    if size > most:
        raise Refused(413, f"a body has {most} bytes at most")
    return b"".join(parts)


async def _done(operation: Operation, asked: Asked) -> Mapping[str, Any] | bytes:
    """What it brings, in its turn if it is about a cluster: it has the state that it began with until its end."""
    if operation.has_own_turn or CLUSTER not in operation.query:
        return await operation.does(asked)
    async with asked.cluster.beside():
        return await operation.does(asked)


def _parsed(body: bytes) -> Mapping[str, Any]:
    if not body.strip():
        return {}
    try:
        parsed: object = json.loads(body, parse_constant=_no_constant, object_pairs_hook=_each_once)
        json.dumps(parsed, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is no JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise Refused(400, "the body is no JSON object")
    return cast("Mapping[str, Any]", parsed)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:100]!r} is there twice in one object")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"JSON has no {name}")


def _answer(status: int, content: Mapping[str, Any] | bytes, headers: Mapping[str, str] | None = None) -> Response:
    if isinstance(content, bytes):
        return Response(content, status, headers, LINES)
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return Response(text.encode(errors="backslashreplace") + b"\n", status, headers, "application/json")


async def _unrouted(request: Request, error: Exception) -> Response:
    """No operation has this path, or not with this method."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 405:
        methods = sorted({one.method for one in OPERATIONS if is_path_of(one, path.split("/")[1:])})
        headers = {"allow": ", ".join(methods)}
        return _answer(405, {"error": f"{path[:200]} has {', '.join(methods)}, not {request.method}"}, headers)
    hint = nearest(path[:200], sorted({one.path for one in OPERATIONS})) or "; see /v1/openapi.json"
    return _answer(error.status_code, {"error": f"there is no {path[:200]!r}{hint}"})


def is_path_of(operation: Operation, given: Sequence[str]) -> bool:
    """Whether these parts of a path are those of the operation."""
    wanted = operation.path.split("/")[1:]
    return len(wanted) == len(given) and all(
        one == other or one.startswith("{") for one, other in zip(wanted, given, strict=True)
    )


async def _failed(request: Request, error: Exception) -> Response:
    """A fault of ours: the log has it."""
    logger.error("an operation failed", path=request.url.path, exc_info=error)
    return _answer(500, {"error": f"{type(error).__name__}: {error}"})
