"""Large texts on their way out, piece by piece, with a word on how far they are."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.cli.progress import Ticker
from attnviz.digits import grouped
from attnviz.record.table import count_lines

if TYPE_CHECKING:
    from attnviz.record.record import AttentionRecord

MOST_PRINTED = 12_000_000  # numbers of JSON on standard output: what reads it is no file reader
ENDS = {".json": (b",", "numbers"), ".csv": (b"\n", "lines")}


def check_sizes(record: AttentionRecord, outputs: Sequence[Path], *, json: bool, csv: bool) -> None:
    """Refuse what would be too large for its kind, before anything is written."""
    suffixes = {path.suffix.lower() for path in outputs}
    if ".json" in suffixes:
        record.json_pieces()
    if csv or ".csv" in suffixes:
        record.csv_pieces()
    if json:
        record.json_pieces(MOST_PRINTED)


def counted(
    pieces: Iterable[bytes], record: AttentionRecord, suffix: str, name: str, quiet: bool
) -> Iterator[bytes]:
    """Hand on the pieces of one file, and say on a terminal how far it is where that takes long."""
    if suffix not in ENDS or quiet or not sys.stderr.isatty():
        yield from pieces
        return
    end, what = ENDS[suffix]
    total = record.n_numbers if suffix == ".json" else count_lines(record.stacks)
    done = 0
    with Ticker(quiet) as ticker:
        for piece in pieces:
            yield piece
            done += piece.count(end)
            if total:
                of_all = f"{grouped(min(done, total))} of {grouped(total)} {what}"
                ticker.tell(min(done, total), total, f"{name} · {of_all}")


def printed(record: AttentionRecord, quiet: bool) -> Iterator[str]:
    """Give the JSON of a record for standard output; a terminal shows that it comes."""
    pieces = map(str.encode, record.json_pieces(MOST_PRINTED))
    watched = quiet or sys.stdout.isatty()
    return map(bytes.decode, counted(pieces, record, ".json", "JSON", watched))
