"""What a checkpoint says of a text: the next token, a masked word, a class, an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np

from attnviz.analysis.prediction import Candidate, Continuation, Place, Prediction, Span
from attnviz.errors import AttnvizError, known_arguments, out_of_range
from attnviz.inputs.text import encode, from_ids
from attnviz.inputs.tokens import Tokens
from attnviz.models import USUAL_WRITER, load_writer
from attnviz.models.layers import Floats
from attnviz.models.model import TEXT, Inputs, Prepared
from attnviz.models.network.prediction_head import ANSWER, CLASS, MASK, NEXT, log_softmax
from attnviz.models.prompt import Prompt, prompt
from attnviz.models.trained import TrainedModel
from attnviz.tracing.cache import KeyValueCache

MASKS = ("[MASK]", "<mask>")
LONGEST_ANSWER = 30  # tokens


class Options(TypedDict, total=False):
    """What is read, and where; `predict` tells of each."""

    ids: Sequence[int] | None
    pair: str | None
    source: str | None
    source_ids: Sequence[int] | None
    source_lang: str | None
    target_lang: str | None
    chat: bool
    system: str | None
    image: str | Path | None
    audio: str | Path | None
    start: float | None
    end: float | None


@known_arguments(*Options.__annotations__)
def predict(
    text: str | None = None, *, model: str | Path | TrainedModel = USUAL_WRITER, k: int = 5,
    at: Sequence[int | str] | None = None, answer: str | None = None, **options: Unpack[Options],
) -> Prediction:  # fmt: skip
    """Ask a checkpoint what comes at the last place, at each [MASK], which class a text is of, or
    where a passage answers a question; CLIP and its like, how well texts fit a picture.

    text: of a model for answers the question, whose passage is `pair`. ids: ready token ids in its
        place. pair, source, source_ids, source_lang, target_lang, image, audio, start, end: as
        in `trace`. chat, system: as in `generate`.
    model: "smollm2" unless given; the folder of a checkpoint, its id on the hub, or what
        `load_model` gave.
    k: how many candidates each place has.
    at: other places, by position or word: what a causal model says comes after each of them.
    answer: a continuation (for a mask, a word; for classes, a class) whose log-probability is asked
        for.

    Raises AttnvizError for a checkpoint without a head, or without one that is understood.
    """
    if not isinstance(k, int) or k < 1:
        raise AttnvizError(
            f"`k` is {k!r}.", "It must be a whole number from 1.", key="err.k_must", value=repr(k)
        )
    opened = load_writer(model)
    if opened.compares:
        return _compared(opened, text, options, k, at, answer)
    head = opened.head  # before any text is read
    begun = _read(opened, text, options)
    prepared = begun.prepared
    hidden = opened.run(prepared, KeyValueCache().attend)
    logits = opened.logits(hidden)
    fed = prepared.tokens.get(TEXT) or next(iter(prepared.tokens.values()))
    places = _places(opened, fed, logits, at, k)
    spans: tuple[Span, ...] = ()
    if head.kind == ANSWER:
        spans = _spans(prepared.text, logits, k)
    asked = None if answer is None else _continuation(opened, prepared, places, logits, answer)
    return Prediction(head.kind, places, fed, opened.name, spans, asked, begun.notes)


def _compared(
    model: TrainedModel, text: str | None, options: Options, k: int,
    at: Sequence[int | str] | None, answer: str | None,
) -> Prediction:  # fmt: skip
    """What a model says that compares texts with a picture."""
    from attnviz.tracing.similarity import similarities  # few models do

    for name, given in (("at", at), ("answer", answer), ("chat", options.get("chat")),
                        ("system", options.get("system"))):  # fmt: skip
        if given is not None and given is not False:
            raise AttnvizError(
                f"`{name}` does not apply to {model.name}, which compares texts with a picture.",
                "Leave it out.",
                key="err.does_not_apply_compares",
                name=name,
                model=model.name,
            )
    return similarities(model, _inputs(text, options), k)


def _inputs(text: str | None, options: Options) -> Inputs:
    return Inputs(
        text,
        pair=options.get("pair"),
        source=options.get("source"),
        ids=options.get("ids"),
        source_ids=options.get("source_ids"),
        target_lang=options.get("target_lang"),
        source_lang=options.get("source_lang"),
        image=options.get("image"),
        audio=options.get("audio"),
        start=options.get("start"),
        end=options.get("end"),
    )


def _read(model: TrainedModel, text: str | None, options: Options) -> Prompt:
    chat, system = options.get("chat", False), options.get("system")
    if text is not None and model.head.kind == MASK:
        text = _with_own_mask(model, text)
    inputs = _inputs(text, options)
    if model.head.kind == ANSWER and text is not None and inputs.pair is None:
        raise AttnvizError(
            f"{model.name} finds an answer in a passage, and there is none.",
            "Give the question as the text and the passage as `pair`.",
            key="err.finds_answer",
            model=model.name,
        )
    if model.head.kind == NEXT:
        return prompt(model, inputs, chat=chat, system=system)
    if chat or system is not None:
        raise AttnvizError(
            f"{model.name} predicts a {model.head.kind}.",
            "It has no chat.",
            key="err.predicts",
            model=model.name,
            kind=model.head.kind,
        )
    prepared = model.prepare(inputs)
    if model.has_global_tokens and not model.reads_source:  # of a source it is the first token
        prepared = replace(prepared, global_tokens=_global_tokens(model, prepared.text))
    return Prompt(prepared, {})


def _global_tokens(model: TrainedModel, tokens: Tokens) -> tuple[int, ...]:
    """Which tokens see all while a head is asked, as Longformer's heads were trained: the first for
    a class, those before the first separator for an answer, none else."""
    if model.head.kind == CLASS:
        return (0,)
    if model.head.kind == ANSWER:
        return tuple(range(int(np.flatnonzero(tokens.special)[1:2].sum())))
    return ()


def _with_own_mask(model: TrainedModel, text: str) -> str:
    """[MASK] and <mask> are the same to a reader: write the one that the tokenizer knows."""
    tokenizer = model.namer
    known = [m for m in MASKS if tokenizer is not None and tokenizer.token_to_id(m) is not None]
    if known:
        for other in MASKS:
            text = text.replace(other, known[0])
    return text


# Places and what stands there


def _places(
    model: TrainedModel, tokens: Tokens, logits: Floats, at: Sequence[int | str] | None, k: int
) -> tuple[Place, ...]:
    head = model.head
    shares = head.probabilities(logits)
    if head.kind == ANSWER:
        inside = _passage(tokens)
        shares = _within(logits, inside)
        ends = zip(head.labels, shares.T, strict=True)
        return tuple(
            Place(int(column.argmax()), name, _ranked_places(tokens, column, k))
            for name, column in ends
        )
    if head.kind == CLASS:
        where = 0 if head.pool != "last" else len(tokens) - 1
        return (Place(where, tokens.labels[where], _ranked(model, shares[0], k)),)
    return tuple(
        Place(i, tokens.labels[i], _ranked(model, shares[i], k)) for i in _chosen(model, tokens, at)
    )


def _chosen(model: TrainedModel, tokens: Tokens, at: Sequence[int | str] | None) -> list[int]:
    """The places that are asked about."""
    if at is not None:
        return sorted({place for one in at for place in _found(tokens, one)})
    if model.head.kind == NEXT:
        return [len(tokens) - 1]
    if model.head.kind != MASK:
        return [i for i in range(len(tokens)) if not tokens.special[i]]
    masked = mask_ids(model)
    places = [i for i, number in enumerate(tokens.ids.tolist()) if number in masked]
    if not places:
        raise AttnvizError(
            "There is no [MASK] in the text.",
            "Write [MASK] for a word, or name places with `at`.",
            key="err.no_mask",
        )
    return places


def _found(tokens: Tokens, one: int | str) -> list[int]:
    if isinstance(one, int) and not -len(tokens) <= one < len(tokens):
        raise out_of_range("Position", one, 0, len(tokens) - 1)
    return tokens.find(str(one))


def mask_ids(model: TrainedModel) -> set[int]:
    """Return the ids that stand for a masked word, by the tokenizer or the config."""
    tokenizer, given = model.namer, model.config.get("mask_token_id")
    found = [tokenizer.token_to_id(m) for m in MASKS] if tokenizer is not None else []
    return {i for i in (*found, given) if isinstance(i, int)}


def _ranked(model: TrainedModel, shares: Floats, k: int) -> tuple[Candidate, ...]:
    """The k largest shares, by the names of classes or tokens."""
    best = _largest(shares, k)
    labels = model.head.labels
    names = [labels[i] for i in best] if labels else from_ids(best, model.namer).labels
    return tuple((i, name, float(shares[i])) for i, name in zip(best, names, strict=True))


def _ranked_places(tokens: Tokens, shares: Floats, k: int) -> tuple[Candidate, ...]:
    return tuple(
        (i, tokens.labels[i], float(shares[i])) for i in _largest(shares, k) if shares[i] > 0
    )


def _largest(shares: Floats, k: int) -> list[int]:
    k = min(k, len(shares))
    near = np.argpartition(-shares, k - 1)[:k]
    found: list[int] = near[np.argsort(-shares[near], kind="stable")].tolist()
    return found


# Answers


def _passage(tokens: Tokens) -> NDBools:
    """Which tokens belong to the passage: the second text's, without special tokens."""
    if tokens.segments is None:
        return ~tokens.special
    return (tokens.segments > 0) & ~tokens.special


