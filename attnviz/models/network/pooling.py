"""One learned query that gathers what all patches hold into one vector (SigLIP's pooling head)."""

from __future__ import annotations

from attnviz.attention.masks import full
from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, LayerNorm
from attnviz.models.model import Attend, Layout
from attnviz.models.network.attention import Attention, LayerDoor
from attnviz.models.network.blocks import FeedForward

POOL, PROBE = "pool", "probe"  # the stack, and the role of its one query


@dataclass(frozen=True, eq=False)
class PoolingHead:
    """y = attention(probe → patches), then y + feed_forward(norm(y)). probe: (1, width)."""

    probe: Floats
    attention: Attention
    norm: LayerNorm
    feed_forward: FeedForward

    def layout(self, keys: str) -> Layout:
        """Describe its stack: one layer, which looks from the probe at what tower reads `keys`."""
        return self.attention.layout((full(),), PROBE, keys)

    def __call__(self, x: Floats, attend: Attend) -> Floats:
        """Gather x (tokens, width), attending through `attend`: (1, width)."""
        door = LayerDoor(attend, POOL, 0, full(), source=x)
        y = self.attention.output(self.attention(door, self.probe.astype(x.dtype, copy=False)))
        return y + self.feed_forward(self.norm(y))
