"""LED (arXiv 2004.05150, 4.4): Longformer's windows and tokens that see all in an encoder, and
BART's decoder."""

from __future__ import annotations

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import GlobalAttention
from attnviz.models.network.encoder import read_global
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.layer_masks import local_windows
from attnviz.models.network.translator import Kin, build_translator, usual_attention

ANCHOR = "encoder.layers.0.self_attn.output.weight"
INSIDE = "longformer_self_attn."


def build(fields: Fields, weights: Weights) -> EncoderDecoder:
    lengths = ("max_encoder_position_embeddings", "max_decoder_position_embeddings")
    kin = Kin(
        False, True, "learned", kept=0, lengths=lengths, attention=_attention, masks=local_windows
    )
    return build_translator(fields, weights, kin)


def _attention(weights: Weights, fields: Fields, name: str) -> GlobalAttention:
    names = (f"{INSIDE}query", f"{INSIDE}key", f"{INSIDE}value", "output")
    usual = usual_attention(weights, fields, name, names)
    return read_global(weights.under(INSIDE), usual, fields.number("d_model", 1024))
