"""A vision transformer beside a decoder that looks at it: ViT-GPT2, TrOCR (arXiv 2109.10282)."""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.families import family_of
from attnviz.models.model import IMAGE
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.tower import Tower

ANCHOR = "encoder.embeddings.patch_embeddings.projection.weight"
DECODERS = {"gpt2": "decoder.transformer.", "trocr": "decoder.model.decoder."}
BETWEEN = "enc_to_dec_proj"


def build(fields: Fields, weights: Weights) -> EncoderDecoder:
    seen, written = fields.part("encoder"), fields.part("decoder")
    encoder = family_of(seen, "encoder").build(seen, weights.under("encoder."))
    if not isinstance(encoder, Tower) or encoder.role != IMAGE:
        raise fields.wrong("encoder.model_type", seen.get("model_type"), "one that reads pictures")
    kind = written.get("model_type")
    if not isinstance(kind, str) or kind not in DECODERS:
        raise fields.wrong("decoder.model_type", kind, " or ".join(DECODERS))
    width, between = encoder.blocks[-1].attention.output.weight.shape[0], None
    if weights.has(f"{BETWEEN}.weight"):
        narrow = weights.tensors[f"{weights.prefix}{BETWEEN}.weight"].shape[0]
        between, width = weights.linear(BETWEEN, width, narrow), narrow
    decoder = family_of(written, "decoder").decoder(
        written, weights.under(DECODERS[kind]), IMAGE, width
    )
    return EncoderDecoder(replace(encoder, stack="encoder"), decoder, between)
