"""The contract of every model: it reads inputs, and sends its attention through one door.

What a model reads has a role: "text", "source" (what an encoder reads while its decoder is fed the
text), "image", "audio". Each stack looks from the tokens of one role at the tokens of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.attention.prepare import Bias
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError
from attnviz.files.tensors import Array
from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens

Floats = NDArray[np.floating[Any]]
TEXT, SOURCE, IMAGE, AUDIO = "text", "source", "image", "audio"
MATTER = (TEXT, IMAGE, AUDIO)  # one of them is what a model is about


class Attend(Protocol):
    """The door for attention: a recorder's, or a function around another door.

    query: (heads, queries, head_dim); key and value: (heads or fewer, keys, …). mask to sinks: as
    in `scaled_dot_product_attention`. w_output: (heads × value_dim, width), what the model merges
    the heads with; None where it has two kinds of values. Layers of a stack come in their order.
    Returns the output (heads, queries, value_dim).
    """

    def __call__(
        self,
        stack: str,
        query: Floats,
        key: Floats,
        value: Floats,
        /,
        *,
        layer: int = 0,
        mask: Rule | None = None,
        bias: Bias | None = None,
        scale: float | None = None,
        softcap: float | None = None,
        sinks: ArrayLike | None = None,
        w_output: Array | None = None,
    ) -> Floats:
        """Attend from the queries to the keys of one layer of a stack."""


def _argument(name: str) -> str:
    """A text is no option on the command line, as all else is."""
    return "a text" if name == TEXT else f"`{name}`"


@dataclass(frozen=True)
class Layout:
    """One stack of a model before it reads anything: its heads, and the mask of each layer.

    queries, keys: the roles of the tokens that it looks from and at. has_global_tokens: some
    tokens, chosen for each run, see all and are seen by all beside the masks. has_sinks: each head
    has a learned sink, to which a part of every row goes that no token has. sizes: key heads and
    head_dim of each layer, where they differ; else those of all. numbers: of its layers in the
    checkpoint, where some layers have no attention and are not in the stack.
    """

    n_heads: int
    n_key_heads: int
    head_dim: int
    masks: tuple[Rule, ...]
    queries: str = TEXT
    keys: str = TEXT
    head_names: tuple[str, ...] = ()
    has_global_tokens: bool = False
    has_sinks: bool = False
    sizes: tuple[tuple[int, int], ...] = ()
    numbers: tuple[int, ...] = ()

    @property
    def n_layers(self) -> int:
        """Layers in the stack."""
        return len(self.masks)

    @property
    def each_size(self) -> tuple[tuple[int, int], ...]:
        """Key heads and head_dim of each layer."""
        return self.sizes or ((self.n_key_heads, self.head_dim),) * self.n_layers

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The number of each layer in the checkpoint."""
        return self.numbers or tuple(range(self.n_layers))


@dataclass(frozen=True)
class StackShape:
    """A stack before it is recorded: the tokens of its queries and of its keys, and its layout."""

    queries: Tokens
    keys: Tokens
    layout: Layout

    @property
    def n_layers(self) -> int:
        """Layers in the stack."""
        return self.layout.n_layers

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The number of each layer in the checkpoint."""
        return self.layout.layer_numbers

    @property
    def n_heads(self) -> int:
        """Heads of each layer."""
        return self.layout.n_heads

    @property
    def head_names(self) -> tuple[str, ...]:
        """What the heads are called; empty where they have numbers only."""
        return self.layout.head_names

    @property
    def masks(self) -> tuple[Rule, ...]:
        """The model's own mask of each layer."""
        return self.layout.masks


def stack_shapes(
    layouts: Mapping[str, Layout], tokens: Mapping[str, Tokens]
) -> dict[str, StackShape]:
    """Give each stack the tokens of its roles; leave out a stack whose roles are not all there."""
    return {
        name: StackShape(tokens[layout.queries], tokens[layout.keys], layout)
        for name, layout in layouts.items()
        if layout.queries in tokens and layout.keys in tokens
    }


