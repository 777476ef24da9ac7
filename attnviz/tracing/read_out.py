"""What of a model's answer is compared: a distribution, a span, or the vector of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError
from attnviz.inputs.text import encode
from attnviz.inputs.tokens import Tokens
from attnviz.models.layers import Floats
from attnviz.models.network.prediction_head import ANSWER, CLASS, MASK, NEXT, log_softmax
from attnviz.models.trained import TrainedModel
from attnviz.tracing.predict import mask_ids

Array = NDArray[np.float64]

KL, LOG_P, LOGITS, COSINE, SPAN, LIKENESS = (
    "KL (nats)", "change of log p", "change of the logit difference", "1 − cosine",
    "change of the span's logits", "change of the cosine",
)  # fmt: skip


@dataclass(frozen=True)
class ReadOut:
    """What is measured. what: for people. unit: of its change. places: the tokens that are read.

    answer, other: ids whose probability, or difference of logits, is measured; None: the whole
    distribution. A model without a prediction head gives the vector of the text: the mean of the
    final states of its tokens. beside: another text's vector, the likeness to which is measured.
    """

    what: str
    unit: str
    places: tuple[int, ...] = ()
    answer: int | None = None
    other: int | None = None
    beside: Array | None = None

    def readings(
        self, model: TrainedModel, hidden: Floats, left_out: Sequence[tuple[int, ...]]
    ) -> Array:
        """Read every copy: hidden (copies, tokens, width) → (copies, …), what `change` compares.

        left_out: for each copy the tokens that are hidden, which a mean over tokens leaves out.
        """
        if self.unit in (COSINE, LIKENESS):
            vectors = [vector_of(one, i) for one, i in zip(hidden, left_out, strict=True)]
            return np.stack(vectors) if self.beside is None else np.stack(vectors) @ self.beside
        if not self.places:  # pooled by the head itself
            logits = np.stack([model.logits(one)[0] for one in hidden])
            return _log_shares(logits)
        rows = hidden[:, list(self.places)].reshape(-1, hidden.shape[-1])
        logits = model.logits(rows).reshape(len(hidden), len(self.places), -1).astype(np.float64)
        if self.unit in (LOGITS, SPAN):
            return logits
        return _log_shares(logits)

    def change(self, clean: Array, readings: Array) -> Array:
        """Compare the clean reading (…) with those of every copy (copies, …): (copies,)."""
        if self.unit == COSINE:
            apart: Array = np.maximum(1 - readings @ clean, 0)
            return apart
        if self.unit == LIKENESS:
            likeness: Array = readings - clean
            return likeness
        if self.unit == SPAN:
            start, end = 0, 1
            before = clean[0, start] + clean[-1, end]
            span: Array = readings[:, 0, start] + readings[:, -1, end] - before
            return span
        if self.unit == LOGITS:
            moved = readings - clean
            gap: Array = moved[..., self.answer] - moved[..., self.other]
            return self._overplaces_of(gap)
        if self.unit == LOG_P:
            change: Array = (readings - clean)[..., self.answer]
            return self._overplaces_of(change)
        parted: Array = (np.exp(clean) * (clean - readings)).sum(axis=-1)  # Σ p ln(p / q)
        return self._overplaces_of(np.maximum(parted, 0))

    def _overplaces_of(self, changes: Array) -> Array:
        """The mean over the places that are read: (copies, places) → (copies,)."""
        if changes.ndim == 1:
            return changes
        mean: Array = changes.mean(axis=-1)
        return mean


def _log_shares(logits: Floats) -> Array:
    found: Array = log_softmax(logits.astype(np.float64)).astype(np.float64)
    return found


def vector_of(hidden: Floats, left_out: tuple[int, ...] = ()) -> Array:
    """Return the mean of the tokens' states (tokens, width), of length 1: (width,)."""
    wide = hidden.astype(np.float64)
    kept = np.delete(wide, list(left_out), axis=0)
    mean = kept.sum(axis=0) / max(len(kept), 1)  # of nothing: no vector at all
    unit: Array = mean / max(float(np.linalg.norm(mean)), 1e-30)
    return unit


