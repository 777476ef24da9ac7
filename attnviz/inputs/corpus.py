"""Many texts, one after another: lines of a text file, or a column of a table.

Nothing is read whole: a corpus of any size takes the memory of its longest text.
"""

from __future__ import annotations

import csv
import glob
import itertools
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from attnviz.digits import grouped
from attnviz.errors import AttnvizError, not_found

LONGEST = 1 << 20  # characters of one text; a longer line is no text of a corpus
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
MEDIA = {
    "image": (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"),
    "audio": (".wav", ".flac", ".mp3", ".ogg"),
}
FOLDER = "folder"  # groups pictures and sounds by the folder that they are in
USUAL_COLUMNS = ("text", "sentence", "content", "review", "prompt")


Tell = Callable[[], int]  # how many bytes of a file were read


@dataclass(frozen=True)
class Entry:
    """One text of a corpus, and where it stands.

    number: its place among all texts that were read, from 0. place: "reviews.csv:12", for people.
    pair: a second text, for encoders that take two. group: what it is compared by. media: "image"
    or "audio", where the text is the path of one.
    """

    number: int
    place: str
    text: str
    pair: str | None = None
    group: str | None = None
    media: str = ""


@dataclass(frozen=True)
class Columns:
    """The columns of a table that are read; None: `text`, or the only one."""

    text: str | None = None
    pair: str | None = None
    group: str | None = None


@dataclass
class Corpus:
    """The texts of files, in their order. `n_empty` counts the empty ones that were left out.

    files: paths or patterns (`data/*.txt`); "-" is standard input, one text a line.
    limit: the first so many. sample: so many drawn with `seed` from all of them, in their order.
    """

    files: Sequence[str]
    columns: Columns = Columns()
    limit: int | None = None
    sample: int | None = None
    seed: int = 0
    n_empty: int = field(default=0, init=False)
    _before: tuple[int, int] = field(default=(0, 0), init=False, repr=False)  # bytes, of all
    _tell: Tell | None = field(default=None, init=False, repr=False)  # of the open file
    _given: tuple[int, int] = field(default=(0, 0), init=False, repr=False)  # texts, of at most

    def __iter__(self) -> Iterator[Entry]:
        """Yield every text; AttnvizError for a file that cannot be read or has no such column."""
        self.n_empty = 0
        self._before = self._given = (0, 0)
        self._tell = None
        entries: Iterator[Entry] = itertools.islice(self._all(), self.limit)
        most = self.limit or 0
        if self.sample is not None:
            drawn = _drawn(entries, self.sample, self.seed)
            entries, most = iter(drawn), len(drawn)
        for given, entry in enumerate(entries, 1):
            self._given = (given, most)
            yield entry
        self._tell = None  # the file is closed with what read it

    @property
    def share(self) -> float | None:
        """How much was read so far, 0 to 1: of the bytes of all files, or of the texts that were
        asked for; None where nobody knows, as of standard input."""
        given, most = self._given
        before, size = self._before
        shares = []
        if size and self.sample is None:
            shares.append((before + (self._tell() if self._tell else 0)) / size)
        return max([*shares, given / most] if most else shares, default=None)

    def _all(self) -> Iterator[Entry]:
        number = 0
        for file in self._sized([*_paths(self.files)]):
            media = _media(file)
            if media:
                yield Entry(number, file, file, group=self._group(file), media=media)
                number += 1
                continue
            for line, (text, pair, group) in _rows(file, self.columns, self._opened):
                if not text.strip():
                    self.n_empty += 1
                    continue
                yield Entry(number, f"{file}:{line}", text, pair, group)
                number += 1

    def _sized(self, files: Sequence[str]) -> Iterator[str]:
        """Each file, after it is noted how many bytes lie before it."""
        sizes = [_size(file) for file in files]
        known = sum(sizes) if all(Path(file).is_file() for file in files) else 0  # pipes have none
        for file, start in zip(files, itertools.accumulate([0, *sizes]), strict=False):
            self._before, self._tell = (start, known), None
            yield file
        self._before, self._tell = (known, known), None

    def _opened(self, tell: Tell) -> None:
        self._tell = tell

    def _group(self, file: str) -> str | None:
        """Pictures and sounds are compared by their folders."""
        return Path(file).parent.name if self.columns.group == FOLDER else None


def _media(file: str) -> str:
    suffix = Path(file).suffix.lower()
    return next((kind for kind, suffixes in MEDIA.items() if suffix in suffixes), "")


def _drawn(entries: Iterable[Entry], n: int, seed: int) -> list[Entry]:
    """`n` entries, each as likely as any other (reservoir sampling, Vitter 1985, algorithm R)."""
    drawn: list[Entry] = []
    dice = random.Random(seed)
    for count, entry in enumerate(entries, 1):
        if len(drawn) < n:
            drawn.append(entry)
        elif (place := dice.randrange(count)) < n:
            drawn[place] = entry
    return sorted(drawn, key=lambda entry: entry.number)


def _size(file: str) -> int:
    try:
        return Path(file).stat().st_size
    except OSError:
        return 0


def _paths(files: Sequence[str]) -> Iterator[str]:
    for file in files:
        if file == "-" or Path(file).is_file():
            yield file
        elif Path(file).is_dir():
            yield from _in_folder(Path(file))
        elif found := sorted(glob.glob(file)):
            yield from found
        else:
            raise not_found(file)


def _in_folder(folder: Path) -> Iterator[str]:
    """The pictures, or the sounds, of a folder and those in it, by name."""
    found = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    media = [path for path in found if _media(path)]
    if not media:
        raise AttnvizError(
            f"The folder {folder} holds no pictures and no sounds.",
            f"Name files of texts, or a folder with {', '.join(MEDIA['image'])}.",
            key="err.folder_holds",
            place=folder,
            names=", ".join(MEDIA["image"]),
        )
    yield from media


Row = tuple[int, tuple[str, str | None, str | None]]  # line number; text, pair, group


def _rows(file: str, columns: Columns, tell: Callable[[Tell], object]) -> Iterator[Row]:
    suffix = Path(file).suffix.lower()
    if file == "-":
        yield from _lines(_standard_input(), "standard input", columns)
    elif suffix == ".parquet":
        yield from _parquet(file, columns, tell)
    else:
        reader = {".csv": _csv, ".tsv": _csv, ".jsonl": _json_lines}.get(suffix, _lines)
        try:
            with open(file, "rb") as opened:
                tell(opened.tell)
                yield from reader(opened, file, columns)
        except OSError as error:
            raise AttnvizError(
                f"Cannot read {file}: {error.strerror}.",
                key="err.cannot_read",
                place=file,
                reason=error.strerror,
            ) from error


def _standard_input() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.isatty():
        raise AttnvizError(
            "There is nothing on standard input.",
            "Pipe one text a line into it.",
            key="err.nothing_on_standard",
        )
    return sys.stdin.buffer


def _decoded_lines(stream: IO[bytes], file: str) -> Iterator[str]:
    """Lines as text, one at a time; AttnvizError names the line that is not UTF-8 or too long."""
    for number in itertools.count(1):
        line = stream.readline(4 * LONGEST)
        if not line:
            return
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise AttnvizError(
                f"{file}, line {number}, is not a text in UTF-8 "
                f"(byte {error.start} is 0x{line[error.start]:02X}).",
                "Convert the file to UTF-8.",
                key="err.line_not",
                place=file,
                number=number,
                start=error.start,
                line=f"{line[error.start]:02X}",
            ) from error
        if "\0" in text:
            raise AttnvizError(
                f"{file}, line {number}, holds NUL characters.",
                "It is not a text, or one in UTF-16: convert it to UTF-8.",
                key="err.line_holds",
                place=file,
                number=number,
            )
        if len(text) > LONGEST:
            raise AttnvizError(
                f"{file}, line {number}, has more than {grouped(LONGEST)} characters.",
                "Give one text a line.",
                key="err.line_more",
                place=file,
                number=number,
                longest=LONGEST,
            )
        yield text


def _lines(stream: IO[bytes], file: str, columns: Columns) -> Iterator[Row]:
    if columns != Columns():
        raise AttnvizError(
            f"{file} has no columns: each of its lines is one text.",
            f"Give a table ({', '.join(TABLES)}), or no column.",
            key="err.no_columns",
            place=file,
            names=", ".join(TABLES),
        )
    for number, line in enumerate(_decoded_lines(stream, file), 1):
        yield number, (line.rstrip("\r\n"), None, None)


def _csv(stream: IO[bytes], file: str, columns: Columns) -> Iterator[Row]:
    delimiter = "\t" if file.lower().endswith(".tsv") else ","
    csv.field_size_limit(LONGEST)
    rows = csv.reader(_decoded_lines(stream, file), delimiter=delimiter)
    try:
        names = next(rows, [])
        places = _places(names, columns, file)
        for row in rows:
            if row:
                yield rows.line_num, _chosen(row, places)
    except csv.Error as error:
        raise AttnvizError(
            f"{file}, line {rows.line_num}, cannot be read: {error}.",
            "Mend the table.",
            key="err.line_cannot",
            place=file,
            line_num=rows.line_num,
            reason=error,
        ) from error


def _json_lines(stream: IO[bytes], file: str, columns: Columns) -> Iterator[Row]:
    for number, line in enumerate(_decoded_lines(stream, file), 1):
        if not line.strip():
            yield number, ("", None, None)
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise AttnvizError(
                f"{file}, line {number}, is not JSON: {str(error)[:80]}.",
                "Write one object a line.",
                key="err.line_not_json",
                place=file,
                number=number,
                reason=str(error)[:80],
            ) from error
        if isinstance(row, str) and columns == Columns():
            yield number, (row, None, None)
        elif isinstance(row, dict):
            places = _places([*row], columns, file)
            yield number, _chosen([*row.values()], places)
        else:
            raise AttnvizError(
                f"{file}, line {number}, is neither an object nor a text.",
                'Write one object a line, such as {"text": "…"}.',
                key="err.line_neither",
                place=file,
                number=number,
            )


def _parquet(file: str, columns: Columns, tell: Callable[[Tell], object]) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet  # the extra `attnviz[parquet]`
    except ImportError as error:
        raise AttnvizError(
            f"Reading {file} takes pyarrow, which is not installed.",
            "Run: pip install 'attnviz[parquet]'.",
            key="err.reading_takes",
            place=file,
        ) from error
    try:
        table = parquet.ParquetFile(file)
        places = _places(table.schema_arrow.names, columns, file)
        wanted = [name for name, _ in places if name is not None]
        number, size, n_rows = 0, _size(file), max(table.metadata.num_rows, 1)
        tell(lambda: size * number // n_rows)
        for batch in table.iter_batches(batch_size=256, columns=[*dict.fromkeys(wanted)]):
            for row in batch.to_pylist():
                number += 1
                values = [None if name is None else row[name] for name, _ in places]
                yield number, _chosen(values, [(name, i) for i, (name, _) in enumerate(places)])
    except (ArrowException, OSError, ValueError) as error:
        raise AttnvizError(
            f"{file} cannot be read as Parquet: {str(error).splitlines()[0][:120]}.",
            "Write it again.",
            key="err.cannot_read_parquet",
            place=file,
            value=str(error).splitlines()[0][:120],
        ) from error


Places = list[tuple[str | None, int]]  # a column's name and place, for text, pair and group


def _places(names: Sequence[str], columns: Columns, file: str) -> Places:
    """Where the chosen columns stand; AttnvizError names those there are."""
    text = columns.text or next((name for name in USUAL_COLUMNS if name in names), None)
    if text is None and len(names) == 1:
        text = names[0]
    if text is None:
        raise AttnvizError(
            f"{file} has several columns and none is called text.",
            f"Choose one with column: {', '.join(names)[:300] or 'it has none'}.",
            key="err.several_columns",
            place=file,
            names=", ".join(names)[:300] or "it has none",
        )
    for name in (text, columns.pair, columns.group):
        if name is not None and name not in names:
            raise AttnvizError(
                f'{file} has no column "{name}".',
                f"It has: {', '.join(names)[:300] or 'none'}.",
                key="err.no_column",
                place=file,
                name=name,
                names=", ".join(names)[:300] or "none",
            )
    return [(name, -1 if name is None else names.index(name)) for name in
            (text, columns.pair, columns.group)]  # fmt: skip


def _chosen(row: Sequence[Any], places: Places) -> tuple[str, str | None, str | None]:
    """Text, pair and group of a row; a cell that is missing or null is an empty text."""
    cells = [
        None if name is None else _cell(row[place] if place < len(row) else None)
        for name, place in places
    ]
    return cells[0] or "", cells[1], cells[2]


def _cell(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def from_texts(texts: Iterable[str | tuple[str, str]]) -> Iterator[Entry]:
    """Yield the entries of texts that a program has at hand, or of pairs of them; AttnvizError for
    anything else."""
    for number, item in enumerate(texts):
        text, pair = item if isinstance(item, tuple) and len(item) == 2 else (item, None)
        if not isinstance(text, str) or not isinstance(pair, str | None):
            raise AttnvizError(
                f"Text {number} is not a text.",
                "Give texts, or pairs of two texts each.",
                key="err.text_not",
                number=number,
            )
        yield Entry(number, str(number), text, pair)
