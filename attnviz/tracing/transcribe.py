"""A sound → what was said, window after window, and when each word was said."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from attnviz._version import __version__
from attnviz.analysis.word_times import alignment, warped, words_of
from attnviz.errors import AttnvizError, bad_choice, known_arguments
from attnviz.files.write import written_whole
from attnviz.inputs.sound import Sound, open_sound, sound_length
from attnviz.inputs.text import from_ids
from attnviz.inputs.where import Times
from attnviz.models import load_writer
from attnviz.models.checkpoint.feature_extractor import LogMel
from attnviz.models.checkpoint.generation import Generation, read_generation
from attnviz.models.checkpoint.speech import Speech, read_speech
from attnviz.models.hear import heard, log_mel_of
from attnviz.models.model import AUDIO, TEXT, Prepared
from attnviz.models.network.prediction_head import NEXT
from attnviz.models.trained import TrainedModel
from attnviz.record.record import AttentionRecord
from attnviz.tracing.processors import processors
from attnviz.tracing.search import Search, choices
from attnviz.tracing.trace import trace
from attnviz.tracing.writer import ModelWriter

UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces between words
SUFFIXES = (".srt", ".vtt", ".csv", ".json", ".txt")
LINE = 42, 5.0  # characters and seconds of a line of subtitles
SHORTEST = 0.1  # seconds of a last window that is still listened to


@dataclass(frozen=True)
class Word:
    """A word and when it was said, in seconds of the recording. probability: the mean of its
    tokens'."""

    text: str
    begin: float
    end: float
    probability: float


@dataclass(frozen=True)
class Window:
    """What was heard in one window. ids: what was written, without prompt and end. shares: where
    each word looked, the mean over the heads that align, (words, frames). where: its frames."""

    begin: float
    end: float
    ids: tuple[int, ...]
    text: str
    words: tuple[Word, ...]
    beyond: float  # the share of cross-attention on what lies beyond the end of the sound
    shares: Any = field(default=None, repr=False, compare=False)
    where: Times | None = field(default=None, repr=False, compare=False)


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
    def text(self) -> str:
        """All of it."""
        return "".join(window.text for window in self.windows).strip()

    @property
    def words(self) -> list[Word]:
        """Every word, in order."""
        return [word for window in self.windows for word in window.words]

    def record(self, window: int = 0, **how: Any) -> AttentionRecord:
        """Run a window once through the recorder: encoder, decoder and cross-attention; `how` as
        in `trace`. Raises AttnvizError where there is no such window."""
        if not 0 <= window < len(self.windows):
            raise AttnvizError(
                f"There is no window {window}.", f"They go from 0 to {len(self.windows) - 1}."
            )
        one = self.windows[window]
        found: AttentionRecord = trace(
            ids=[*self._prompt, *one.ids], audio=self._path, start=one.begin, end=one.end,
            model=self._model, **how,
        )  # fmt: skip
        return found

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
            f"{i}\n{_clock(a, ',')} --> {_clock(b, ',')}\n{text}\n"
            for i, (a, b, text) in enumerate(self._lines(), 1)
        ]
        return "\n".join(blocks)

    def to_vtt(self) -> str:
        """Return WebVTT subtitles."""
        blocks = [
            f"{_clock(a, '.')} --> {_clock(b, '.')}\n{text}\n" for a, b, text in self._lines()
        ]
        return "\n".join(["WEBVTT\n", *blocks])

    def to_csv(self) -> str:
        """Return one line a word."""
        stream = io.StringIO()
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["word", "begin", "end", "probability"])
        for word in self.words:
            rows.writerow([_quoted(word.text), f"{word.begin:.2f}", f"{word.end:.2f}",
                           f"{word.probability:.4f}"])  # fmt: skip
        return stream.getvalue()

    def to_json(self) -> str:
        """Return text and words with their times as one JSON document."""
        tree = {
            "format": "attnviz-transcript", "attnviz": __version__, "model": self.model,
            "language": self.language, "task": self.task, "text": self.text,
            "interrupted": self.interrupted,
            "windows": [
                {"begin": w.begin, "end": w.end, "text": w.text.strip(), "ids": list(w.ids),
                 "beyond": w.beyond,
                 "words": [vars(word) for word in w.words]} for w in self.windows
            ],
        }  # fmt: skip
        return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"

    def _lines(self) -> Iterator[tuple[float, float, str]]:
        """Words put together to lines of subtitles."""
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


