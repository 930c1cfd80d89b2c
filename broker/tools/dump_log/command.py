"""`odradek dump-log`: the command line of the dump, in the words of Apache Kafka's `kafka-dump-log`."""

import sys
from typing import TextIO

import click

from ....storage.files.read_only_files import ReadOnlyFiles
from .batches import DumpOptions
from .files import UnknownFile, dump_file
from .printing import JsonPrinter, Printer, TextPrinter
from .records import Decoder, metadata_fields, offsets_fields, plain_text, share_state_fields, transaction_fields

DAMAGED, UNREADABLE = 1, 2


@click.command("dump-log")
@click.argument("paths", metavar="FILE...", nargs=-1)
@click.option("--files", "listed", metavar="FILE,FILE", default="", help="More files, as Kafka's tool takes them.")
@click.option("--deep-iteration", is_flag=True, help="Open the batches and show their records' offsets and sizes.")
@click.option("--print-data-log", is_flag=True, help="Show keys and values too.")
@click.option("--skip-record-metadata", is_flag=True, help="With --print-data-log: keys and values alone.")
@click.option("--offsets-decoder", is_flag=True, help="The records are those of __consumer_offsets.")
@click.option("--transaction-log-decoder", is_flag=True, help="The records are those of __transaction_state.")
@click.option("--cluster-metadata-decoder", is_flag=True, help="The records are those of __cluster_metadata.")
@click.option("--share-group-state-decoder", is_flag=True, help="The records are those of __share_group_state.")
@click.option("--index-sanity-check", is_flag=True, help="Check indexes without showing their entries.")
@click.option("--verify-index-only", is_flag=True, help="The same.")
@click.option(
    "--max-message-size",
    type=click.IntRange(min=1),
    default=5 << 20,
    show_default=True,
    help="Larger batches are summed but not opened.",
)
@click.option("--max-bytes", type=click.IntRange(min=0), help="Stop after so many bytes of a file's batches.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object a line.")
def dump_log(
    paths: tuple[str, ...],
    listed: str,
    deep_iteration: bool,
    print_data_log: bool,
    skip_record_metadata: bool,
    offsets_decoder: bool,
    transaction_log_decoder: bool,
    cluster_metadata_decoder: bool,
    share_group_state_decoder: bool,
    index_sanity_check: bool,
    verify_index_only: bool,
    max_message_size: int,
    max_bytes: int | None,
    is_json: bool,
) -> None:
    """Show what is in the files of a data directory: Odradek's or Apache Kafka's.

    Takes .log, .index, .timeindex, .txnindex, .snapshot, metadata snapshots (.checkpoint), the offset checkpoints and
    the small files beside them. Nothing is changed; of a running broker the last batch may be in progress.

    Exits with 0, with 1 if anything is damaged (where, is in the output), with 2 if a file cannot be read.
    """
    names = [*paths, *(name for name in listed.split(",") if name)]
    decoders: dict[Decoder, bool] = {
        offsets_fields: offsets_decoder,
        transaction_fields: transaction_log_decoder,
        metadata_fields: cluster_metadata_decoder,
        share_state_fields: share_group_state_decoder,
    }
    chosen = [decoder for decoder, is_asked in decoders.items() if is_asked]
    if not names:
        raise click.UsageError("which FILE?")
    if len(chosen) > 1:
        raise click.UsageError("a log has the records of one kind: choose one decoder")
    options = DumpOptions(
        print_data_log=print_data_log or bool(chosen),
        deep_iteration=deep_iteration,
        skip_record_metadata=skip_record_metadata,
        index_sanity_check=index_sanity_check or verify_index_only,
        max_message_size=max_message_size,
        max_bytes=2**63 - 1 if max_bytes is None else max_bytes,
        decoder=chosen[0] if chosen else plain_text,
    )
    if (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
        reconfigure(errors="backslashreplace")  # a terminal that knows ASCII alone still gets its dump
    sys.exit(_dump_all(names, sys.stdout, options, is_json=is_json))


def _dump_all(names: list[str], out: TextIO, options: DumpOptions, *, is_json: bool) -> int:
    printer: Printer = JsonPrinter(out) if is_json else TextPrinter(out)
    is_unreadable = False
    for name in names:
        try:
            dump_file(ReadOnlyFiles(), name, printer, options)
        except UnknownFile:
            is_unreadable = True
            click.echo(f"odradek: {name}: no file of a data directory has such a name", err=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            is_unreadable = True
            click.echo(f"odradek: {name}: {error.strerror or error}", err=True)
    return UNREADABLE if is_unreadable else DAMAGED if printer.damages else 0
