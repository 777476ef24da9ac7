"""Every head of a model over many texts, in chunks that are kept as they end.

A chunk's sums do not depend on who worked on it, and chunks are merged in their order: the same
texts give the same bytes on any number of workers, and after any number of interruptions.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

from attnviz._version import __version__
from attnviz.analysis.survey import Failed, Part, Survey, text_values
from attnviz.analysis.survey_file import part_of, part_tree, save_survey
from attnviz.errors import AttnvizError, known_arguments
from attnviz.files.arrays import NOT_READABLE
from attnviz.files.table import table_text
from attnviz.files.write import written_whole
from attnviz.frozen import dataclass
from attnviz.inputs.corpus import Corpus, Entry, from_texts
from attnviz.models import load_model
from attnviz.models.model import Model
from attnviz.record.record import AttentionRecord
from attnviz.record.saved import read_tree, to_npz
from attnviz.threads import alone
from attnviz.tracing.engines import LostWorkersError, run_here, run_in_processes, run_on_dask
from attnviz.tracing.of_heads import trace_heads
from attnviz.tracing.plan import Options
from attnviz.tracing.trace import trace_all, with_pair

CHUNK = 16  # texts, whatever the number of workers
RESULT, MANIFEST, FAILED = "survey.npz", "survey.json", "failed.csv"

Progress = Callable[[int, int], object]  # told texts done and tokens done
SoFar = Callable[[Part], object]  # told the sums of what was measured so far


@dataclass(frozen=True)
class Task:
    """What is done to every text: the model by name, and what `trace` is asked with."""

    model: str
    options: tuple[tuple[str, Any], ...] = ()
    stack: str | None = None
    strict: bool = False
    effect: bool = False


@dataclass(frozen=True)
class ChunkResult:
    """What a chunk of texts leaves behind."""

    part: Part | None  # None where every text failed
    failed: tuple[Failed, ...]
    digest: str  # of the texts that went in


@known_arguments(*Options.__annotations__)
def survey(
    texts: Iterable[str | tuple[str, str]] | Corpus,
    *,
    model: str | Path | Model = "builtin",
    workers: int = 1,
    scheduler: str | None = None,
    folder: str | Path | None = None,
    stack: str | None = None,
    strict: bool = False,
    effect: bool = False,
    progress: Progress | None = None,
    so_far: SoFar | None = None,
    **options: Any,
) -> Survey:
    """Measure every head of a model over many texts, and keep no weights.

    texts: texts, pairs of two, or a `Corpus` of files. model and options: as in `trace`.
    workers: processes of this machine; 1 works in this one, with a thread for each processor.
    scheduler: the address of a Dask cluster, in place of processes. folder: where chunks are kept
    as they end; the same call with the same folder goes on where the last one stopped. stack: of an
    encoder-decoder, the one to look at. strict: raise the error of the first text that cannot be
    run, which is counted in `Survey.failed` otherwise. effect: measure also what changes in the
    answer without each head (`effects`), which takes far longer. progress: told how many texts and
    tokens are done, and so_far: the sums of them, as each chunk ends.

    Raises AttnvizError where there is no text, or what is given does not fit together.
    """
    if workers < 1:
        raise AttnvizError(
            f"workers is {workers}.", "It must be 1 or more.", key="err.workers", workers=workers
        )
    here = workers == 1 and scheduler is None
    if not here and not isinstance(model, str | Path):
        raise AttnvizError(
            "Workers open the model themselves.",
            "Give its name or its folder.",
            key="err.workers_open",
        )
    opened = _model(str(model)) if isinstance(model, str | Path) else model
    name = str(model) if isinstance(opened, str) or isinstance(model, str | Path) else opened.name
    task = Task(name, tuple(sorted(options.items())), stack, strict, effect)
    corpus = texts if isinstance(texts, Corpus) else None
    entries = iter(corpus) if corpus is not None else from_texts(texts)  # type: ignore[arg-type]
    first = list(itertools.islice(entries, 1))  # what cannot be read leaves no folder behind
    store = Store(Path(folder), _manifest(task, corpus)) if first and folder is not None else None
    work = partial(measure_chunk, task, opened if here else None)
    results = _results(work, _chunks(itertools.chain(first, entries)), workers, scheduler, store)
    try:
        whole, failed = _merged(results, progress, so_far)
    except LostWorkersError as error:
        raise _lost(error, store) from error
    n_empty = corpus.n_empty if corpus is not None else 0
    settings = {"stack": stack, "effect": effect, **dict(task.options)}
    details = {} if isinstance(opened, str) else dict(opened.details)
    shown = name if isinstance(opened, str) else opened.name
    found = Survey(shown, details, settings, whole, failed, n_empty)
    if store is not None:
        store.finish(found)
    return found


@cache
def _model(name: str) -> str | Model:
    """A checkpoint, opened once in a process; built-in heads are made anew for each text, because
    their number and kind are options of it."""
    return name if name in ("builtin", "random") else load_model(name)


def _chunks(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while chunk := list(itertools.islice(entries, CHUNK)):
        yield chunk


def measure_chunk(task: Task, model: str | Model | None, entries: Sequence[Entry]) -> ChunkResult:
    """Measure the texts of one chunk in this thread alone, so that the digits are the same on every
    machine; what cannot be run is named and left out."""
    opened = _model(task.model) if model is None else model
    part: Part | None = None
    failed: list[Failed] = []
    left = iter(entries)
    with alone():
        for records in _records(task, opened, entries):
            part = _with(task, part, failed, [(next(left), each) for each in records])
            del records  # nothing is kept of them while the next ones run
    return ChunkResult(part, tuple(failed), digest(entries))


def _with(
    task: Task, part: Part | None, failed: list[Failed],
    found: Sequence[tuple[Entry, AttentionRecord | AttnvizError]],
) -> Part | None:  # fmt: skip
    """The sums of texts with those that ran together; what could not be run joins `failed`."""
    values, n_cut = [], 0
    for entry, record in found:
        if isinstance(record, AttnvizError):
            if task.strict:
                raise _in_place(entry, record) from record
            failed.append(Failed(entry.number, entry.place, str(record)))
            continue
        values.append(text_values(record.stack, entry.number, entry.place, entry.group))
        n_cut += record.settings.truncated is not None
    if not values:
        return part
    part = Part(values[0].kinds.shape, values[0].numbers) if part is None else part
    part.add(values)
    part.n_cut += n_cut
    return part


def _in_place(entry: Entry, error: AttnvizError) -> AttnvizError:
    """Name the text that an error is of."""
    return AttnvizError(
        f"{entry.place}: {error.message}", error.hint,
        key="err.in_file", place=entry.place, reason=error,
    )  # fmt: skip


def _records(
    task: Task, model: str | Model, entries: Sequence[Entry]
) -> Iterator[list[AttentionRecord | AttnvizError]]:
    """The texts' records, or their errors, in order, those that run together in one list; only
    these are kept at a time."""
    asked = [(_text(entry), _options(task, model, entry)) for entry in entries]
    if task.effect:
        return ([_with_effect(text, given, task)] for text, given in asked)
    return trace_all(asked, max_memory=1 << 40, stack=task.stack)


def _with_effect(text: str | None, options: Options, task: Task) -> AttentionRecord | AttnvizError:
    """One text's record with what changes without each head, or its error."""
    try:
        return trace_heads(text, stack=task.stack, effect=True, max_memory=1 << 40, **options)
    except AttnvizError as error:
        return error


