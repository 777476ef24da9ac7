"""How the reader looks at a record: which layer and heads, in which view, scale and language."""

from __future__ import annotations

from dataclasses import replace

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.language.english import ENGLISH
from attnviz.language.language import Language
from attnviz.record.numbering import HeadPlace, heads_apart, layers_and_heads
from attnviz.record.record import AttentionRecord
from attnviz.record.selection import rows_named
from attnviz.record.stack import Stack, Which
from attnviz.views.figure import USUAL, FigureStyle


@dataclass(frozen=True)
class Look:
    """One head, some, or the mean of all, of one layer; or several layers, as grids.

    layers: several that are shown one below the other; none: the one. heads: none means the mean.
    apart: heads of different layers, in place of both.
    show: the view, "auto" for what fits. scale: what is bright (attnviz.views.scale). query: the
    position whose row is drawn over a picture; None for the usual one. queries: positions of rows
    that are shown in full. mass: over a picture, the share of the weight whose patches are
    outlined. figure: how it is drawn on paper.
    """

    layer: int = 0
    heads: tuple[int, ...] = ()
    layers: tuple[int, ...] = ()
    show: str = "auto"
    scale: str = "auto"
    language: Language = ENGLISH
    query: int | None = None
    queries: tuple[int, ...] = ()
    mass: float | None = None
    figure: FigureStyle = USUAL
    apart: tuple[HeadPlace, ...] = ()

    @property
    def head(self) -> Which:
        """The one head, or the mean."""
        return self.heads[0] if len(self.heads) == 1 else "mean"

    @property
    def several_heads(self) -> bool:
        """Whether several heads are shown, each on its own."""
        return len(self.heads) > 1 or bool(self.apart)

    @property
    def shows_one(self) -> bool:
        """Whether one map is shown: of one head, or of the mean of one layer."""
        return not (self.layers or self.several_heads)

    def each(self) -> list[Look]:
        """Return a look for each head where there are several; the look itself where not."""
        if self.apart:
            return [self._at(*place) for place in self.apart]
        if len(self.heads) < 2:
            return [self]
        return [replace(self, heads=(head,)) for head in self.heads]

    def _at(self, layer: int, head: Which) -> Look:
        return replace(self, layer=layer, heads=() if head == "mean" else (head,), apart=())

    def places(self, stack: Stack) -> list[HeadPlace]:
        """Name the heads that are drawn side by side, layer by layer: all of them unless some were
        chosen."""
        heads = self.heads or range(stack.n_heads)
        layers = self.layers or (self.layer,)
        return [*self.apart] or [(layer, head) for layer in layers for head in heads]


def choose(
    stack: Stack,
    layer: str,
    head: str,
    show: str = "auto",
    *,
    scale: str = "auto",
    language: Language = ENGLISH,
) -> Look:
    """Read a layer and heads of a stack: "0", "0,2", "0-3", "all", "mean", "last", or "-1" from
    the end. A head may bring its layer: "2.8", "2.8,5.3".

    Raises AttnvizError for what does not exist, or cannot be shown for several layers.
    """
    if apart := heads_apart(head, stack.layer_numbers, stack.n_heads):
        return Look(apart[0][0], (), (), show, scale, language, apart=apart)
    layers, heads = layers_and_heads(layer, head, stack.layer_numbers, stack.n_heads)
    if not layers and stack.n_layers > 1:
        raise AttnvizError(
            "There is no mean of layers.", "Show one, some (0-3), or all.", key="err.no_mean_layers"
        )
    if len(layers) < 2:
        return Look(layers[0] if layers else 0, heads, (), show, scale, language)
    if show not in ("auto", "grid", "timeline", "caption", "none"):
        raise AttnvizError(
            f"`show` {show} is for one layer, and `layer` {layer} means {len(layers)}.",
            "Choose one, or `show` grid.",
            key="err.show_layer",
            show=show,
            layer=layer,
            n=len(layers),
        )
    return Look(layers[0], heads, layers, show, scale, language)


def with_query(record: AttentionRecord, look: Look, query: str) -> Look:
    """Return the look with the rows of a query in full: a word, each time it is there, or a
    position. Over a picture or a sound it is one. Raises AttnvizError for what there is not."""
    if record.stack.key_tokens.where is not None:
        return replace(look, query=record.stack.query_tokens.find(query)[0])
    return replace(look, queries=tuple(rows_named(record.stack, query)))
