"""Heads whose query, key and value matrices are constructed to do one known thing each.

Nothing is trained and nothing is downloaded: for features X (tokens, WIDTH) a head has real
matrices W_Q, W_K and W_V such that softmax(X W_Q (X W_K)ᵀ / sqrt(head_dim)) looks where the
head's name says, on any text in any script. `random` heads stand beside them, to show what a
layer looks like before it has learned anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.masks import full
from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.text import tokenize
from attnviz.inputs.tokens import Tokens
from attnviz.models.builtin.features import (
    CONTENT,
    FREQUENCIES,
    PARTS,
    RELATIVE_FREQUENCIES,
    WIDTH,
    features,
    part,
)
from attnviz.models.builtin.parts import Floats, Plan, Term, joined, rotated
from attnviz.models.model import (
    SOURCE,
    TEXT,
    Attend,
    Inputs,
    Layout,
    Prepared,
    StackShape,
    stack_shapes,
)

HEAD_DIM = 64
VALUE_DIM = CONTENT
MOST_HEADS = 64
LISTED = 10  # so many heads read texts of any length; more of them are the same ones again
MOST_ROWS = 1 << 18  # of queries, in all of more heads than that: a minute's work

# Beyond the list the same heads come again, less and more decided.
SHARPNESS = (1.0, 0.5, 2.0, 0.25, 4.0, 0.125, 8.0, 0.0625)

Waves = NDArray[np.float64]  # one number per frequency


@dataclass(frozen=True)
class Head:
    """One head: its name and its matrices W_Q, W_K (WIDTH, HEAD_DIM), W_V (WIDTH, VALUE_DIM)."""

    name: str
    w_query: Floats
    w_key: Floats
    w_value: Floats


@dataclass(frozen=True)
class HeadsModel:
    """One layer of such heads, over one text or from one text at another."""

    name: str
    origin: str  # "constructed" or "random"
    heads: tuple[Head, ...]
    w_output: Floats  # (heads × VALUE_DIM, WIDTH)
    seed: int | None = None

    notes = ()
    type = "self"
    any_type = True  # nothing was trained, so no mask is more its own than another
    reads = frozenset({"text", "source", "tokenizer"})

    @property
    def details(self) -> Mapping[str, Any]:
        """Nothing that the name does not say."""
        return {}

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """A stack over one text, and one from one text at another."""
        names = tuple(head.name for head in self.heads)
        n = len(names)
        return {
            "self": Layout(n, n, HEAD_DIM, (full(),), TEXT, TEXT, names),
            "cross": Layout(n, n, HEAD_DIM, (full(),), TEXT, SOURCE, names),
        }

    def prepare(self, inputs: Inputs) -> Prepared:
        """Cut the text, and the source where there is one, into words, characters, bytes or the
        tokens of a tokenizer.json."""
        inputs.refuse_unread(self.reads, f"the {self.name} heads")
        tokenizer = inputs.tokenizer or "words"
        tokens = {TEXT: tokenize(inputs.require_text(), tokenizer)}
        if inputs.source is not None:
            tokens[SOURCE] = tokenize(inputs.source, tokenizer, "source")
        _check_rows(len(self.heads), max(map(len, tokens.values())))
        return Prepared(tokens, tokenizer=tokenizer, seed=self.seed)

    def stacks(self, prepared: Prepared) -> dict[str, StackShape]:
        """Return the one stack: "cross" where there is a source, else "self"."""
        found = stack_shapes(self.layouts, prepared.tokens)
        return {"cross": found["cross"]} if "cross" in found else found

    def run(self, prepared: Prepared, attend: Attend) -> Floats:
        """Attend from the text to the source, or to itself.

        Returns (tokens, WIDTH) float32: the heads' outputs side by side, merged by W_O.
        """
        ((stack, shape),) = self.stacks(prepared).items()
        projected = self._project(shape.queries, shape.keys)
        output = attend(stack, *projected, mask=full(), w_output=self.w_output)
        merged: Floats = np.concatenate(list(output), axis=1) @ self.w_output  # (n, WIDTH)
        return merged

    def _project(self, tokens: Tokens, source: Tokens) -> tuple[Floats, Floats, Floats]:
        """Queries (heads, n, HEAD_DIM), keys (heads, m, HEAD_DIM), values (heads, m, VALUE_DIM)."""
        y = features(source)  # (m, WIDTH)
        # Random heads are given no hint of the other text: what they see in it is chance.
        beside = source if self.origin == "constructed" else None
        x = y if source is tokens else features(tokens, beside)  # (n, WIDTH)
        return (
            np.stack([x @ head.w_query for head in self.heads]),
            np.stack([y @ head.w_key for head in self.heads]),
            np.stack([y @ head.w_value for head in self.heads]),
        )


def builtin(n_heads: int, *, cross: bool = False) -> HeadsModel:
    """Make the first `n_heads` constructed heads; past the end of the list they come again, blunter
    and sharper by turns. AttnvizError unless 1 <= n_heads <= 64."""
    check_n_heads(n_heads)
    plans = CROSS_HEADS if cross else SELF_HEADS
    heads = [
        _head(plans[i % len(plans)], SHARPNESS[i // len(plans) % len(SHARPNESS)])
        for i in range(n_heads)
    ]
    copy_back = np.zeros((VALUE_DIM, WIDTH), dtype=np.float32)
    copy_back[:, part("content")] = np.eye(CONTENT) / n_heads  # W_O: the mean of what heads saw
    return HeadsModel("builtin", "constructed", tuple(heads), np.tile(copy_back, (n_heads, 1)))


def random(n_heads: int, seed: int) -> HeadsModel:
    """Draw heads with random projections, as before any training.

    Raises AttnvizError unless 1 <= n_heads <= 64.
    """
    check_n_heads(n_heads)
    if seed < 0:
        raise AttnvizError(
            f"The seed is {seed}.", "It must be 0 or more.", key="err.seed", seed=seed
        )
    generator = np.random.default_rng(seed)
    # The features' squares sum to about 27; this spread makes queries and keys of unit variance.
    spread = np.float32(1 / np.sqrt(27))

    def draw(rows: int, columns: int) -> Floats:
        return generator.standard_normal((rows, columns), dtype=np.float32) * spread

    heads = tuple(
        Head(f"random {i}", draw(WIDTH, HEAD_DIM), draw(WIDTH, HEAD_DIM), draw(WIDTH, VALUE_DIM))
        for i in range(n_heads)
    )
    return HeadsModel("random", "random", heads, draw(n_heads * VALUE_DIM, WIDTH), seed)


def check_n_heads(n_heads: int) -> None:
    """Raise AttnvizError unless 1 <= n_heads <= 64."""
    if not 1 <= n_heads <= MOST_HEADS:
        raise AttnvizError(
            f"`heads` is {n_heads}.",
            f"Choose a number from 1 to {MOST_HEADS}.",
            key="err.heads",
            value=n_heads,
            most_heads=MOST_HEADS,
        )


def _check_rows(n_heads: int, n_tokens: int) -> None:
    """Refuse many heads over a long text: the work would grow with both, and show nothing new."""
    if n_heads > LISTED and n_heads * n_tokens > MOST_ROWS:
        raise AttnvizError(
            f"{n_heads} heads over {grouped(n_tokens)} tokens take too long.",
            f"Give `heads` {max(MOST_ROWS // n_tokens, LISTED)} or less, or less to read.",
            key="err.over_take",
            n_heads=n_heads,
            n_tokens=n_tokens,
            value=max(MOST_ROWS // n_tokens, LISTED),
        )


def _head(plan: Plan, sharpness: float) -> Head:
    """Make the plan's matrices, and the values: the words' content."""
    w_query, w_key = joined(plan.terms(), (WIDTH, WIDTH), HEAD_DIM, sharpness)
    w_value = np.zeros((WIDTH, VALUE_DIM), dtype=np.float32)
    w_value[part("content")] = np.eye(CONTENT)
    suffix = "" if sharpness == 1 else f" ×{sharpness:g}"
    return Head(plan.name + suffix, w_query, w_key, w_value)


def match(query: str, key: str, strength: float) -> Term:
    """Return strength × (the query's part · the key's part)."""
    return PARTS.take(query, strength), PARTS.take(key)


def waves(strength: float, phase: Waves, amplitude: Waves, name: str = "position") -> Term:
    """Return strength × Σ amplitude · cos(frequency · (i - j) + phase): queries rotated by
    `phase`."""
    return PARTS.put(name, strength * rotated(amplitude, phase)), PARTS.take(name)


def _shares(amplitude: Waves) -> Waves:
    """Amplitudes that sum to 1, so that the wave sum is 1 at its peak."""
    shares: Waves = amplitude / amplitude.sum()
    return shares


# The sharp kernel is 1 at distance 0, 0.68 at 1 and below 0.75 everywhere else; the wide one falls
# smoothly over a few tokens, because it leaves out the quick waves.
SHARP = _shares(FREQUENCIES**0.25)
WIDE = _shares(np.where(FREQUENCIES < 0.5, FREQUENCIES**0.25, 0))
ALIGNED = _shares(np.ones(RELATIVE_FREQUENCIES.size))


def at_step(step: int, strength: float) -> Term:
    """Return peaks at the key `step` places from the query: a rotation of the sinusoids."""
    return waves(strength, FREQUENCIES * step, SHARP)


def toward(flag: str, strength: float) -> Term:
    """Return strength × the key's flag, for every query alike."""
    return match("constant", flag, strength)


