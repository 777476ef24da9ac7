"""A sound → what was said, window after window, and when each word was said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np

from attnviz.errors import AttnvizError, known_arguments
from attnviz.inputs.sound import open_sound, sound_length
from attnviz.inputs.text import from_ids
from attnviz.models import load_writer
from attnviz.models.checkpoint.ctc import read_ctc_head
from attnviz.models.checkpoint.generation import read_generation
from attnviz.models.checkpoint.speech import Speech, read_speech
from attnviz.models.hear import log_mel_of
from attnviz.models.model import AUDIO, TEXT, Prepared
from attnviz.models.network.prediction_head import NEXT
from attnviz.models.recording import Recording
from attnviz.models.trained import TrainedModel
from attnviz.tracing.ctc import listen
from attnviz.tracing.listener import KEPT, Listener, Part, part_of
from attnviz.tracing.transcript import Transcript, Window
from attnviz.tracing.writer import ModelWriter

LETTERS_AT_ONCE = 30.0  # seconds that a model with letters for frames hears together
SHORTEST = 0.1  # seconds of a last window that is still listened to


@known_arguments()
def transcribe(
    path: str | Path, *, model: str | Path | TrainedModel, language: str | None = None,
    task: str | None = None, timestamps: bool | None = None, start: float | None = None,
    end: float | None = None, max_new_tokens: int | None = None,
    stream: Callable[[str], object] | None = None,
) -> Transcript:  # fmt: skip
    """Write down what is said in a sound, and when each word was said.

    language: "ar"; heard in the first window unless given. task: "transcribe", or "translate" into
    English. timestamps: whether the model writes when its segments begin and end, and its window
    moves on to where the last whole segment ended, as in transformers; False lets windows stand
    side by side; None means True for a sound longer than one window. start, end: the part of the
    sound, in seconds. max_new_tokens: of each window. stream: given the text as it comes, and with
    timestamps=True a line for each segment. Ctrl-C ends it, and what was written is kept.

    Word times are those of dynamic time warping over the cross-attention of the heads that the
    checkpoint names: where the model looked, not a measurement of the sound.

    Raises AttnvizError for a model that hears nothing or writes no timestamps, a language that it
    does not know, and a sound that cannot be read.
    """
    opened = load_writer(model)
    if opened.roles == (AUDIO,):
        return _by_letters(opened, path, language, task, timestamps, start, end, stream)
    _check_hears(opened)
    extractor, speech = log_mel_of(opened), read_speech(opened)
    length = sound_length(path)
    whole = Recording(
        Path(path), start or 0.0, length if end is None else min(end, length), extractor
    )
    open_sound(path, start, min(whole.end, whole.start + 1), extractor.rate)  # what it says if not
    stamped = _stamped(opened, speech, timestamps, whole)
    recordings = [whole] if stamped else [
        Recording(whole.path, *span, extractor)
        for span in _spans(whole.start, whole.end, extractor.seconds)
    ]  # fmt: skip
    asked = read_generation(opened.config, opened.checkpoint.folder)
    asked = asked.with_changes(max_new_tokens=max_new_tokens)
    language = language or _language(opened, speech, part_of(opened, recordings[0]))
    ids, plain = (speech.prompt(language, task, timestamps=each) for each in (stamped, False))
    listener = Listener(opened, speech, asked, ids, plain, stream, language or "en", stamped,
                        bool(timestamps))  # fmt: skip
    begun, run = perf_counter(), _Run([])
    run.listen(listener, _parts(opened, recordings, listener))
    return Transcript(
        opened.name, language or "", task or "transcribe", tuple(run.windows),
        perf_counter() - begun, run.interrupted, opened, Path(path), tuple(ids),
    )  # fmt: skip


@dataclass
class _Run:
    """What was written so far."""

    windows: list[Window]
    interrupted: bool = False

    def listen(self, listener: Listener, parts: Iterator[Part]) -> None:
        """Write down part after part, until somebody stops it."""
        try:
            for part in parts:
                self.windows.append(listener.window(part))
        except KeyboardInterrupt:
            self.interrupted = True
            self.windows += listener.left_over()
            if not self.windows:
                raise


def _stamped(
    model: TrainedModel, speech: Speech, timestamps: bool | None, recording: Recording
) -> bool:
    """Whether the model is to write timestamps."""
    can = speech.no_timestamps is not None and speech.no_timestamps + 1 < model.n_ids
    if timestamps and not can:
        raise AttnvizError(
            f"{model.name} does not say which of its tokens are timestamps "
            "(no_timestamps_token_id).",
            "Leave `timestamps` out, or give the generation_config.json that it was saved with.",
            key="err.does_not_say_tokens",
            model=model.name,
        )
    longer = recording.end - recording.start > recording.extractor.seconds
    return can and (longer if timestamps is None else timestamps)


def _parts(
    model: TrainedModel, recordings: Sequence[Recording], listener: Listener
) -> Iterator[Part]:
    """Windows of each recording, each from where the listener moved on to."""
    for recording in recordings:
        first = 0
        while first < min(recording.n_heard, recording.n_frames):
            yield part_of(model, recording, first)
            first += listener.moved if listener.stamped else recording.n_frames


def _by_letters(
    model: TrainedModel, path: str | Path, language: str | None, task: str | None,
    timestamps: bool | None, start: float | None, end: float | None,
    stream: Callable[[str], object] | None,
) -> Transcript:  # fmt: skip
    """Write down what a model with letters for frames hears (wav2vec 2.0, HuBERT)."""
    if language is not None or task not in (None, "transcribe") or timestamps:
        raise AttnvizError(
            f"{model.name} says letters for frames: it knows one language, and translates nothing.",
            "Leave `language`, `task` and `timestamps` out.",
            key="err.says_letters",
            model=model.name,
        )
    head, length = read_ctc_head(model), sound_length(path)
    last = length if end is None else min(end, length)
    begun, interrupted, windows = perf_counter(), False, list[Window]()
    try:
        for span in _spans(start or 0.0, last, LETTERS_AT_ONCE):
            window = listen(model, head, open_sound(path, *span))
            kept = len(windows) < KEPT
            windows.append(window if kept else replace(window, shares=None, where=None))
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
            key="err.does_not_write",
            model=model.name,
            family=model.family,
        )
    if model.head.kind != NEXT:
        raise AttnvizError(
            f"{model.name} has no head for words.",
            "Choose another checkpoint.",
            key="err.no_head",
            model=model.name,
        )


def _spans(start: float, end: float, seconds: float) -> list[tuple[float, float]]:
    """The windows of a sound: a rest of less than a tenth of a second is left out."""
    edges = [*np.arange(start, end, seconds).tolist(), end]
    found = [(a, b) for a, b in pairwise(edges) if b - a >= SHORTEST]
    return found or [(start, end)]


def _language(model: TrainedModel, speech: Speech, part: Part) -> str | None:
    """The likeliest language of the first window; None for a model of English only."""
    if not speech.languages:
        return None
    prepared = Prepared({TEXT: from_ids([speech.start]), AUDIO: part.tokens}, {AUDIO: part.mels})
    logits = ModelWriter(model, prepared).logits()
    names = [*speech.languages]
    return names[int(np.argmax(logits[[speech.languages[name] for name in names]]))]