def choose_read_out(
    model: TrainedModel, tokens: Tokens, hidden: Floats, answer: str | None, other: str | None
) -> ReadOut:
    """Choose by what the checkpoint has: next token, [MASK], classes, span, else the vector.

    Raises AttnvizError for an answer that the model cannot give, or that is several tokens.
    """
    kind = _kind(model)
    if kind is None:
        if answer is not None or other is not None:
            raise AttnvizError(
                f"{model.name} has no prediction head: it gives vectors, not answers.",
                "Leave `answer` out.",
                key="err.no_prediction",
                model=model.name,
            )
        return ReadOut("the vector of the text", COSINE)
    if kind == ANSWER:
        return _span(model, hidden)
    ids = [None if one is None else one_id(model, tokens, one) for one in (answer, other)]
    unit = KL if ids[0] is None else LOG_P if ids[1] is None else LOGITS
    if kind == CLASS:
        return ReadOut("the class", unit, (), ids[0], ids[1])
    return ReadOut(_WHAT[kind], unit, places_of(model, tokens, kind), ids[0], ids[1])


_WHAT = {NEXT: "the next token", MASK: "the masked word"}


def _kind(model: TrainedModel) -> str | None:
    try:
        return model.head.kind
    except AttnvizError:  # a checkpoint that gives vectors
        return None


def places_of(model: TrainedModel, tokens: Tokens, kind: str) -> tuple[int, ...]:
    """Return the tokens at which a head of this kind is read. Raises AttnvizError where a masked
    word is due and there is none."""
    if kind == NEXT:
        return (len(tokens) - 1,)
    if kind != MASK:
        return tuple(np.flatnonzero(~tokens.special).tolist())
    masked = mask_ids(model)
    places = tuple(i for i, number in enumerate(tokens.ids.tolist()) if number in masked)
    if not places:
        raise AttnvizError(
            "There is no [MASK] in the text.",
            "Write [MASK] for one word of it.",
            key="err.no_mask_text",
        )
    return places


def _span(model: TrainedModel, hidden: Floats) -> ReadOut:
    logits = model.logits(hidden)
    start = int(logits[:, 0].argmax())
    end = start + int(logits[start:, 1].argmax())
    return ReadOut("the answer's span", SPAN, (start, end))


def one_id(model: TrainedModel, tokens: Tokens, word: str) -> int:
    """Return the one id that a word has as an answer. Raises AttnvizError where it is no class, or
    several tokens."""
    labels = model.head.labels
    if labels:
        if word not in labels:
            raise AttnvizError(
                f'"{word}" is not a class of {model.name}.',
                f"It has: {', '.join(labels)}.",
                key="err.not_class_has",
                name=word,
                model=model.name,
                names=", ".join(labels),
            )
        return labels.index(word)
    if model.namer is None and word.isdecimal() and int(word[:9]) < model.n_ids:
        return int(word)  # without a tokenizer numbers stand for tokens, here as elsewhere
    spaced = word if not tokens.text or tokens.text[-1:].isspace() else f" {word}"
    n_tokens = 0
    for written in (spaced, word):
        try:
            ids = encode(model.tokenizer, written, special=False).ids.tolist()
        except AttnvizError:  # a vocabulary that has no sign for words it does not know
            continue
        if len(ids) == 1:
            return int(ids[0])
        n_tokens = len(ids)
    if not n_tokens:
        raise AttnvizError(
            f'"{word}" is not a token of this model.',
            "Give a word that it knows.",
            key="err.no_token_this",
            name=word,
        )
    raise AttnvizError(
        f'"{word}" is {n_tokens} tokens of this model.',
        "Give an answer that is one token.",
        key="err.this_model_answer",
        name=word,
        n_tokens=n_tokens,
    )
