"""One window of a sound after another → what a model writes of it, and when each word was said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from attnviz.analysis.word_times import alignment, warped, words_of
from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.inputs.text import from_ids
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.where import Times
from attnviz.models.checkpoint.generation import Generation
from attnviz.models.checkpoint.speech import Speech
from attnviz.models.hear import heard_frames
from attnviz.models.layers import Floats
from attnviz.models.model import AUDIO, TEXT, Prepared
from attnviz.models.recording import Recording
from attnviz.models.trained import TrainedModel
from attnviz.tracing.processors import processors
from attnviz.tracing.search import Search, choices
from attnviz.tracing.timestamps import PER_TIMESTAMP, Cut, TimestampRules, segments
from attnviz.tracing.transcript import Aligned, Segment, Window, Word, clock
from attnviz.tracing.writer import ModelWriter

UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces between words
KEPT, END = 20, "∎"  # windows of which it is kept where words looked; what ends a text
BROKEN = "\ufffd"  # a character of which some bytes are missing


@dataclass
class Part:
    """A window of a recording as the model is fed it. first: its first mel frame. n_heard: its mel
    frames that hold sound."""

    recording: Recording
    first: int
    tokens: Tokens
    mels: Floats
    n_heard: int

    @property
    def begin(self) -> float:
        """Seconds of the file before it."""
        extractor = self.recording.extractor
        return self.recording.start + self.first * extractor.hop / extractor.rate

    @property
    def end(self) -> float:
        """Where its sound ends, in seconds of the file."""
        extractor = self.recording.extractor
        return min(self.begin + self.n_heard * extractor.hop / extractor.rate, self.recording.end)


def part_of(model: TrainedModel, recording: Recording, first: int = 0) -> Part:
    """Hear one window of a recording from mel frame `first`."""
    extractor, mels = recording.extractor, recording.mels(first)
    begin = recording.start + first * extractor.hop / extractor.rate
    end = min(begin + extractor.seconds, recording.end)
    wave, voice = recording.wave(first), recording.voice(first)
    tokens = heard_frames(model, mels, begin, end, extractor, wave, voice)
    return Part(recording, first, tokens, mels, min(recording.n_heard - first, mels.shape[1]))


@dataclass
class Listener:
    """Writes down window after window. prompt: what each begins with. plain: the same, asking for
    no timestamps. give: is handed the text as it comes, and times beside it where they are shown.
    """

    model: TrainedModel
    speech: Speech
    asked: Generation
    prompt: Sequence[int]
    plain: Sequence[int]
    give: Callable[[str], object] | None
    language: str
    stamped: bool = False
    show_times: bool = False
    moved: int = 0  # mel frames from the last window to the next
    n_timed: int = 0  # windows whose words have times
    _written: list[tuple[int, float]] = field(default_factory=list)
    _part: Part | None = None
    _told: int = 0  # characters, or segments

    def window(self, part: Part) -> Window:
        """Write one window down, and find when its words were said."""
        self._part, self._written, self._told = part, [], 0
        self._write(part)
        cuts, self.moved = self._cuts(), part.n_heard
        if self.stamped:
            cuts, self.moved = segments(self._ids, self._first, part.n_heard)
            self._written = self._written[: cuts[-1].places[1]]
            self._tell(cuts)
        return self._timed(part, cuts)

    def left_over(self) -> list[Window]:
        """Return what was written of a window that was not finished: its words have the times of
        their segments, or of the window."""
        part, ids = self._part, self._ids
        if part is None or not self._text(ids):
            return []
        found = tuple(self._segment(part, cut) for cut in self._begun(part))
        parts = found or (Segment(part.begin, part.end, self._text(ids), tuple(ids)),)
        sure = float(np.mean([p for _, p in self._written]))
        words = tuple(Word(one.text, one.begin, one.end, sure) for one in parts if one.text)
        return [
            Window(part.begin, part.end, tuple(ids), self._text(ids), words, 0.0, segments=found)
        ]

    def _begun(self, part: Part) -> list[Cut]:
        """Segments that are finished, and the one that was being written."""
        if not self.stamped:
            return []
        cuts, ids = self._cuts(), self._ids
        done = cuts[-1].places[1] if cuts else 0  # both of the last pair are before it
        begin = ids[done - 1] - self._first if cuts else max(ids[0] - self._first, 0)
        ends = [i - self._first for i in ids[max(done, 1) :] if i >= self._first]
        if done < len(ids):
            end = ends[-1] if ends else part.n_heard // PER_TIMESTAMP
            cuts.append(Cut((done, len(ids)), begin, end))
        return cuts

    @property
    def _ids(self) -> list[int]:
        return [i for i, _ in self._written]

    @property
    def _first(self) -> int:
        """The id of 0.00 s."""
        plain = self.speech.no_timestamps
        return self.model.n_ids if plain is None else plain + 1

    def _write(self, part: Part) -> None:
        tokens = from_ids(self.prompt, self.model.namer)
        prepared = Prepared({TEXT: tokens, AUDIO: part.tokens}, {AUDIO: part.mels})
        ids, longest = prepared.text.ids, self._longest(len(self.prompt))
        listed = processors(self.asked, len(ids), longest)
        if self.stamped:
            end = self.asked.eos_token_id[0] if self.asked.eos_token_id else self._first
            listed.append(TimestampRules(self._first, end, len(ids), self.speech.latest_first))
        search = Search(self.asked, ids, longest, listed, np.random.default_rng(0))
        for choice in choices(search, ModelWriter(self.model, prepared)):
            if choice.id in self.asked.eos_token_id:
                break
            self._written.append((choice.id, choice.probability))
            if self.stamped and choice.id >= self._first:
                self._tell(self._cuts())
            elif not self.stamped:
                self._tell_text(self._ids)

    def _longest(self, n_prompt: int) -> int:
        """Tokens of prompt and new text together, as transformers counts them."""
        room = (self.model.n_positions or 1 << 20) - n_prompt
        wanted = self.asked.max_new_tokens or self.asked.max_length or room
        return n_prompt + min(wanted, room)

    def _cuts(self) -> list[Cut]:
        """Segments that nothing can change any more: those before the last pair of timestamps."""
        cuts = segments(self._ids, self._first, 0)[0] if self.stamped and self._written else []
        return [cut for cut in cuts if cut.places[1] < len(self._written)]

    def _tell(self, cuts: Sequence[Cut]) -> None:
        """Hand on what is new of the text of segments."""
        if not self.show_times:
            self._tell_text(self._ids[: cuts[-1].places[1]] if cuts else [])
            return
        assert self._part is not None  # a window is being written
        for cut in cuts[self._told :]:
            one = self._segment(self._part, cut)
            if self.give is not None and one.text.strip():
                self.give(f"[{clock(one.begin)} → {clock(one.end)}] {one.text.strip()}\n")
        self._told = max(self._told, len(cuts))

    def _tell_text(self, ids: Sequence[int]) -> None:
        text = self._text(ids)
        if self.give is not None and not text.endswith(BROKEN) and len(text) > self._told:
            self.give(text[self._told :])
            self._told = len(text)

    def _segment(self, part: Part, cut: Cut) -> Segment:
        step = PER_TIMESTAMP * part.recording.extractor.hop / part.recording.extractor.rate
        ids = self._ids[slice(*cut.places)]
        begin, end = (part.begin + step * each for each in (cut.begin, cut.end))
        return Segment(begin, end, self._text(ids), tuple(ids))

    # When words were said

    def _timed(self, part: Part, cuts: Sequence[Cut]) -> Window:
        ids = self._ids
        text, found = self._text(ids), tuple(self._segment(part, cut) for cut in cuts)
        words = [k for k, i in enumerate(ids) if i < self._first]  # places of what is no timestamp
        if not words:
            return Window(part.begin, part.end, tuple(ids), text, (), 0.0, segments=found)
        weights = self._cross(part, [ids[k] for k in words])
        n_columns = max(min(self.moved or part.n_heard, part.n_heard) // PER_TIMESTAMP, 1)
        beyond = float(weights[:, :, -(-part.n_heard // PER_TIMESTAMP) :].sum(axis=-1).mean())
        path = warped(alignment(weights[:, :, :n_columns], self.speech.median_width))
        seconds = part.recording.extractor.seconds / len(part.tokens)
        pieces = self._pieces([ids[k] for k in words])
        places = words_of(pieces, self.language not in UNSPACED)
        likely = [self._written[k][1] for k in words]
        said = tuple(_words(part.begin + path.begins * seconds, places, pieces, likely))
        window = Window(part.begin, part.end, tuple(ids), text, said, beyond, segments=found)
        self.n_timed += 1
        if self.n_timed > KEPT:
            return window
        looked = weights.mean(axis=0).astype(np.float32)  # (tokens + 1, frames)
        shares = np.stack([looked[rows].mean(axis=0) for rows in places])
        where = part.tokens.where
        assert isinstance(where, Times)  # frames of a sound have times
        aligned = Aligned((*pieces, END), looked, path)
        return replace(window, shares=shares, where=where, aligned=aligned)

    def _cross(self, part: Part, ids: list[int]) -> Any:
        """The weights of the heads that align, from one pass: (heads, tokens + 1, frames), where
        row k looks while token k is chosen, and the last one while the end is."""
        heads = self.speech.alignment_heads
        kept: dict[int, Any] = {}

        def door(stack: str, *qkv: Any, layer: int = 0, **given: Any) -> Any:
            given.pop("w_output", None)
            output, weights = scaled_dot_product_attention(*qkv, **given)
            if stack == "cross":
                kept[layer] = weights
            return output

        text = from_ids([*self.plain, *ids][: self.model.n_positions])
        self.model.run(Prepared({TEXT: text, AUDIO: part.tokens}, {AUDIO: part.mels}), door)
        n = len(self.plain) - 1
        return np.stack([kept[layer][head, n:] for layer, head in heads])

    def _pieces(self, ids: list[int]) -> list[str]:
        """The characters that each id adds to the text; none while a character is not whole."""
        found, given = [], ""
        for n in range(1, len(ids) + 1):
            text = self._text(ids[:n])
            whole = "" if text.endswith(BROKEN) else text
            found.append(whole[len(given) :] if whole else "")
            given = whole or given
        return found

    def _text(self, ids: Sequence[int]) -> str:
        """Decode what is no timestamp."""
        namer, words = self.model.namer, [i for i in ids if i < self._first]
        if namer is None:
            return "".join(f" {i}" for i in words)
        return str(namer.decode(words, skip_special_tokens=True))


def _words(
    begins: Floats, words: list[list[int]], pieces: list[str], likely: list[float]
) -> Iterator[Word]:
    """Words from where their first token begins to where the token after their last does."""
    for places in words:
        yield Word(
            "".join(pieces[k] for k in places), float(begins[places[0]]),
            float(begins[places[-1] + 1]), float(np.mean([likely[k] for k in places])),
        )  # fmt: skip
