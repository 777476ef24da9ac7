"""What a model reads before it writes: a text, a chat, or a source and the start of its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.text import encode
from attnviz.models.model import Inputs, Prepared
from attnviz.models.prepare import language_id, with_picture

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from attnviz.models.trained import TrainedModel


@dataclass(frozen=True, eq=False)
class Prompt:
    """What stands before the first new token.

    parts: where its parts begin and end, of a chat "system" and "prompt". forced_first: the id
    that has to come first, the language that a translation model writes in. notes: what is odd
    about it, a line each.
    """

    prepared: Prepared
    parts: Mapping[str, tuple[int, int]]
    forced_first: int | None = None
    notes: tuple[str, ...] = ()


def prompt(
    model: TrainedModel, inputs: Inputs, *, chat: bool = False, system: str | None = None
) -> Prompt:
    """Read the prompt of a model that writes.

    Raises AttnvizError for an empty prompt, and for what cannot be read together.
    """
    if system is not None and not chat:
        raise AttnvizError(
            "A system text was given, and no chat.", "Add `chat`.", key="err.system_text"
        )
    if model.reads_source:
        if chat:
            raise AttnvizError(
                f"{model.name} is an encoder-decoder, which has no chat.",
                "Leave `chat` out.",
                key="err.encoder_decoder",
                model=model.name,
            )
        return _of_encoder_decoder(model, inputs)
    if model.describes:
        if chat:
            raise AttnvizError(
                f"{model.name} describes pictures.",
                "Leave `chat` out.",
                key="err.describes_pictures",
                model=model.name,
            )
        return _of_picture(model, inputs)
    if chat:
        return _of_chat(model, inputs, system)
    prepared = model.prepare(inputs)
    if inputs.text is not None:
        prepared = _open_ended(prepared)
    return Prompt(prepared, _parts(prepared))


def _parts(prepared: Prepared) -> Mapping[str, tuple[int, int]]:
    """The picture among the words, and what stands before and behind it; or all as one."""
    n = len(prepared.text)
    shorter = {name: (first, min(stop, n)) for name, (first, stop) in prepared.parts.items()}
    return {name: span for name, span in shorter.items() if span[0] < span[1]} or {"prompt": (0, n)}


def _open_ended(prepared: Prepared) -> Prepared:
    """Leave out the token that the tokenizer put behind the text: the text goes on."""
    tokens = prepared.text
    if len(tokens) < 2 or not tokens.special[-1]:
        return prepared
    kept = tokens.at(np.arange(len(tokens) - 1))
    return replace(prepared, tokens={**prepared.tokens, "text": kept})


def _of_chat(model: TrainedModel, inputs: Inputs, system: str | None) -> Prompt:
    """Put the text into the folder's chat template, as the user's message."""
    from attnviz.models.checkpoint.chat import render_chat

    if inputs.text is None:
        raise AttnvizError(
            "A chat needs a text, and ids were given.", "Give the text.", key="err.chat_needs"
        )
    messages = [] if system is None else [{"role": "system", "content": system}]
    text = inputs.require_text()
    content: object = text
    if inputs.image is not None:
        content = [{"type": "image"}, {"type": "text", "text": text}]
    whole = render_chat(model.checkpoint, [*messages, {"role": "user", "content": content}])
    if inputs.image is not None:
        whole, _ = with_picture(model, whole, model.tokenizer)
    tokens = encode(model.tokenizer, whole, special=False)
    if inputs.image is not None:
        prepared = model.prepare(replace(inputs, text=None, ids=tokens.ids.tolist()))
        return Prompt(prepared, _parts(prepared))
    prepared = model.prepare(replace(inputs, text=None, ids=tokens.ids.tolist()))
    prepared = replace(prepared, tokens={**prepared.tokens, "text": tokens})
    begins = whole.rfind(text)
    first = next((i for i, (_, stop) in enumerate(tokens.spans.tolist()) if stop > begins), 0)
    parts = {"system": (0, first), "prompt": (first, len(tokens))}
    notes = tuple(_typed_marks(model.tokenizer, f"{system or ''}\n{text}"))
    return Prompt(prepared, parts if first else {"prompt": (0, len(tokens))}, notes=notes)


def _typed_marks(tokenizer: Tokenizer, text: str) -> Iterator[str]:
    """Name the marks of a chat that stand in the text itself: they end it early, or begin another
    speaker's."""
    added = tokenizer.get_added_tokens_decoder().values()
    marks = sorted({t.content for t in added if t.special and t.content and t.content in text})
    if marks:
        named = ", ".join(f'"{mark}"' for mark in marks)
        yield f"The text has {named}: the model reads that as a mark of the chat, not as words."


def _of_encoder_decoder(model: TrainedModel, inputs: Inputs) -> Prompt:
    """The source for the encoder, and for the decoder its start token and what is given."""
    if inputs.source is None and inputs.source_ids is None:  # the text is what there is to read
        inputs = replace(
            inputs, text=None, ids=None, source=inputs.text, source_ids=inputs.ids
        )  # fmt: skip
    begun: Sequence[int] = inputs.ids or ()
    if inputs.text is not None:
        begun = encode(model.tokenizer, inputs.text, special=False).ids.tolist()
    ids = begun if inputs.ids is not None else [start_of(model), *begun]
    forced = None
    if inputs.target_lang is not None:
        forced = language_id(model.tokenizer, inputs.target_lang)
    fed = replace(inputs, text=None, ids=ids, target_lang=None)
    prepared = model.prepare(fed)
    return Prompt(prepared, {"prompt": (0, len(ids))}, forced)


def _of_picture(model: TrainedModel, inputs: Inputs) -> Prompt:
    """The picture for the encoder, and for the decoder its start token and what is given."""
    ids: Sequence[int] = inputs.ids or [start_of(model)]
    if inputs.text is not None:
        ids = [*ids, *encode(model.tokenizer, inputs.text, special=False).ids.tolist()]
    prepared = model.prepare(replace(inputs, text=None, ids=ids))
    return Prompt(prepared, {"prompt": (0, len(ids))})


def start_of(model: TrainedModel) -> int:
    """Return the token that a decoder begins with; AttnvizError where nothing says which."""
    asked = model.generation
    for start in (asked.decoder_start_token_id, asked.bos_token_id):
        if start is not None:
            return start
    raise AttnvizError(
        f"{model.name} does not say which token its decoder begins with.",
        "Give it as `ids`, and a `source`.",
        key="err.does_not_say_token_decoder",
        model=model.name,
    )