@dataclass(frozen=True)
class Inputs:
    """What a user gives a model to read, and how it is to be read; `trace` explains each field."""

    text: str | None = None
    pair: str | None = None
    source: str | None = None
    ids: Sequence[int] | None = None
    source_ids: Sequence[int] | None = None
    image: str | Path | None = None
    audio: str | Path | None = None
    start: float | None = None
    end: float | None = None
    tokenizer: str | None = None
    target_lang: str | None = None
    source_lang: str | None = None
    truncate: bool = False
    n_prompt: int | None = None

    def refuse_unread(self, reads: frozenset[str], whose: str) -> None:
        """Raise AttnvizError for what was given and cannot be read."""
        needs = [_argument(name) for name in MATTER if name in reads]
        for each in fields(self):
            given = getattr(self, each.name)
            if each.name not in reads and given is not None and given is not False:
                what = _argument(each.name).capitalize()
                is_matter = each.name in MATTER and needs
                hint = (
                    f"Give it {' or '.join(needs)}."
                    if is_matter
                    else "It is for checkpoints that can use it."
                )
                raise AttnvizError(
                    f"{what} does not apply to {whose}.",
                    hint,
                    key="err.no_use",
                    what=what,
                    whose=whose,
                    todo=hint,
                )

    def require_text(self) -> str:
        """Return the text; AttnvizError if there is none."""
        if self.text is None:
            raise AttnvizError("There is no text.", "Give one.", key="err.no_text_one")
        return self.text


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a model runs on: the tokens of each role, and arrays beside them.

    features: what is not ids, by role: the pixels of an image, the log-mel frames of a sound.
    cut_to: the positions that inputs were cut to; None where nothing was cut. global_tokens: the
    positions that see all, for stacks that have such tokens. tokenizer: which one cut the texts,
    where the model has none of its own. seed: what the model's weights were drawn with. notes:
    what is odd about the inputs, a line each. n_prompt: how many tokens of the text the model did
    not write itself; None where it wrote none. shift: how much further on the positions of a
    continued text are than its tokens, for those of a picture share some. parts: where a picture
    among the words, and what stands before and behind it, begin and end.
    """

    tokens: Mapping[str, Tokens]
    features: Mapping[str, Floats] = field(default_factory=dict)
    cut_to: int | None = None
    global_tokens: tuple[int, ...] = (0,)
    tokenizer: str | None = None
    seed: int | None = None
    notes: tuple[str, ...] = ()
    n_prompt: int | None = None
    shift: int = 0
    parts: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def text(self) -> Tokens:
        """The tokens of the text that the model is fed."""
        return self.tokens[TEXT]


class Model(Protocol):
    """What runs: built-in heads and checkpoints alike."""

    @property
    def name(self) -> str:
        """What the reader calls it."""

    @property
    def origin(self) -> str:
        """Where its weights come from: "constructed", "random" or "trained"."""

    @property
    def details(self) -> Mapping[str, Any]:
        """What a record says of it beside its name: JSON-ready."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What somebody who looks at its attention should know, a line each."""

    @property
    def type(self) -> str:
        """Its own type of attention, where the reader names none."""

    @property
    def any_type(self) -> bool:
        """Whether every type of attention is as much its own: it was not trained with a mask."""

    @property
    def reads(self) -> frozenset[str]:
        """The fields of `Inputs` that it can use."""

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """The stacks that it can have, before it reads anything."""

    def prepare(self, inputs: Inputs) -> Prepared:
        """Turn inputs into tokens. Raises AttnvizError for inputs that it cannot run on."""

    def stacks(self, prepared: Prepared) -> dict[str, StackShape]:
        """Return the stacks that a run on these tokens has."""

    def run(self, prepared: Prepared, attend: Attend) -> Floats:
        """Run, each layer attending through `attend`; return the final hidden state
        (tokens, width)."""
