"""The first words on a connection, frames that cannot be read, and what closes the connection."""

import struct

from odradek.protocol.header import RequestHeader, encode_request_header
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from ..wire_session import Dialogue, scenario

OURS = (0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 17, 18, 19, 20, 22, 23, 32, 60)


def header(key: int, version: int, *, flexible: bool = False) -> bytes:
    return bytes(encode_request_header(RequestHeader(key, version, 1, "wire"), 0 if flexible else 32767))


@scenario
def api_versions_of_every_version_lists_the_same_ranges(d: Dialogue) -> None:
    for version in range(5):
        request = ApiVersionsRequest(client_software_name="wire", client_software_version="1.0")
        answer = d.wire.ask(request, version, ApiVersionsResponse)
        d.note(f"error v{version}", answer.error_code)
        ranges = {one.api_key: [one.min_version, one.max_version] for one in answer.api_keys}
        d.note(f"ranges v{version}", [[key, *ranges.get(key, [])] for key in OURS])


@scenario
def api_versions_of_an_unknown_version_answers_in_version_0(d: Dialogue) -> None:
    for version, flexible in ((5, True), (99, True), (-1, False)):
        wire = d.connect("wire")
        wire.send_frame(header(18, version, flexible=flexible) + b"whatever")
        frame = wire.receive_frame()
        d.note(f"answer to v{version}", frame[4:])
        wire.send(MetadataRequest(topics=[]), 1)
        d.note(f"still answers after v{version}", len(wire.receive_frame()) > 8)


@scenario
def api_versions_judges_the_name_of_the_software(d: Dialogue) -> None:
    for name, version in (
        ("a.b-c", "1.0-x"), ("", "1"), ("a", ""), ("a b", "1"), ("-a", "1"), ("a-", "1"), ("a_b", "1"),
        ("ä", "1"), ("a" * 300, "1"), ("a", "1 0"), ("9", "9"),
    ):  # fmt: skip
        for api_version in (3, 4):
            request = ApiVersionsRequest(client_software_name=name, client_software_version=version)
            answer = d.wire.ask(request, api_version, ApiVersionsResponse)
            d.note(f"{name[:9]!r} {version!r} v{api_version}", [answer.error_code, len(answer.api_keys) > 0])


@scenario
def frames_that_cannot_be_read_close_the_connection(d: Dialogue) -> None:
    metadata = MetadataRequest(topics=[MetadataRequestTopic(name="x")])
    whole = d.connect("wire").frame_of(metadata, 1)
    for label, frame in {
        "an empty frame": b"",
        "one byte": b"\0",
        "a header cut off": whole[:9],
        "a client id cut off": whole[:12],
        "a body cut off": whole[:-1],
        "no body": header(3, 1),
        "an unknown key": header(999, 0),
        "a negative key": header(-1, 0),
        "a removed key": header(4, 0),
        "a key of brokers": header(52, 0, flexible=True),
        "a version too high": header(3, 99, flexible=True),
        "a version too low": header(3, -1),
        "Produce v2": header(0, 2),
        "Fetch v3": header(1, 3),
        "InitProducerId v6": header(22, 6, flexible=True),
        "a huge count": header(3, 1) + struct.pack(">i", 2147483647),
        "a count of -2": header(3, 1) + struct.pack(">i", -2),
        "a null name": header(3, 1) + struct.pack(">ih", 1, -1),
        "bytes that are no UTF-8": header(3, 1) + struct.pack(">ih", 1, 2) + b"\xff\xfe",
        "a null array in v0": header(3, 0) + struct.pack(">i", -1),
        "a varint of six bytes": header(3, 9, flexible=True) + b"\xff\xff\xff\xff\xff\x01",
        "a null software name": header(18, 3, flexible=True) + b"\0\0\0",
        "ApiVersions v5 with no tags": header(18, 5),
    }.items():  # fmt: skip
        d.ask_raw(f"{label} closes", frame)


@scenario
def lengths_that_no_frame_has_close_the_connection(d: Dialogue) -> None:
    for label, data in {
        "-1": struct.pack(">i", -1),
        "the smallest": struct.pack(">i", -2147483648),
        "one over the limit": struct.pack(">i", 104857601),
        "the largest": struct.pack(">i", 2147483647),
        "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    }.items():
        wire = d.connect("wire")
        wire.send_raw(data)
        d.note(f"{label} closes", wire.is_closed_by_peer(2.0))


@scenario
def bytes_after_the_body_are_ignored(d: Dialogue) -> None:
    wire = d.connect("wire")
    wire.send_frame(wire.frame_of(MetadataRequest(topics=[]), 1) + b"more")
    d.note("answered", wire.receive_frame()[:4])


@scenario
def answers_keep_the_order_of_the_requests(d: Dialogue) -> None:
    wire = d.connect("wire")
    frames = [wire.frame_of(MetadataRequest(topics=[]), version) for version in (1, 5, 9, 12)]
    wire.send_raw(b"".join(struct.pack(">i", len(frame)) + frame for frame in frames))
    d.note("correlation ids", [wire.receive_frame()[:4] for _ in frames])


@scenario
def unknown_tags_are_skipped(d: Dialogue) -> None:
    wire = d.connect("wire")
    odd_header = header(3, 9, flexible=True)[:-1] + b"\x02\x05\x03abc\x63\x00"
    wire.send_frame(odd_header + b"\x01\x00\x00\x00" + b"\x01\x70\x02hi")
    d.note("answered", wire.receive_frame()[:4])


@scenario
def sasl_is_refused_where_the_listener_has_none(d: Dialogue) -> None:
    for version in (0, 1):
        request = SaslHandshakeRequest(mechanism="PLAIN")
        d.ask(f"v{version}", request, version, SaslHandshakeResponse, d.connect("wire"))
