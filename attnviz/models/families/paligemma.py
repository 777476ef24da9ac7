"""PaliGemma (arXiv 2407.07726) and PaliGemma 2 (2412.03555): SigLIP's tower, one map, and Gemma,
which sees the picture and the prompt both ways."""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.families import decoder_within, tower_within
from attnviz.models.network.both_ways import PromptBothWays
from attnviz.models.network.network import Network
from attnviz.models.network.projectors import OneMap
from attnviz.models.network.seeing_decoder import ImageMarks, seeing

ANCHOR = "multi_modal_projector.linear.weight"
IMAGE_TOKEN = 256000
MARKS = ImageMarks("<image>", "<image><bos>", "\n", framed=False)


def build(fields: Fields, weights: Weights) -> Network:
    for other in ("projection_dim", "hidden_size"):
        fields.get(other)  # they are those of the tensors
    # Which tokens see both ways is a matter of what is read, whatever Gemma's own field says.
    written = fields.part("text_config", without=("use_bidirectional_attention",))
    seen = fields.part("vision_config")
    for unread in ("num_image_tokens", "projection_dim", "projector_hidden_act"):
        written.get(unread), seen.get(unread)
    text = decoder_within(written, weights, "text_config")
    image = tower_within(seen, weights, "vision_tower.")
    width, narrow = (tower.blocks[-1].attention.output.weight.shape[0] for tower in (text, image))
    projector = OneMap(weights.linear("multi_modal_projector.linear", narrow, width))
    token = fields.get("image_token_index", fields.get("image_token_id"))
    return seeing(
        replace(image, pool=None), replace(text, sees=PromptBothWays()), projector,
        token if isinstance(token, int) else IMAGE_TOKEN, MARKS,
    )  # fmt: skip