def _options(task: Task, model: str | Model, entry: Entry) -> Options:
    """What one text is traced with."""
    options: Any = {**dict(task.options), "model": model}
    if entry.media:
        options[entry.media] = entry.text
    return options if entry.pair is None else with_pair(options, entry.pair)


def _text(entry: Entry) -> str | None:
    return None if entry.media else entry.text


def digest(entries: Sequence[Entry]) -> str:
    """Return a short name for exactly these texts."""
    text = json.dumps([asdict(entry) for entry in entries])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _results(
    work: Callable[[list[Entry]], ChunkResult],
    chunks: Iterator[list[Entry]],
    workers: int,
    scheduler: str | None,
    store: Store | None,
) -> Iterator[ChunkResult]:
    """The chunks' results in order: those that were kept, then the others as they end."""
    number = 0
    if store is not None:
        kept, chunks = store.kept(chunks)
        for number, result in enumerate(kept, 1):  # noqa: B007 how many came before
            yield result
    if scheduler is not None:
        results = run_on_dask(work, chunks, scheduler)
    elif workers > 1:
        results = run_in_processes(work, chunks, workers)
    else:
        results = run_here(work, chunks)
    for place, result in enumerate(results, number):
        if store is not None:
            store.keep(place, result)
        yield result


def _merged(
    results: Iterator[ChunkResult], progress: Progress | None, so_far: SoFar | None
) -> tuple[Part, tuple[Failed, ...]]:
    whole: Part | None = None
    failed: list[Failed] = []
    for result in results:
        failed += result.failed
        if result.part is not None and whole is None:
            whole = Part(result.part.shape, result.part.numbers)
        if result.part is not None and whole is not None:
            whole.merge(result.part)
        if so_far is not None and whole is not None:
            so_far(whole)
        if progress is not None:
            done = 0 if whole is None else whole.n
            progress(done + len(failed), 0 if whole is None else whole.n_tokens)
    if whole is None:
        raise _nothing_measured(failed)
    return whole, tuple(failed)