NDBools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def _within(logits: Floats, inside: NDBools) -> Floats:
    """Softmax over the places of the passage: (tokens, 2), 0 outside of it."""
    masked = np.where(inside[:, None], logits.astype(np.float64), -np.inf)
    powers = np.exp(masked - masked.max(axis=0))
    shares: Floats = powers / powers.sum(axis=0)
    return shares


def _spans(tokens: Tokens, logits: Floats, k: int) -> tuple[Span, ...]:
    """The k likeliest spans of the passage: the start's probability times the end's."""
    shares = _within(logits, _passage(tokens))
    pairs = np.triu(np.multiply.outer(shares[:, 0], shares[:, 1]))  # the end is not before
    pairs = pairs - np.triu(pairs, LONGEST_ANSWER)
    best = _largest(pairs.ravel(), k)
    return tuple(
        _span(tokens, *divmod(place, len(tokens)), float(pairs.ravel()[place]))
        for place in best
        if pairs.ravel()[place] > 0
    )


def _span(tokens: Tokens, first: int, last: int, probability: float) -> Span:
    text = tokens.text[tokens.spans[first][0] : tokens.spans[last][1]]
    return Span(text, first, last, probability)


# Continuations


def _continuation(
    model: TrainedModel, prepared: Prepared, places: Sequence[Place], logits: Floats, answer: str
) -> Continuation:
    head = model.head
    if not answer.strip():
        raise AttnvizError(
            "The answer is empty.", "Write at least one word.", key="err.answer_empty"
        )
    if head.labels:
        if head.kind == ANSWER or answer not in head.labels:
            names = ", ".join(head.labels)
            raise AttnvizError(
                f'"{answer}" is not a class of {model.name}.',
                f"It has: {names}.",
                key="err.not_class",
                answer=answer,
                model=model.name,
                names=names,
            )
        number = head.labels.index(answer)
        share = float(np.log(head.probabilities(logits)[0, number]))
        return Continuation(answer, share, ((number, answer, share),))
    ids = _answer_ids(model, prepared.text, answer)
    if head.kind == MASK:
        return _of_mask(model, places, logits, ids, answer)
    whole = np.concatenate([prepared.text.ids, ids])
    longer = replace(prepared, tokens={**prepared.tokens, TEXT: from_ids(whole.tolist())})
    rows = model.run(longer, KeyValueCache().attend)[len(prepared.text) - 1 : -1]
    found = log_softmax(model.logits(rows).astype(np.float64))
    each = [float(found[i, number]) for i, number in enumerate(ids)]
    return _summed(model, ids, each, answer)