@known_arguments()
def transcribe(
    path: str | Path, *, model: str | Path | TrainedModel, language: str | None = None,
    task: str | None = None, start: float | None = None, end: float | None = None,
    max_new_tokens: int | None = None, stream: Callable[[str], object] | None = None,
) -> Transcript:  # fmt: skip
    """Write down what is said in a sound, 30 seconds at a time, and when each word was said.

    language: "ar"; heard in the first window unless given. task: "transcribe", or "translate" into
    English. start, end: the part of the sound, in seconds. max_new_tokens: of each window. stream:
    given the text as it comes. Ctrl-C ends it, and what was written is kept.

    Word times are those of dynamic time warping over the cross-attention of the heads that the
    checkpoint names: where the model looked, not a measurement of the sound.

    Raises AttnvizError for a model that hears nothing, a language that it does not know, and a
    sound that cannot be read.
    """
    opened = load_writer(model)
    _check_hears(opened)
    extractor, speech = log_mel_of(opened), read_speech(opened)
    length = sound_length(path)
    last = length if end is None else min(end, length)
    spans = _spans(start or 0.0, last, extractor.seconds)
    first = open_sound(path, *spans[0], extractor.rate)
    language = language or _language(opened, speech, first, extractor)
    ids = speech.prompt(language, task)
    asked = read_generation(opened.config, opened.checkpoint.folder)
    asked = asked.with_changes(max_new_tokens=max_new_tokens)
    listener = _Listener(opened, speech, extractor, ids, asked, stream, language or "en")
    begun, interrupted, windows = perf_counter(), False, []
    try:
        for span in spans:
            windows.append(listener.window(open_sound(path, *span, extractor.rate)))
    except KeyboardInterrupt:
        interrupted = True
        windows += listener.left_over()
        if not windows:
            raise
    return Transcript(
        opened.name, language or "", task or "transcribe", tuple(windows),
        perf_counter() - begun, interrupted, opened, Path(path), tuple(ids),
    )  # fmt: skip


def _check_hears(model: TrainedModel) -> None:
    if AUDIO not in model.roles or TEXT not in model.roles:
        raise AttnvizError(
            f"{model.name} ({model.family}) does not write down what it hears.",
            "Choose a checkpoint that does, such as Whisper.",
        )
    if model.head.kind != NEXT:
        raise AttnvizError(f"{model.name} has no head for words.", "Choose another checkpoint.")


def _spans(start: float, end: float, seconds: float) -> list[tuple[float, float]]:
    """The windows of a sound: a rest of less than a tenth of a second is left out."""
    edges = [*np.arange(start, end, seconds).tolist(), end]
    found = [(a, b) for a, b in pairwise(edges) if b - a >= SHORTEST]
    return found or [(start, end)]


def _language(model: TrainedModel, speech: Speech, sound: Sound, extractor: LogMel) -> str | None:
    """The likeliest language of the first window; None for a model of English only."""
    if not speech.languages:
        return None
    tokens, mels = heard(model, sound, extractor)
    prepared = Prepared({TEXT: from_ids([speech.start]), AUDIO: tokens}, {AUDIO: mels})
    logits = ModelWriter(model, prepared).logits()
    names = [*speech.languages]
    return names[int(np.argmax(logits[[speech.languages[name] for name in names]]))]


