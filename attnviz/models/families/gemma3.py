"""Gemma 3 with pictures (arXiv 2503.19786): SigLIP's tower, the mean of squares of its patches, and
a decoder in which the tokens of a picture see one another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.families import decoder_within, tower_within
from attnviz.models.layers import Linear
from attnviz.models.network.both_ways import PicturesBothWays
from attnviz.models.network.network import Network
from attnviz.models.network.projectors import Pooled
from attnviz.models.network.seeing_decoder import ImageMarks, seeing

ANCHOR = "multi_modal_projector.mm_input_projection_weight"
IMAGE_TOKEN, N_TOKENS = 262144, 256
MARKS = ImageMarks(
    "<start_of_image>", "\n\n<start_of_image><image_soft_token><end_of_image>\n\n"
)  # fmt: skip


def build(fields: Fields, weights: Weights) -> Network:
    for marks in ("boi_token_index", "eoi_token_index"):
        fields.get(marks)
    written, seen = fields.part("text_config"), fields.part("vision_config")
    text = decoder_within(written, weights, "text_config")
    image = tower_within(seen, weights, "vision_tower.")
    n_tokens = fields.number("mm_tokens_per_image", N_TOKENS)
    side = seen.number("image_size", 224) // seen.number("patch_size", 16) // int(n_tokens**0.5)
    if not side:
        raise fields.wrong("mm_tokens_per_image", n_tokens, "as many as there are patches at most")
    width, narrow = (tower.blocks[-1].attention.output.weight.shape[0] for tower in (text, image))
    at = weights.under("multi_modal_projector.")
    eps = seen.real("layer_norm_eps", 1e-6)
    projector = Pooled(
        at.rms_norm("mm_soft_emb_norm", narrow, eps, 1.0),
        Linear(np.asarray(at.take("mm_input_projection_weight", narrow, width)).T, None),
        side,
    )
    token = fields.get("image_token_index", fields.get("image_token_id"))
    token = token if isinstance(token, int) else IMAGE_TOKEN
    text = replace(text, sees=PicturesBothWays(token))
    return seeing(replace(image, pool=None), text, projector, token, MARKS)