def _answer_ids(model: TrainedModel, tokens: Tokens, answer: str) -> list[int]:
    """The ids that the answer has behind the text: cut together where a space lies between."""
    before = tokens.text
    spaced = answer if before[-1:].isspace() or answer[:1].isspace() else f" {answer}"
    alone = encode(model.tokenizer, spaced, special=False).ids.tolist()
    if model.head.kind == MASK or not tokens.spans.any():
        return [int(i) for i in alone]
    both = encode(model.tokenizer, before + spaced, special=True).ids.tolist()
    n = len(tokens)
    return list(both[n:]) if both[:n] == tokens.ids.tolist() and len(both) > n else alone


def _of_mask(
    model: TrainedModel, places: Sequence[Place], logits: Floats, ids: Sequence[int], answer: str
) -> Continuation:
    if len(ids) != len(places):
        raise AttnvizError(
            f'"{answer}" is cut into {len(ids)} tokens, and there are {len(places)} masked places.',
            "Write as many [MASK] as the answer has tokens.",
            key="err.cut_into",
            answer=answer,
            n_tokens=len(ids),
            n=len(places),
        )
    found = log_softmax(logits[[p.position for p in places]].astype(np.float64))
    return _summed(model, ids, [float(found[i, n]) for i, n in enumerate(ids)], answer)


def _summed(
    model: TrainedModel, ids: Sequence[int], each: Sequence[float], answer: str
) -> Continuation:
    labels = from_ids(ids, model.namer).labels
    return Continuation(answer, sum(each), tuple(zip(ids, labels, each, strict=True)))