def _lost(error: LostWorkersError, store: Store | None) -> AttnvizError:
    """Say what is kept of a survey whose workers died."""
    if store is None:
        return AttnvizError(
            error.message,
            "Nothing is kept without a `folder`: give one, and the same command goes on in it.",
            key=f"{error.key}_lost",
        )
    return AttnvizError(
        error.message,
        f"Start the same command again: {store.n_kept} finished chunks are kept in {store.folder}.",
        key=f"{error.key}_kept", n_chunks=store.n_kept, folder=str(store.folder),
    )  # fmt: skip


def _nothing_measured(failed: Sequence[Failed]) -> AttnvizError:
    if not failed:
        return AttnvizError(
            "There is no text to survey.",
            "Give at least one line that is not empty.",
            key="err.no_text_survey",
        )
    return AttnvizError(
        f"None of {len(failed)} texts could be run; {failed[0].place}: {failed[0].reason}",
        key="err.none_could",
        n_texts=len(failed),
        place=failed[0].place,
        reason=failed[0].reason,
    )


def _manifest(task: Task, corpus: Corpus | None) -> dict[str, Any]:
    """What has to be the same for kept chunks to be used again."""
    told = None
    if corpus is not None:
        told = {
            "files": list(corpus.files), "columns": asdict(corpus.columns), "limit": corpus.limit,
            "sample": corpus.sample, "seed": corpus.seed,
        }  # fmt: skip
    return {
        "attnviz": __version__, "model": task.model, "stack": task.stack, "chunk": CHUNK,
        "effect": task.effect,
        "options": {name: str(value) for name, value in task.options}, "corpus": told,
    }  # fmt: skip


class Store:
    """The folder of a survey: its chunks as they end, and in the end the survey itself."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]):
        """Open a folder, or make it. Raises AttnvizError where it holds another survey."""
        self.folder = folder
        text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
        place = folder / MANIFEST
        try:
            folder.mkdir(parents=True, exist_ok=True)
            before = place.read_text(encoding="utf-8") if place.is_file() else None
        except OSError as error:
            raise AttnvizError(
                f"Cannot use the folder {folder}: {error.strerror}.",
                key="err.cannot_use",
                place=folder,
                reason=error.strerror,
            ) from error
        if before is not None and before != text:
            raise AttnvizError(
                f"{folder} holds another survey: other texts, another model or other options.",
                "Name another folder, or delete this one.",
                key="err.holds_another",
                place=folder,
            )
        if before is None:
            with written_whole(place) as file:
                file.write(text.encode())

    def _place(self, number: int) -> Path:
        return self.folder / f"chunk-{number:06d}.npz"

    @property
    def n_kept(self) -> int:
        """How many chunks are kept, from the first on without a gap."""
        return next(i for i in itertools.count() if not self._place(i).is_file())

    def keep(self, number: int, result: ChunkResult) -> None:
        """Write one chunk, whole or not at all."""
        failed = [[one.number, one.place, one.reason] for one in result.failed]
        tree: dict[str, Any] = {"digest": result.digest, "failed": failed}
        if result.part is not None:
            tree |= part_tree(result.part)
        with written_whole(self._place(number)) as file:
            file.write(to_npz(tree))

    def kept(
        self, chunks: Iterator[list[Entry]]
    ) -> tuple[Iterator[ChunkResult], Iterator[list[Entry]]]:
        """Return the results of the chunks that were kept, from the first on without a gap, and the
        chunks that are left. Raises AttnvizError where texts have changed since."""
        return (self._read(i, next(chunks, [])) for i in range(self.n_kept)), chunks

    def _read(self, number: int, entries: Sequence[Entry]) -> ChunkResult:
        place = self._place(number)
        try:
            tree = read_tree(place)
            failed = tuple(Failed(*row) for row in tree["failed"])
            part = part_of(tree) if "n" in tree else None
            result = ChunkResult(part, failed, str(tree["digest"]))
        except NOT_READABLE as error:
            raise AttnvizError(
                f"{place} is broken.",
                "Delete it: its texts are run again.",
                key="err.broken_delete",
                place=place,
            ) from error
        if result.digest != digest(entries):
            raise AttnvizError(
                f"The texts have changed since {place} was written.",
                "Name another folder.",
                key="err.texts_changed",
                place=place,
            )
        return result

    def finish(self, found: Survey) -> None:
        """Write the survey and the list of texts that failed; chunks are no longer needed."""
        save_survey(found, self.folder / RESULT)
        with written_whole(self.folder / FAILED) as file:
            file.write(_failed_table(found.failed).encode())


def _failed_table(failed: Sequence[Failed]) -> str:
    rows = [(one.number, one.place, one.reason) for one in failed]
    return table_text([("number", "place", "reason"), *rows])
