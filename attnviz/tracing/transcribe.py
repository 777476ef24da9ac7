"""A sound → what was said, window after window, and when each word was said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from attnviz.analysis.word_times import alignment, warped, words_of
from attnviz.errors import AttnvizError, known_arguments
from attnviz.inputs.sound import Sound, open_sound, sound_length
from attnviz.inputs.text import from_ids
from attnviz.inputs.where import Times
from attnviz.models import load_writer
from attnviz.models.checkpoint.ctc import read_ctc_head
from attnviz.models.checkpoint.feature_extractor import LogMel
from attnviz.models.checkpoint.generation import Generation, read_generation
from attnviz.models.checkpoint.speech import Speech, read_speech
from attnviz.models.hear import heard, log_mel_of
from attnviz.models.model import AUDIO, TEXT, Prepared
from attnviz.models.network.prediction_head import NEXT
from attnviz.models.trained import TrainedModel
from attnviz.tracing.ctc import listen
from attnviz.tracing.processors import processors
from attnviz.tracing.search import Search, choices
from attnviz.tracing.transcript import Transcript, Window, Word
from attnviz.tracing.writer import ModelWriter

UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces between words
LETTERS_AT_ONCE = 30.0  # seconds that a model with letters for frames hears together
SHORTEST = 0.1  # seconds of a last window that is still listened to


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
    if opened.roles == (AUDIO,):
        return _by_letters(opened, path, language, task, start, end, stream)
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


def _by_letters(
    model: TrainedModel, path: str | Path, language: str | None, task: str | None,
    start: float | None, end: float | None, stream: Callable[[str], object] | None,
) -> Transcript:  # fmt: skip
    """Write down what a model with letters for frames hears (wav2vec 2.0, HuBERT)."""
    if language is not None or task not in (None, "transcribe"):
        raise AttnvizError(
            f"{model.name} knows one language, and translates nothing.",
            "Leave `language` and `task` out.",
        )
    head, length = read_ctc_head(model), sound_length(path)
    last = length if end is None else min(end, length)
    begun, interrupted, windows = perf_counter(), False, []
    try:
        for span in _spans(start or 0.0, last, LETTERS_AT_ONCE):
            windows.append(listen(model, head, open_sound(path, *span)))
            if stream is not None:
                stream(windows[-1].text)
    except KeyboardInterrupt:
        interrupted = True
        if not windows:
            raise
    return Transcript(
        model.name, "", "transcribe", tuple(windows), perf_counter() - begun, interrupted, model,
        Path(path), (),
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
