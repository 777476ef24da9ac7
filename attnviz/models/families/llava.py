"""LLaVA (arXiv 2304.08485): a tower for pictures, two maps, and a decoder of another family."""

from __future__ import annotations

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.families import decoder_within, tower_within
from attnviz.models.network.network import Network
from attnviz.models.network.projectors import TwoMaps
from attnviz.models.network.seeing_decoder import seeing
from attnviz.models.network.vision import up_to

ANCHOR = "multi_modal_projector.linear_1.weight"
IMAGE_TOKEN = 32000


def build(fields: Fields, weights: Weights) -> Network:
    fields.get("image_seq_length")  # the picture's own patches are counted
    written, seen = fields.part("text_config"), fields.part("vision_config")
    text = decoder_within(written, weights, "text_config")
    image = tower_within(seen, weights, "vision_tower.")
    image = up_to(image, fields.get("vision_feature_layer", -2), fields)
    fields.only("vision_feature_select_strategy", "default", "full")
    drops = fields.get("vision_feature_select_strategy", "default") == "default"
    width, narrow = (tower.blocks[-1].attention.output.weight.shape[0] for tower in (text, image))
    bias, at = (
        fields.flag("multimodal_projector_bias", True),
        weights.under("multi_modal_projector."),
    )
    projector = TwoMaps(
        at.linear("linear_1", narrow, width, bias),
        fields.activation("projector_hidden_act", "gelu"),
        at.linear("linear_2", width, width, bias),
        int(drops),
    )
    number = fields.get("image_token_index", fields.get("image_token_id"))
    token = number if isinstance(number, int) else IMAGE_TOKEN
    return seeing(image, text, projector, token)
