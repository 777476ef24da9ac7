"""LLaVA (arXiv 2304.08485): a tower for pictures, two maps, and a decoder of another family."""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.families import family_of
from attnviz.models.network.network import Network
from attnviz.models.network.seeing_decoder import Projector, SeeingDecoder, WithPatches
from attnviz.models.network.tower import Tower

ANCHOR = "multi_modal_projector.linear_1.weight"
IMAGE_TOKEN = 32000


def build(fields: Fields, weights: Weights) -> Network:
    fields.get("image_seq_length")  # the picture's own patches are counted
    written, seen = fields.part("text_config"), fields.part("vision_config")
    text = _part(written, weights, "text_config")
    image = family_of(seen, "vision_config").image_tower(seen, weights, "vision_tower.")
    image = _up_to(image, fields.get("vision_feature_layer", -2), fields)
    fields.only("vision_feature_select_strategy", "default", "full")
    drops = fields.get("vision_feature_select_strategy", "default") == "default"
    width, narrow = (tower.blocks[-1].attention.output.weight.shape[0] for tower in (text, image))
    bias, at = (
        fields.flag("multimodal_projector_bias", True),
        weights.under("multi_modal_projector."),
    )
    projector = Projector(
        at.linear("linear_1", narrow, width, bias),
        fields.activation("projector_hidden_act", "gelu"),
        at.linear("linear_2", width, width, bias),
        int(drops),
    )
    number = fields.get("image_token_index", fields.get("image_token_id"))
    token = number if isinstance(number, int) else IMAGE_TOKEN
    words = WithPatches(text.embeddings, token)
    return SeeingDecoder(image, replace(text, embeddings=words), projector, token)


def _part(fields: Fields, weights: Weights, name: str) -> Tower:
    """The decoder, under whichever prefix it was saved."""
    family = family_of(fields, name)
    whole = Weights.found(weights.tensors, weights.folder, family.ANCHOR)
    built = family.build(fields, whole)
    if not isinstance(built, Tower):
        raise fields.wrong(f"{name}.model_type", fields.get("model_type"), "a decoder")
    return built


def _up_to(tower: Tower, layer: object, fields: Fields) -> Tower:
    """The tower up to the state that is looked at: -2 leaves its last layer out."""
    n = len(tower.blocks)
    if type(layer) is not int or not -n <= layer <= n or layer == 0:
        raise fields.wrong("vision_feature_layer", layer, f"one layer, -{n} to -1 or 1 to {n}")
    kept = layer if layer > 0 else n + 1 + layer
    if kept == n and tower.last_norm is not None:
        raise fields.wrong("vision_feature_layer", layer, "a layer before the last one")
    return replace(
        tower, blocks=tower.blocks[:kept], masks=tower.masks[:kept], last_norm=None, pool=None
    )
