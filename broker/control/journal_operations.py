"""The journal over HTTP: what a cluster saw, and why it did what it did."""

from collections.abc import Callable, Mapping
from typing import Any

from ...protocol.errors import ErrorCode, KafkaError
from ..journal.entries import Decision, JournalEntry
from ..journal.explain import Explainer
from ..journal.watching import JournalWatch
from .operation import CLUSTER, Asked, Field, Operation, Refused

MOST_ENTRIES = 1000
# It is there, and cannot be read now.
RETRIABLE = (
    *(ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.BROKER_NOT_AVAILABLE),
    *(ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS),
)
KINDS = ("group", "transaction", "partition", "client")

ENTRY = (
    Field("number", "integer", "In the order of the journal."),
    Field("kind", "string", "request or decision.", choices=("request", "decision")),
    Field("at_ms", "integer", "When, by the cluster's clock."),
    Field("text", "string", "All of it in one line."),
    Field("api", "string", "Of a request."),
    Field("broker", "integer", "The broker that it came to, or that decided it, where there are several."),
    Field("version", "integer", "Of a request."),
    Field("client_id", "string", "Of a request."),
    Field("principal", "string", "Of a request: who the client is, User:ANONYMOUS where nobody logs in."),
    Field("connection", "string", "Of a request: the client's end of it."),
    Field("request", "object", "Its fields by Kafka's names; records are summarised."),
    Field("answer", "object", "Likewise, once it has one.", is_nullable=True),
    Field("errors", "array", "All errors of the answer, by name."),
    Field("outcome", "string", "What there was in place of an answer, or became of it."),
    Field("took_ms", "number", "Until it was answered, by the cluster's clock.", is_nullable=True),
    Field(
        "subject", "string", "Of a decision: group, transaction, partition, topic, broker, link, snapshot or cluster."
    ),
    Field("name", "string", "Of a decision: which one."),
    Field("what", "string", "Of a decision: what was decided, and why."),
    Field("cause", "integer", "Of a decision: the number of the request behind it, 0 for a timer."),
)


async def list_entries(asked: Asked) -> Mapping[str, Any]:
    journal, query = _watch(asked).journal, asked.query
    wanted = {name: query[name] for name in ("api", "client_id", "topic", "group") if name in query}
    try:
        found = journal.requests(**wanted) if wanted else journal.entries()
    except ValueError as error:
        raise Refused(400, str(error)) from error
    after, most = query.get("after", 0), query.get("most", MOST_ENTRIES)
    return {"entries": [_shown(one) for one in [one for one in found if one.number > after][-most:]]}


async def explain(asked: Asked) -> Mapping[str, Any]:
    explainer = Explainer(_watch(asked).journal, asked.cluster.contexts)
    kind, name = asked.path["kind"], asked.path["name"]
    told: Mapping[str, Callable[[], str]] = {
        "group": lambda: explainer.group(name),
        "transaction": lambda: explainer.transaction(name),
        "partition": lambda: explainer.partition(name, asked.query.get("partition", 0)),
        "client": lambda: explainer.client(name),
    }
    if kind not in told:
        raise Refused(404, f"there is nothing to explain of a {kind!r}; there is of: {', '.join(KINDS)}")
    try:
        return {"text": told[kind]()}
    except KafkaError as error:
        if error.code in RETRIABLE:
            raise
        raise Refused(404, error.message or error.code.name) from error
    except ValueError as error:
        raise Refused(404, str(error)) from error


def _watch(asked: Asked) -> JournalWatch:
    if asked.cluster.watch is None:
        raise Refused(409, "this cluster keeps no journal")
    return asked.cluster.watch


def _shown(one: JournalEntry) -> Mapping[str, Any]:
    shown: dict[str, Any] = {"number": one.number, "at_ms": one.at_ms, "text": one.text}
    shown |= {} if one.broker is None else {"broker": one.broker}
    if isinstance(one, Decision):
        return {
            "kind": "decision",
            **shown,
            "subject": one.subject,
            "name": one.name,
            "what": one.what,
            "cause": one.cause,
        }
    return {
        "kind": "request",
        **shown,
        "api": one.api,
        "version": one.version,
        "client_id": one.client_id,
        "principal": one.principal,
        "connection": one.connection,
        "request": one.request,
        "answer": one.answer,
        "errors": one.errors,
        "outcome": one.outcome,
        "took_ms": one.took_ms,
    }


OPERATIONS = (
    Operation(
        "GET",
        "/v1/journal",
        "getJournal",
        "What the cluster saw and decided, the newest last; with an API, a client, a topic or a group, requests alone.",
        list_entries,
        query=(
            CLUSTER,
            Field("api", "string", "Requests of this API only."),
            Field("client_id", "string", "Requests of this client only."),
            Field("topic", "string", "Requests that name this topic only."),
            Field("group", "string", "Requests that name this group only."),
            Field("after", "integer", "Entries behind this number only.", least=0),
            Field("most", "integer", "So many of the newest at most.", least=1, most=MOST_ENTRIES),
        ),
        answer=(Field("entries", "array", "One after the other.", items=ENTRY),),
    ),
    Operation(
        "GET",
        "/v1/explain/{kind}/{name}",
        "explain",
        "How a group, a transaction, a partition or a client stands, and what became of it, as a person reads it.",
        explain,
        query=(CLUSTER, Field("partition", "integer", "Of the topic that is named; 0 if not given.", least=0)),
        answer=(Field("text", "string", "Some lines, the newest last."),),
        path_fields={
            "kind": "group, transaction, partition or client.",
            "name": "The group, the transactional id, the topic, or the client id.",
        },
    ),
)
