"""What was said in a sound, and when: words, windows, and files of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from attnviz._version import __version__
from attnviz.analysis.word_times import Path as Way
from attnviz.errors import AttnvizError, bad_choice
from attnviz.files.table import table_text
from attnviz.files.write import written_whole
from attnviz.inputs.tokens import from_labels
from attnviz.inputs.where import Times
from attnviz.models.trained import TrainedModel
from attnviz.record.record import AttentionRecord, Origin
from attnviz.record.stack import Stack
from attnviz.tracing.trace import trace

SUFFIXES = (".srt", ".vtt", ".csv", ".json", ".txt")
LINE = 42, 5.0  # characters and seconds of a line of subtitles


@dataclass(frozen=True)
class Word:
    """A word and when it was said, in seconds of the recording. probability: the mean of its
    tokens'."""

    text: str
    begin: float
    end: float
    probability: float


@dataclass(frozen=True)
class Segment:
    """Hold what a model wrote between two of its timestamps, in seconds of the recording. ids: with
    the timestamps."""

    begin: float
    end: float
    text: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Aligned:
    """Hold what the times of words come from. labels: of the tokens, the last of them the end.
    weights: where each looked, the mean over the heads that align, (tokens, frames). path: the way
    of the tokens through the frames that were heard."""

    labels: tuple[str, ...]
    weights: Any
    path: Way


@dataclass(frozen=True)
class Window:
    """What was heard in one window. ids: what was written, without prompt and end. shares: where
    each word looked, the mean over the heads that align, (words, frames). where: its frames.
    segments: where the model wrote timestamps. aligned: as `shares`, token by token. Of a long
    sound the first windows alone keep where they looked."""

    begin: float
    end: float
    ids: tuple[int, ...]
    text: str
    words: tuple[Word, ...]
    beyond: float  # the share of cross-attention on what lies beyond the end of the sound
    shares: Any = field(default=None, repr=False, compare=False)
    where: Times | None = field(default=None, repr=False, compare=False)
    segments: tuple[Segment, ...] = ()
    aligned: Aligned | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, eq=False)
