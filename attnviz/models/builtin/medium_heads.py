"""One layer of constructed heads over a picture or a sound, and from words at one of them.

For features X (patches or frames, width) a head has real matrices W_Q, W_K and W_V such that
softmax(X W_Q (X W_K)ᵀ / sqrt(head_dim)) looks where the head's name says. Nothing is trained.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from attnviz.attention.masks import full
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.text import tokenize
from attnviz.inputs.tokens import Tokens
from attnviz.models.builtin.heads import SHARPNESS, check_n_heads
from attnviz.models.builtin.parts import Floats, Parts, Plan, joined
from attnviz.models.model import (
    TEXT,
    Attend,
    Inputs,
    Layout,
    Prepared,
    StackShape,
    stack_shapes,
)


@dataclass(frozen=True)
class Head:
    """One head: its name and its matrices W_Q (queries' width, head_dim) and W_K (width,
    head_dim). W_V copies the value's part of the features."""

    name: str
    w_query: Floats
    w_key: Floats


@dataclass(frozen=True)
class Medium:
    """What such heads look at.

    role: whose tokens the keys are. reads: what belongs to it beside words. head_dim: of every
    head. parts, word_parts: of a row of its features, and of a word's. word_features: (words, width
    of a word's features) of a text. value: the part of the features that values are copies of.
    """

    role: str
    called: str
    reads: frozenset[str]
    head_dim: int
    parts: Parts
    word_parts: Parts
    word_features: Callable[[Tokens], Floats]
    value: str


@dataclass(frozen=True)
class MediumHeads(ABC):
    """One layer of heads over a medium, or from a text at it."""

    heads: tuple[Head, ...]
    crosses: bool  # from words at patches or frames

    medium: ClassVar[Medium]
    notes = ()
    name = "builtin"
    origin = "constructed"
    any_type = True  # nothing was trained, so no mask is more its own than another

    @abstractmethod
    def open(self, inputs: Inputs) -> tuple[Tokens, Floats]:
        """Return the tokens of what was given, and their features (tokens, width)."""

    @property
    def type(self) -> str:
        """Over the medium self-attention, from a text at it cross-attention."""
        return "cross" if self.crosses else "self"

    @property
    def reads(self) -> frozenset[str]:
        """The medium, and from words at it a text too."""
        return self.medium.reads | ({"text", "tokenizer"} if self.crosses else set())

    @property
    def details(self) -> Mapping[str, Any]:
        """Nothing that the name does not say."""
        return {}

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Its one stack."""
        n, names = len(self.heads), tuple(head.name for head in self.heads)
        role, head_dim = self.medium.role, self.medium.head_dim
        queries, stack = (TEXT, "cross") if self.crosses else (role, "self")
        return {stack: Layout(n, n, head_dim, (full(),), queries, role, names)}

    def prepare(self, inputs: Inputs) -> Prepared:
        """Open the medium and cut it into patches or frames; cut the text into words."""
        role, called = self.medium.role, self.medium.called
        inputs.refuse_unread(self.reads, f"the {self.name} heads over a {called}")
        if getattr(inputs, role) is None:
            raise AttnvizError(f"There is no {called}.", "Give one.", key="err.no", called=called)
        keys, features = self.open(inputs)
        tokens, tokenizer = {role: keys}, None
        if self.crosses:
            tokenizer = inputs.tokenizer or "words"
            tokens = {TEXT: tokenize(inputs.require_text(), tokenizer)} | tokens
        return Prepared(tokens, {role: features}, tokenizer=tokenizer)

    def stacks(self, prepared: Prepared) -> dict[str, StackShape]:
        """Return the one stack."""
        return stack_shapes(self.layouts, prepared.tokens)

    def run(self, prepared: Prepared, attend: Attend) -> Floats:
        """Attend from the patches or frames, or from the words, to the patches or frames.

        Returns (queries, width of the features) float32: the mean of the values that were seen.
        """
        medium = self.medium
        y = prepared.features[medium.role].astype(np.float32, copy=False)  # (keys, width)
        x = medium.word_features(prepared.text) if self.crosses else y
        ((stack, _),) = self.stacks(prepared).items()
        n, w_value = len(self.heads), medium.parts.take(medium.value)
        w_output = np.tile(w_value.T / np.float32(n), (n, 1))  # (heads × value, width)
        query = np.stack([x @ head.w_query for head in self.heads])
        key = np.stack([y @ head.w_key for head in self.heads])
        value = np.stack([y @ w_value] * n)
        output = attend(stack, query, key, value, mask=full(), w_output=w_output)
        merged: Floats = np.concatenate(list(output), axis=1) @ w_output
        return merged


def plan_heads(
    plans: tuple[Plan, ...], n_heads: int, medium: Medium, *, cross: bool
) -> tuple[Head, ...]:
    """Make the first `n_heads` of the plans; past the end of the list they come again, blunter and
    sharper by turns. AttnvizError unless 1 … 64 heads."""
    check_n_heads(n_heads)
    queries = medium.word_parts if cross else medium.parts
    widths = queries.width, medium.parts.width
    made = []
    for i in range(n_heads):
        plan, sharpness = plans[i % len(plans)], SHARPNESS[i // len(plans) % len(SHARPNESS)]
        name = plan.name + ("" if sharpness == 1 else f" ×{sharpness:g}")
        made.append(Head(name, *joined(plan.terms(), widths, medium.head_dim, sharpness)))
    return tuple(made)
