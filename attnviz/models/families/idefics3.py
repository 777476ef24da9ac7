"""Idefics 3 (arXiv 2408.12637), SmolVLM (2504.05299): SigLIP's tower, squares of its patches, and a
decoder of another family."""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.families import decoder_within, tower_within
from attnviz.models.network.network import Network
from attnviz.models.network.projectors import PixelShuffle
from attnviz.models.network.seeing_decoder import ImageMarks, seeing

ANCHOR = "connector.modality_projection.proj.weight"
IMAGE_TOKEN, SIDE = 128257, 2
# Around a picture that is fed whole, as the processor frames it.
MARKS = ImageMarks(
    "<image>", "<fake_token_around_image><global-img><image><fake_token_around_image>"
)


def build(fields: Fields, weights: Weights) -> Network:
    fields.get("_pad_token_id")  # of texts that are read together
    written, seen = fields.part("text_config"), fields.part("vision_config")
    text = decoder_within(written, weights, "text_config")
    image = tower_within(seen, weights, "")
    side = fields.number("scale_factor", SIDE)
    width, narrow = (tower.blocks[-1].attention.output.weight.shape[0] for tower in (text, image))
    proj = weights.linear("connector.modality_projection.proj", narrow * side**2, width, False)
    token = fields.number("image_token_id", IMAGE_TOKEN, 0)
    return seeing(replace(image, pool=None), text, PixelShuffle(proj, side), token, MARKS)
