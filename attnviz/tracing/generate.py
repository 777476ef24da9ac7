"""Text token by token, and then one pass over all of it through the recorder.

While it writes, a model goes through a cache and nothing is recorded but each choice; the record
of the whole text comes from a run like any other, so every view and measure holds for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any, TypedDict, Unpack

import numpy as np

from attnviz.digits import grouped
from attnviz.errors import AttnvizError, known_arguments
from attnviz.inputs.text import from_ids, from_written
from attnviz.inputs.tokenizer_size import within
from attnviz.inputs.tokens import Tokens
from attnviz.models import USUAL_WRITER, load_writer
from attnviz.models.checkpoint.generation import (
    USUAL_NEW_TOKENS,
    Generation,
)
from attnviz.models.model import SOURCE, Inputs, Prepared
from attnviz.models.network.prediction_head import NEXT
from attnviz.models.prompt import prompt
from attnviz.models.trained import TrainedModel
from attnviz.record.record import AttentionRecord
from attnviz.tracing.memory import default_budget
from attnviz.tracing.processors import processors
from attnviz.tracing.search import Choice, Search, choices
from attnviz.tracing.trace import trace
from attnviz.tracing.writer import ModelWriter

SAMPLING = ("temperature", "top_k", "top_p", "min_p")
HALF = {"F32", "F64", "F16", "BF16"}
# A checkpoint of n bytes writes within 1.3 n + 300 MiB: what is left beside the program (about 130
# MiB) and the file. A copy of two bytes more than the file's lets go of the file's own two.
COPIES_OF_FILE, MORE_COPIES = 0.6, 320 << 20  # of its bytes, and bytes


class Options(TypedDict, total=False):
    """How to write; `generate` tells of each."""

    ids: Sequence[int] | None
    source: str | None
    image: str | Path | None
    source_ids: Sequence[int] | None
    source_lang: str | None
    target_lang: str | None
    chat: bool
    system: str | None
    max_new_tokens: int | None
    min_new_tokens: int | None
    num_beams: int | None
    do_sample: bool | None
    temperature: float | None
    top_k: int | None
    top_p: float | None
    min_p: float | None
    repetition_penalty: float | None
    no_repeat_ngram_size: int | None
    length_penalty: float | None
    early_stopping: bool | str | None
    seed: int


@dataclass(frozen=True)
class Step:
    """One written token. probability: by the model's own logits, before penalties and sampling.
    alternatives: the five likeliest others, (id, label, probability), the likeliest first."""

    id: int
    label: str
    probability: float
    alternatives: tuple[tuple[int, str, float], ...]


@dataclass(frozen=True, eq=False)
class Generated:
    """What a model wrote. ids, text: what is new. prompt: the tokens before it, and prompt_parts
    where its parts begin ("system", "prompt"). seconds: from the prompt, once it was read, to the
    last token. interrupted: whether somebody stopped it. notes: what is odd about the prompt, a
    line each."""

    ids: list[int]
    text: str
    steps: tuple[Step, ...]
    prompt: Tokens
    prompt_parts: Mapping[str, tuple[int, int]]
    seconds: float
    interrupted: bool
    notes: tuple[str, ...]
    _model: TrainedModel = field(repr=False)
    _prepared: Prepared = field(repr=False)
    _trace: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def record(self) -> AttentionRecord:
        """One pass over prompt and text through the recorder, made when it is first asked for."""
        return self.recorded()

    def recorded(self, **how: Any) -> AttentionRecord:
        """Run once over prompt and text; `how` as in `trace` (max_memory, transform …)."""
        source = self._prepared.tokens.get(SOURCE)
        if self._model.image_token is not None:
            how = {"n_prompt": len(self.prompt), **how}
        found = trace(
            ids=[*self.prompt.ids.tolist(), *self.ids],
            source_ids=None if source is None else source.ids.tolist(),
            model=self._model,
            **{**self._trace, **how},
        )
        settings = replace(
            found.settings,
            prompt=len(self.prompt),
            prompt_parts=self.prompt_parts,
            steps=tuple(asdict(step) for step in self.steps),
        )
        return _with_texts(replace(found, settings=settings), [*self._tokens()])

    def _tokens(self) -> Iterator[Tokens]:
        """The tokens of the text and of its source, with their places in them."""
        tokenizer, source = self._model.namer, self._prepared.tokens.get(SOURCE)
        if tokenizer is not None:
            found = from_written([*self.prompt.ids.tolist(), *self.ids], tokenizer)
            yield _with_patches(found, self.prompt, self._model.image_token)
        if source is not None:
            yield source

    @property
    def tokens_per_second(self) -> float:
        """How many tokens were written in a second, without the prompt."""
        return (len(self.ids) - 1) / self.seconds if self.seconds and len(self.ids) > 1 else 0.0


@known_arguments(*Options.__annotations__)
def generate(
    text: str | None = None, *, model: str | Path | TrainedModel = USUAL_WRITER,
    stream: Callable[[str], object] | None = None, max_memory: int | None = None,
    **options: Unpack[Options],
) -> Generated:  # fmt: skip
    """Let a checkpoint go on from `text`, token by token; the names are those of transformers.

    model: "smollm2" unless given; the folder of a checkpoint, its id on the hub, or what
        `load_model` gave.
    ids: ready token ids in place of the text.
    source, source_ids: what an encoder reads; `text` is then the beginning of what is written. An
        encoder-decoder without a source reads `text` itself.
    image: a picture to write about, for a model that looks at one; `text` is then the beginning.
    source_lang, target_lang: of translation models ("eng_Latn", "ary_Arab").
    chat, system: put the text (and instructions before it) into the folder's chat template.
    max_new_tokens: 20 unless the checkpoint says another number.
    num_beams: 1 takes the likeliest token each time; more search over that many texts.
    temperature, top_k, top_p, min_p: draw tokens, with `seed`; each alone turns it on, and the
        others are as in generation_config.json, which is read for all that is not given.
    repetition_penalty, no_repeat_ngram_size, length_penalty: as in transformers.
    stream: given the text as it comes. Ctrl-C ends the text where it is.
    max_memory: bytes that float32 copies of narrower weights may take, and the record's weights.

    Raises AttnvizError for a model without a head for the next token, a prompt that leaves no
    room, and anything else that does not fit together.
    """
    opened = load_writer(model)
    _check_head(opened)
    chat, system = options.get("chat", False), options.get("system")
    with within(max_memory):
        begun = prompt(opened, _inputs(text, options), chat=chat, system=system)
    asked = _asked(opened, options, begun.forced_first)
    n_new = room_for(opened, len(begun.prepared.text), asked)
    search = _search(asked, begun.prepared, n_new, options.get("seed", 0))
    quick = opened.widened(room_for_copies(opened) if max_memory is None else max_memory)
    written = _write(search, quick, begun.prepared, stream)
    return Generated(
        [each.id for each in written.choices],
        _text(opened, [each.id for each in written.choices]),
        tuple(_step(opened, each) for each in written.choices),
        begun.prepared.text,
        begun.parts,
        written.seconds,
        written.interrupted,
        begun.notes,
        opened,
        begun.prepared,
        {"max_memory": max_memory, "image": options.get("image")},
    )


def _inputs(text: str | None, options: Options) -> Inputs:
    """What the model reads before it writes."""
    return Inputs(
        text,
        source=options.get("source"),
        image=options.get("image"),
        ids=options.get("ids"),
        source_ids=options.get("source_ids"),
        target_lang=options.get("target_lang"),
        source_lang=options.get("source_lang"),
    )


def _with_texts(record: AttentionRecord, texts: Sequence[Tokens]) -> AttentionRecord:
    """Put tokens that know their places in a text where a run on ids had those that do not."""

    def known(tokens: Tokens) -> Tokens:
        return next((t for t in texts if np.array_equal(t.ids, tokens.ids)), tokens)

    stacks = {
        name: replace(
            stack, query_tokens=known(stack.query_tokens), key_tokens=known(stack.key_tokens)
        )
        for name, stack in record.stacks.items()
    }
    return replace(record, stacks=stacks)


def _with_patches(whole: Tokens, prompt: Tokens, image_token: int | None) -> Tokens:
    """Call the patches among the words of a prompt what the prompt calls them."""
    if image_token is None:
        return whole
    labels, pieces, special = list(whole.labels), list(whole.pieces), whole.special.copy()
    for i in np.flatnonzero(prompt.ids == image_token).tolist():
        labels[i] = pieces[i] = prompt.labels[i]
        special[i] = False
    return replace(whole, labels=tuple(labels), pieces=tuple(pieces), special=special)


def _check_head(model: TrainedModel) -> None:
    if model.head.kind != NEXT:
        raise AttnvizError(
            f"{model.name} predicts a {model.head.kind}, and not the next token.",
            "Ask it with `attnviz predict`, or take a model that writes.",
            key="err.predicts_not",
            model=model.name,
            kind=model.head.kind,
        )


def _asked(model: TrainedModel, options: Options, forced_first: int | None) -> Generation:
    """What the checkpoint says, changed by what was given."""
    of_model = model.generation
    names = {name for name in Generation.__dataclass_fields__ if name in options}
    given = {name: value for name, value in options.items() if name in names}
    samples = options.get("do_sample")
    if samples is None:
        samples = any(options.get(name) is not None for name in SAMPLING)
    elif not samples and any(options.get(name) is not None for name in SAMPLING):
        raise AttnvizError(
            "`do_sample` is false, and `temperature`, `top_k`, `top_p` or `min_p` was given.",
            "Leave them out, or sample.",
            key="err.do_sample",
        )
    asked = of_model.with_changes(**(given | {"do_sample": samples}))
    if forced_first is not None:
        asked = asked.with_changes(forced_bos_token_id=forced_first)
    longest = asked.max_new_tokens
    if longest is not None and asked.min_new_tokens > longest:
        raise AttnvizError(
            f"`min_new_tokens` is {asked.min_new_tokens} and `max_new_tokens` {longest}.",
            "The first must not be larger.",
            key="err.min_new",
            min_new_tokens=asked.min_new_tokens,
            longest=longest,
        )
    return asked


def room_for(model: TrainedModel, n_prompt: int, asked: Generation) -> int:
    """Return how many new tokens are written at most; AttnvizError where the prompt leaves no room,
    or less than was asked for."""
    wanted = asked.max_new_tokens
    if wanted is None and asked.max_length is not None:
        wanted = max(asked.max_length - n_prompt, 0) or None
    limit = model.n_positions
    fit = None if limit is None else limit - n_prompt
    if fit is not None and fit < (asked.max_new_tokens or 1):
        assert limit is not None
        more = f"{grouped(fit)} new tokens fit" if fit > 0 else "no new token fits"
        raise AttnvizError(
            f"The prompt has {grouped(n_prompt)} tokens and {model.name} has positions for "
            f"{grouped(limit)}: {more}.",
            "Give a shorter prompt." if fit <= 0 else f"Ask for `max_new_tokens` {fit} at most.",
            key="err.prompt_some" if fit > 0 else "err.prompt_none",
            n_tokens=n_prompt,
            model=model.name,
            limit=limit,
            fit=fit,
        )
    found = USUAL_NEW_TOKENS if wanted is None else wanted
    return found if fit is None else min(found, fit)


def room_for_copies(model: TrainedModel) -> int:
    """Return how many bytes of float32 copies are made unless somebody says: what is packed is
    slow to unpack for every token, what is in half precision less so."""
    if set(model.dtypes) <= HALF:
        n_bytes = sum(entry.n_bytes for entry in model.tensors.values())
        return min(int(COPIES_OF_FILE * n_bytes) + MORE_COPIES, default_budget())
    return default_budget()


def _search(asked: Generation, prepared: Prepared, n_new: int, seed: int) -> Search:
    ids, source = prepared.text.ids, prepared.tokens.get(SOURCE)
    longest = len(ids) + n_new
    of_source = [] if source is None else source.ids.tolist()
    listed = processors(asked, len(ids), longest, of_source)
    return Search(asked, ids, longest, listed, np.random.default_rng(seed))


@dataclass
class _Written:
    """The tokens so far."""

    choices: list[Choice] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False


@dataclass
class _Stream:
    """Gives somebody the text as it comes, each character once and whole."""

    model: TrainedModel
    give: Callable[[str], object] | None
    given: str = ""

    def tell(self, chosen: Sequence[Choice], *, last: bool = False) -> None:
        """Give what is new; all of it where nothing more comes."""
        if self.give is None:
            return
        text = _text(self.model, [each.id for each in chosen])
        whole = last or not text.endswith("\ufffd")  # a character of which some bytes are missing
        if whole and text.startswith(self.given) and text != self.given:
            new, self.given = text[len(self.given) :], text
            self.give(new)


def _write(
    search: Search, model: TrainedModel, prepared: Prepared, give: Callable[[str], object] | None
) -> _Written:
    """Choose tokens until the end, or until somebody presses Ctrl-C; what is there is kept."""
    written, stream = _Written(), _Stream(model, give)
    try:
        writer = ModelWriter(model, prepared)
        began = perf_counter()  # a search over beams gives all of its tokens at its end
        for choice in choices(search, writer):
            written.choices.append(choice)
            written.seconds = perf_counter() - began
            stream.tell(written.choices)
    except KeyboardInterrupt:
        written.interrupted = True
        if not written.choices:
            raise
    stream.tell(written.choices, last=True)
    return written


def _text(model: TrainedModel, ids: Sequence[int]) -> str:
    """The text of ids without special tokens; their numbers where the model has no tokenizer."""
    tokenizer = model.namer
    if tokenizer is None:
        return " ".join(map(str, ids))
    return str(tokenizer.decode(list(ids), skip_special_tokens=True))


def _step(model: TrainedModel, choice: Choice) -> Step:
    ids = [choice.id, *(i for i, _ in choice.others)]
    labels = from_ids(ids, model.namer).labels
    others = zip(choice.others, labels[1:], strict=True)
    return Step(
        choice.id, labels[0], choice.probability, tuple((i, label, p) for (i, p), label in others)
    )
