"""`odradek check-log`: is everything in a data directory as it should be? Looks, tells, and changes nothing.

The rule: one line a finding, so that grep and people can read it; what the checks are is in storage/checking.
"""

import json
import os
import sys

import click

from ...storage.checking.directory import DirectoryCheck
from ...storage.checking.findings import Finding, Findings
from ...storage.directory import LOCK
from ...storage.files.read_only_files import ReadOnlyFiles, is_locked

FOUND, UNREADABLE = 1, 2


@click.command("check-log")
@click.argument("directory", metavar="DIR")
@click.option("--deep", is_flag=True, help="Open the batches too, and count their records.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object a line, the summary last.")
def check_log(directory: str, deep: bool, is_json: bool) -> None:
    """Check a data directory, that of several brokers, or one partition's directory: Odradek's or Apache Kafka's.

    Every batch is read (size, checksum, offsets, epoch), and the indexes, snapshots, checkpoints and ids are compared
    with the batches and with each other. Each finding says where it is, what is wrong and what the next start will make
    of it. Nothing is created, locked or changed. Of a directory that a broker is using the last batch may be in
    progress, and files may come and go: it is said that it is in use, and of which findings that may be all.

    Exits with 0 if nothing is wrong, with 1 if something is, with 2 if the directory cannot be read; of one in use with
    0 as well if nothing is found but what may be in progress.
    """
    check = DirectoryCheck(ReadOnlyFiles(), os.path.abspath(directory), is_deep=deep)
    try:
        is_in_use = any(is_locked(os.path.join(directory, name, LOCK)) for name in ("", "..", *check.nodes()))
        findings = check.run()
    except OSError as error:
        click.echo(f"odradek: {directory}: {error.strerror or error}", err=True)
        sys.exit(UNREADABLE)
    found = findings.finish()
    if is_in_use and not is_json:
        click.echo(f"{directory} is in use by a broker: what it is writing may look wrong")
    for finding in found:
        click.echo(json.dumps(_as_json(finding)) if is_json else _as_text(finding, is_in_use))
    summary = {**_summary(findings, len(found)), "isInUse": is_in_use}
    click.echo(json.dumps(summary) if is_json else _summary_text(findings, len(found)))
    sys.exit(FOUND if any(not (is_in_use and finding.is_explained) for finding in found) else 0)


def _as_text(finding: Finding, is_in_use: bool) -> str:
    where = finding.path
    if finding.position is not None:
        where += f", byte {finding.position}"
    if finding.offset is not None:
        where += f", offset {finding.offset}"
    reason = ""
    if finding.is_explained:
        reason = " (it may be in progress)" if is_in_use else " (an unclean stop may leave this)"
    return f"{where}: {finding.problem}; {finding.consequence}{reason}"


def _as_json(finding: Finding) -> dict[str, object]:
    return {
        "kind": "finding",
        "file": finding.path,
        "position": finding.position,
        "offset": finding.offset,
        "problem": finding.problem,
        "consequence": finding.consequence,
        "isExplainedByUncleanStop": finding.is_explained,
    }


def _summary(findings: Findings, count: int) -> dict[str, object]:
    return {
        "kind": "summary",
        "findings": count,
        "partitions": findings.partitions,
        "segments": findings.segments,
        "batches": findings.batches,
        "bytes": findings.size_bytes,
        "awaitingRemoval": findings.leftovers,
    }


def _summary_text(findings: Findings, count: int) -> str:
    checked = (
        f"checked {findings.partitions} partitions, {findings.segments} segments, {findings.batches} batches, "
        f"{findings.size_bytes} bytes: {count or 'no'} finding{'' if count == 1 else 's'}"
    )
    return checked + (f"; {findings.leftovers} deleted files and directories await removal" * bool(findings.leftovers))
