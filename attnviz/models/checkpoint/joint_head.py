"""What brings a text and a picture into one space, and how near to each other they lie there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from attnviz.files.tensors import Tensors
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.heads import no_head
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats, LayerNorm, Linear
from attnviz.models.model import Attend
from attnviz.models.network.pooling import PoolingHead

OLD_END = 2  # what early files of CLIP say is the end of a text: its largest id is meant


class Nearness(NamedTuple):
    """cosine of the angle between two vectors, and what the model makes of it."""

    cosine: float
    logit: float


@dataclass(frozen=True, eq=False)
class JointHead:
    """Both ways into the space (CLIP, arXiv 2103.00020; SigLIP, 2303.15343).

    text: map of one place's state: the end of the text (`end`), or its last place. image: map of
    the first place's state after `norm`; None where `pool` makes the vector. logit = strength ×
    cosine + offset. exclusive: texts share one softmax (CLIP), or each is weighed alone (SigLIP).
    """

    text: Linear
    image: Linear | None
    norm: LayerNorm | None
    pool: PoolingHead | None
    end: int | None
    strength: float
    offset: float
    exclusive: bool

    def text_vector(self, hidden: Floats, ids: NDArray[np.int64]) -> Floats:
        """Return hidden (tokens, width) of these ids → (joint width,)"""
        place = len(hidden) - 1 if self.end is None else self._end_of(ids)
        vector: Floats = self.text(hidden[place : place + 1])[0]
        return vector

    def image_vector(self, hidden: Floats, attend: Attend) -> Floats:
        """Return hidden (patches, width) → (joint width,)"""
        if self.pool is not None:
            pooled: Floats = self.pool(hidden, attend)[0]
            return pooled
        assert self.norm is not None  # who has no pool has both
        assert self.image is not None
        vector: Floats = self.image(self.norm(hidden[:1]))[0]
        return vector

    def nearness(self, text: Floats, image: Floats) -> Nearness:
        """Compare two vectors (joint width,)."""
        one, other = (v.astype(np.float64) / np.linalg.norm(v.astype(np.float64))
                      for v in (text, image))  # fmt: skip
        cosine = float(one @ other)
        return Nearness(cosine, self.strength * cosine + self.offset)

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (texts,) → how likely each of them goes with the picture"""
        if not self.exclusive:
            alone: NDArray[np.float64] = (1 + np.tanh(logits / 2)) / 2
            return alone
        powers = np.exp(logits - logits.max())
        shares: NDArray[np.float64] = powers / powers.sum()
        return shares

    def _end_of(self, ids: NDArray[np.int64]) -> int:
        """The first end of the text; the largest id where there is none, as early files mean."""
        return int(np.argmax(ids if self.end == OLD_END else ids == self.end))


def read_joint_head(
    config: Mapping[str, Any], tensors: Tensors, folder: Path, widths: tuple[int, int],
    pool: PoolingHead | None,
) -> JointHead:  # fmt: skip
    """Read the head of two towers. widths: of the final states of texts and of pictures. Raises
    AttnvizError where one of the two has no way into the space."""
    weights, family = Weights(tensors, folder), str(config["model_type"])
    text, image = widths
    said = config.get("text_config")
    said = said if isinstance(said, Mapping) else {}
    if not weights.has("logit_scale"):
        raise no_head(f"is a {family} model whose texts and pictures are not compared")
    strength = float(np.exp(np.asarray(tensors.array("logit_scale")).astype(np.float64).ravel()[0]))
    if pool is not None:
        size = tensors["text_model.head.weight"].shape[0]
        offset = float(np.asarray(weights.take("logit_bias", 1))[0])
        head = weights.linear("text_model.head", text, size)
        return JointHead(head, None, None, pool, None, strength, offset, exclusive=False)
    if not weights.has("visual_projection.weight"):
        raise no_head(f"is a {family} model without a vector for a whole picture")
    size = tensors["visual_projection.weight"].shape[0]
    eps = config.get("vision_config", {}).get("layer_norm_eps", 1e-5)
    end = said.get("eos_token_id", 49407)
    return JointHead(
        weights.linear("text_projection", text, size, bias=False),
        weights.linear("visual_projection", image, size, bias=False),
        weights.layer_norm("vision_model.post_layernorm", image, float(eps)),
        None, end if isinstance(end, int) else OLD_END, strength, 0.0, exclusive=True,
    )  # fmt: skip