class Transcript:
    """What was said. language: as the model knows it, "" for a model of English only. seconds: of
    writing. interrupted: whether somebody stopped it."""

    model: str
    language: str
    task: str
    windows: tuple[Window, ...]
    seconds: float
    interrupted: bool
    _model: TrainedModel = field(repr=False)
    _path: Path = field(repr=False)
    _prompt: tuple[int, ...] = field(repr=False)

    @property
    def by_letters(self) -> bool:
        """Whether frames said letters (CTC): then words are where their letters are, and nothing
        was asked first."""
        return not self._prompt

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(window.text for window in self.windows).strip()

    @property
    def segments(self) -> list[Segment]:
        """Every segment with words, in order; none where the model wrote no timestamps."""
        return [one for w in self.windows for one in w.segments if one.text.strip()]

    @property
    def words(self) -> list[Word]:
        """Every word, in order."""
        return [word for window in self.windows for word in window.words]

    def record(self, window: int = 0, **how: Any) -> AttentionRecord:
        """Run a window once through the recorder: encoder, decoder and cross-attention; `how` as
        in `trace`. Raises AttnvizError where there is no such window."""
        if not 0 <= window < len(self.windows):
            raise AttnvizError(
                f"There is no window {window}.",
                f"They go from 0 to {len(self.windows) - 1}.",
                key="err.no_window",
                window=window,
                value=len(self.windows) - 1,
            )
        one = self.windows[window]
        found: AttentionRecord = trace(
            ids=[*self._prompt, *one.ids], audio=self._path, start=one.begin, end=one.end,
            model=self._model, **how,
        )  # fmt: skip
        return found

    def words_over_time(self, window: int = 0) -> AttentionRecord:
        """Return where each word of a window looked as a record: words at frames, one layer, one
        head, which is the mean of the heads that align.

        Raises AttnvizError where nothing was written down, or not kept.
        """
        one = self.windows[window]
        if one.where is None or one.shares is None or not one.words:
            raise AttnvizError(
                "Nothing was written down: there is no picture.",
                "Save a .json.",
                key="err.nothing_written_down",
            )
        frames = from_labels([f"{begin:.2f}s" for begin in one.where.times[:, 0].tolist()])
        weights = np.asarray(one.shares, dtype=np.float32)[None, None, : len(one.words)]
        words = from_labels([word.text.strip() for word in one.words])
        stack = Stack(words, replace(frames, where=one.where), weights, two_texts=True)
        return AttentionRecord(Origin(self.model, "trained"), "cross", {"cross": stack})

    def save(self, path: str | Path) -> None:
        """Write subtitles (`.srt`, `.vtt`), words with their times (`.csv`, `.json`) or the text
        (`.txt`), whole or not at all. Raises AttnvizError for another suffix."""
        place = Path(path)
        makers: dict[str, Callable[[], str]] = {
            ".srt": self.to_srt, ".vtt": self.to_vtt, ".csv": self.to_csv, ".json": self.to_json,
            ".txt": self.to_text,
        }  # fmt: skip
        if place.suffix.lower() not in makers:
            raise bad_choice(place.suffix or place.name, "the suffix of a transcript", SUFFIXES)
        with written_whole(place) as file:
            file.write(makers[place.suffix.lower()]().encode())

    def to_text(self) -> str:
        """Return the text alone, one line."""
        return self.text + "\n"

    def to_srt(self) -> str:
        """Return SubRip subtitles."""
        blocks = [
            f"{i}\n{clock(a, ',')} --> {clock(b, ',')}\n{text}\n"
            for i, (a, b, text) in enumerate(self._lines(), 1)
        ]
        return "\n".join(blocks)

    def to_vtt(self) -> str:
        """Return WebVTT subtitles."""
        blocks = [f"{clock(a, '.')} --> {clock(b, '.')}\n{text}\n" for a, b, text in self._lines()]
        return "\n".join(["WEBVTT\n", *blocks])

    def to_csv(self) -> str:
        """Return one line a word."""
        rows = [
            (word.text.strip(), f"{word.begin:.2f}", f"{word.end:.2f}", f"{word.probability:.4f}")
            for word in self.words
        ]
        return table_text([("word", "begin", "end", "probability"), *rows])

    def to_json(self) -> str:
        """Return text and words with their times as one JSON document."""
        tree = {
            "format": "attnviz-transcript", "attnviz": __version__, "model": self.model,
            "language": self.language, "task": self.task, "text": self.text,
            "interrupted": self.interrupted,
            "windows": [
                {"begin": w.begin, "end": w.end, "text": w.text.strip(), "ids": list(w.ids),
                 "beyond": w.beyond,
                 "words": [vars(word) for word in w.words],
                 "segments": [{"begin": s.begin, "end": s.end, "text": s.text.strip()}
                              for s in w.segments if s.text.strip()]} for w in self.windows
            ],
        }  # fmt: skip
        return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"

    def _lines(self) -> Iterator[tuple[float, float, str]]:
        """Segments, where the model wrote timestamps; else words put together to lines."""
        if self.segments:
            yield from ((one.begin, one.end, one.text.strip()) for one in self.segments)
            return
        line: list[Word] = []
        for word in self.words:
            longer = "".join(w.text for w in [*line, word]).strip()
            too_long = len(longer) > LINE[0] or (line and word.end - line[0].begin > LINE[1])
            if line and too_long:
                yield line[0].begin, line[-1].end, "".join(w.text for w in line).strip()
                line = []
            line.append(word)
        if line:
            yield line[0].begin, line[-1].end, "".join(w.text for w in line).strip()


def clock(seconds: float, mark: str = ".") -> str:
    """Write seconds as 01:02:03.450."""
    whole = round(seconds * 1000)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