@dataclass
class _Listener:
    """Writes down window after window."""

    model: TrainedModel
    speech: Speech
    extractor: LogMel
    prompt: Sequence[int]
    asked: Generation
    give: Callable[[str], object] | None
    language: str
    _written: list[tuple[int, float]] = field(default_factory=list)
    _sound: Sound | None = None

    def window(self, sound: Sound) -> Window:
        """Write one window down, and find when its words were said."""
        self._sound, self._written = sound, []
        tokens, mels = heard(self.model, sound, self.extractor)
        prepared = Prepared(
            {TEXT: from_ids(self.prompt, self.model.namer), AUDIO: tokens}, {AUDIO: mels}
        )
        self._write(prepared)
        return self._timed(sound, prepared)

    def left_over(self) -> list[Window]:
        """What was written of a window that was not finished: its words have no times."""
        if not self._written or self._sound is None:
            return []
        sound, ids = self._sound, [i for i, _ in self._written]
        end = sound.begin + sound.duration
        text = self._decoded(ids)
        word = Word(text, sound.begin, end, float(np.mean([p for _, p in self._written])))
        return [Window(sound.begin, end, tuple(ids), text, (word,), 0.0)]

    def _write(self, prepared: Prepared) -> None:
        ids = prepared.text.ids
        room = (self.model.n_positions or 1 << 20) - len(ids)
        longest = len(ids) + min(self.asked.max_new_tokens or room, room)
        listed = processors(self.asked, len(ids), longest)
        search = Search(self.asked, ids, longest, listed, np.random.default_rng(0))
        given = ""
        for choice in choices(search, ModelWriter(self.model, prepared)):
            if choice.id in self.asked.eos_token_id:
                break
            self._written.append((choice.id, choice.probability))
            text = self._decoded([i for i, _ in self._written])
            if self.give is not None and not text.endswith("\ufffd") and text != given:
                self.give(text[len(given) :])
                given = text

    def _timed(self, sound: Sound, prepared: Prepared) -> Window:
        ids, end = [i for i, _ in self._written], sound.begin + sound.duration
        text = self._decoded(ids)
        if not ids:
            return Window(sound.begin, end, (), text, (), 0.0)
        weights = self._cross(prepared, ids)
        n_heard = -(-len(sound.samples) // (2 * self.extractor.hop))
        n_columns = len(sound.samples) // self.extractor.hop // 2
        beyond = float(weights[:, :, n_heard:].sum(axis=-1).mean())
        fit = alignment(weights[:, :, : max(n_columns, 1)], self.speech.median_width)
        begins = warped(fit).begins * self.extractor.seconds / len(prepared.tokens[AUDIO])
        pieces = self._pieces(ids)
        places = words_of(pieces, self.language not in UNSPACED)
        words = tuple(self._words(sound, places, pieces, begins))
        looked = weights.mean(axis=0)  # (tokens + 1, frames)
        shares = np.stack([looked[rows].mean(axis=0) for rows in places])
        where = prepared.tokens[AUDIO].where
        assert isinstance(where, Times)  # frames of a sound have times
        return Window(sound.begin, end, tuple(ids), text, words, beyond, shares, where)

    def _cross(self, prepared: Prepared, ids: list[int]) -> Any:
        """The weights of the heads that align, from one pass: (heads, tokens + 1, frames), where
        row k looks while token k is chosen, and the last one while the end is."""
        heads = self.speech.alignment_heads
        kept: dict[int, Any] = {}

        def door(stack: str, *qkv: Any, layer: int = 0, **given: Any) -> Any:
            from attnviz.attention.dense import scaled_dot_product_attention

            given.pop("w_output", None)
            output, weights = scaled_dot_product_attention(*qkv, **given)
            if stack == "cross":
                kept[layer] = weights
            return output

        text = from_ids([*self.prompt, *ids])
        whole = Prepared({TEXT: text, AUDIO: prepared.tokens[AUDIO]}, prepared.features)
        self.model.run(whole, door)
        n = len(self.prompt) - 1
        return np.stack([kept[layer][head, n:] for layer, head in heads])

    def _words(
        self, sound: Sound, words: list[list[int]], pieces: list[str], begins: Any
    ) -> Iterator[Word]:
        """Words from where their first token begins to where the token after their last does."""
        for places in words:
            share = float(np.mean([self._written[k][1] for k in places]))
            yield Word(
                "".join(pieces[k] for k in places), sound.begin + float(begins[places[0]]),
                sound.begin + float(begins[places[-1] + 1]), share,
            )  # fmt: skip

    def _pieces(self, ids: list[int]) -> list[str]:
        """The characters that each id adds to the text; none while a character is not whole."""
        found, given = [], ""
        for n in range(1, len(ids) + 1):
            text = self._decoded(ids[:n])
            whole = "" if text.endswith("\ufffd") else text
            found.append(whole[len(given) :] if whole else "")
            given = whole or given
        return found

    def _decoded(self, ids: list[int]) -> str:
        namer = self.model.namer
        if namer is None:
            return "".join(f" {i}" for i in ids)
        return str(namer.decode(ids, skip_special_tokens=True))


def _clock(seconds: float, mark: str) -> str:
    """01:02:03,450"""
    whole = round(seconds * 1000)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


def _quoted(text: str) -> str:
    """A word that a spreadsheet takes for no formula."""
    bare = text.strip()
    return f"'{bare}" if bare[:1] in ("=", "+", "-", "@") else bare