SELF_HEADS = (
    Plan("previous", lambda: [at_step(-1, 24)]),
    Plan("same word", lambda: [match("content", "content", 24)]),
    Plan("near", lambda: [waves(24, np.zeros(FREQUENCIES.size), WIDE)]),
    Plan("first & stops", lambda: [toward("first", 16), toward("punctuation", 16)]),
    Plan("next", lambda: [at_step(1, 24)]),
    # Induction (arXiv 2209.11895); with no earlier copy to follow it rests on the first token.
    Plan("what followed", lambda: [match("content", "previous", 24), toward("first", 17)]),
    Plan("long & rare", lambda: [toward("long", 8), toward("rare", 4)]),
    Plan("numbers & capitals", lambda: [toward("name", 16)]),
    Plan("sentence ends", lambda: [toward("stop", 16)]),
    Plan("all alike", list),
)

CROSS_HEADS = (
    Plan("similar spelling", lambda: [match("content", "content", 40)]),
    Plan(
        "aligned position",
        lambda: [waves(20, np.zeros(RELATIVE_FREQUENCIES.size), ALIGNED, "relative")],
    ),
    Plan(
        "same kind",
        lambda: [match(flag, flag, 16) for flag in ("punctuation", "number", "capital")],
    ),
    Plan("long & rare", lambda: [toward("long", 8), toward("rare", 4)]),
    Plan("numbers & capitals", lambda: [toward("name", 16)]),
    Plan("sentence ends", lambda: [toward("stop", 16)]),
    Plan("first", lambda: [toward("first", 16)]),
    Plan("all alike", list),
)
