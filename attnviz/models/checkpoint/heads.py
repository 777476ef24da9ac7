"""The prediction head that a checkpoint brings, by the names of its tensors and of its classes.

A head that is not known is named in an error: a guess would give numbers that mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError
from attnviz.files.tensors import Tensors
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import ACTIVATIONS, LayerNorm, Linear, Weight
from attnviz.models.network.prediction_head import (
    ANSWER,
    CLASS,
    FIRST,
    LAST,
    MASK,
    MEAN,
    NEXT,
    TOKEN_CLASS,
    PredictionHead,
    Step,
)

# How names of classes in `architectures` end, and what such a model predicts.
ENDINGS = {
    "ForCausalLM": NEXT,
    "LMHeadModel": NEXT,
    "ForConditionalGeneration": NEXT,
    "MTModel": NEXT,
    "DoubleHeadsModel": NEXT,
    "ForMaskedLM": MASK,
    "ForPreTraining": MASK,
    "ForSequenceClassification": CLASS,
    "ForNextSentencePrediction": CLASS,
    "ForTokenClassification": TOKEN_CLASS,
    "ForQuestionAnswering": ANSWER,
}
# Families that fill in a mask with one map to the words, as others predict the next token.
BARE_MASKS = ("eurobert",)
ROBERTA_LIKE = ("roberta", "xlm-roberta", "camembert", "data2vec-text", "longformer")


@dataclass(frozen=True)
class MaskNames:
    """Where a family keeps the head that fills in a mask. activation: its field in the config; ""
    for gelu. inner: the field of the width that words have, where it is another."""

    dense: str
    norm: str
    decoder: str
    biases: tuple[str, ...]
    activation: str = ""
    inner: str = ""


_ROBERTA = MaskNames(
    "lm_head.dense", "lm_head.layer_norm", "lm_head.decoder",
    ("lm_head.bias", "lm_head.decoder.bias"),
)  # fmt: skip
_BERT = MaskNames(
    "cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
    "cls.predictions.decoder", ("cls.predictions.bias", "cls.predictions.decoder.bias"),
    "hidden_act",
)  # fmt: skip
MASKS: Mapping[str, MaskNames] = {
    "blip_text_model": MaskNames(
        "text_decoder.cls.predictions.transform.dense",
        "text_decoder.cls.predictions.transform.LayerNorm",
        "text_decoder.cls.predictions.decoder",
        ("text_decoder.cls.predictions.bias", "text_decoder.cls.predictions.decoder.bias"),
        "hidden_act",
    ),
    **dict.fromkeys(("bert", "ernie", "big_bird", "deberta-v2"), _BERT),
    **dict.fromkeys((*ROBERTA_LIKE, "mpnet", "esm"), _ROBERTA),
    "roformer": replace(_BERT, inner="embedding_size"),
    "gte": MaskNames("lm_head.dense", "lm_head.norm", "lm_head.decoder", ("lm_head.decoder.bias",)),
    "electra": MaskNames(
        "generator_predictions.dense", "generator_predictions.LayerNorm", "generator_lm_head",
        ("generator_lm_head.bias",), inner="embedding_size",
    ),
    "albert": MaskNames(
        "predictions.dense", "predictions.LayerNorm", "predictions.decoder",
        ("predictions.bias", "predictions.decoder.bias"), "hidden_act", "embedding_size",
    ),
    "distilbert": MaskNames(
        "vocab_transform", "vocab_layer_norm", "vocab_projector", ("vocab_projector.bias",),
        "activation",
    ),
    "nomic_bert": MaskNames(
        "cls.predictions.transform.dense", "cls.predictions.transform.layer_norm",
        "cls.predictions.decoder", ("cls.predictions.bias", "cls.predictions.decoder.bias"),
        "hidden_act",
    ),
    "jina_embeddings_v3": _ROBERTA,
    "modernbert": MaskNames(
        "head.dense", "head.norm", "decoder", ("decoder.bias",), "classifier_activation"
    ),
}  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """What a head is read from: the config, all tensors, and the table of words."""

    config: Mapping[str, Any]
    fields: Fields
    tensors: Weights
    words: Weight
    width: int

    @property
    def family(self) -> str:
        return str(self.config["model_type"])


def read_head(
    config: Mapping[str, Any], tensors: Tensors, file: Path, words: Weight, width: int
) -> PredictionHead:
    """Read the head of a checkpoint.

    file: where the config stands. words: the table of embeddings (ids, width), which many heads
    share. width: of the final hidden state. Raises AttnvizError where there is no head, or one that
    is not understood.
    """
    found = _Found(config, Fields(config, file), Weights(tensors, file.parent), words, width)
    kind = _kind(config)
    if kind == MASK and config.get("is_decoder") is True:
        return replace(_mask_head(found), kind=NEXT)
    read = {
        NEXT: _next_head,
        MASK: _mask_head,
        CLASS: _class_head,
        TOKEN_CLASS: _token_class_head,
        ANSWER: _answer_head,
    }
    return read[kind](found)


def _kind(config: Mapping[str, Any]) -> str:
    """What the classes that saved the checkpoint predict; without a class, what its family does."""
    given = config.get("architectures")
    names = [name for name in given if isinstance(name, str)] if isinstance(given, list) else []
    for name in names:
        for ending, kind in ENDINGS.items():
            if name.endswith(ending) and name != "ElectraForPreTraining":
                bert = name.startswith("BertLMHead") or config.get("model_type") in MASKS
                return MASK if kind == NEXT and bert else kind
    if names and names[0].endswith("Model"):
        raise no_head(f"was saved as {names[0]}, without a prediction head")
    if names:
        raise no_head(f"has the head of {names[0]}, which is not understood")
    return MASK if config.get("model_type") in (*MASKS, *BARE_MASKS) else NEXT


def no_head(why: str) -> AttnvizError:
    """Make the error for a checkpoint that gives vectors and predicts nothing."""
    return AttnvizError(
        f"The checkpoint {why}: it gives vectors, and no words.",
        "Take one that predicts: a causal language model, one for masked words, for classes, or "
        "for answers.",
        key="err.checkpoint_gives",
        why=why,
    )


# Next token


def _next_head(found: _Found) -> PredictionHead:
    """Map the hidden state to the vocabulary by a table of its own, or by that of the words."""
    output = _language_map(found)
    scale, cap = 1.0, found.config.get("final_logit_softcapping")
    if found.config.get("logits_scaling") is not None:  # Granite divides
        scale /= found.fields.real("logits_scaling")
    if found.family == "minicpm3":
        scale *= found.fields.number("dim_model_base", found.width) / found.width
    if found.family in ("cohere", "cohere2"):  # Command R multiplies
        scale *= found.fields.real("logit_scale", 0.0625)
    if _scales_t5(found):
        scale *= found.width**-0.5
    if cap is not None:
        cap = found.fields.real("final_logit_softcapping")
    return PredictionHead(NEXT, output, multiplier=scale, softcap=cap)


OWN_MAPS = ("lm_head", "lm_head.out_proj", "embed_out", "output_projection")


def _language_map(found: _Found) -> Linear:
    n_ids = found.words.shape[0]
    own = _own_map(found)
    if own is not None:
        bias = (
            found.tensors.take(f"{own}.bias", n_ids) if found.tensors.has(f"{own}.bias") else None
        )
        return Linear(found.tensors.take(f"{own}.weight", n_ids, found.width), bias)
    tied = found.config.get("tie_word_embeddings")
    if tied is False and found.family not in ("t5", "mt5", "umt5", "longt5"):
        raise no_head("ties no words to its output, and holds no lm_head.weight")
    if found.words.shape[1] != found.width:
        raise no_head("has words of another width than its layers, and no lm_head.weight")
    return Linear(found.words, _tied_bias(found, n_ids))


def _tied_bias(found: _Found, n_ids: int) -> Weight | None:
    """What is added where words are the map: of BART's kin, or of a map whose weight is tied."""
    if found.tensors.has("final_logits_bias"):
        added: Weight = found.tensors.take("final_logits_bias", 1, n_ids)[0]
        return added
    name = "lm_head.bias"
    return found.tensors.take(name, n_ids) if found.tensors.has(name) else None


def _own_map(found: _Found) -> str | None:
    for name in OWN_MAPS:
        for prefix in ("", "language_model.", "model.", "decoder."):
            if found.tensors.has(f"{prefix}{name}.weight"):
                return prefix + name
    return None


def _scales_t5(found: _Found) -> bool:
    """Whether hidden states are scaled before the map: as `scale_decoder_outputs` says; in older
    files, which lack it, unless `tie_word_embeddings` is false (T5 1.1, Flan-T5). mT5 never is,
    UMT5 where its words are its map, Switch Transformers unless they say they are not."""
    if found.family == "umt5":
        return _own_map(found) is None
    if found.family == "switch_transformers":
        return found.config.get("tie_word_embeddings") is not False
    if found.family not in ("t5", "longt5"):
        return False
    said = found.config.get("scale_decoder_outputs")
    if said is None:
        said = found.config.get("tie_word_embeddings", True)
    return said is not False


# Masked word


def _mask_head(found: _Found) -> PredictionHead:
    if found.family in BARE_MASKS:
        return replace(_next_head(found), kind=MASK)
    names = MASKS.get(found.family)
    if names is None or not found.tensors.has(f"{names.dense}.weight"):
        raise no_head(f"is a {found.family} model without the tensors of a head for masked words")
    inner = found.fields.number(names.inner) if names.inner else found.width
    n_ids, own = found.words.shape[0], f"{names.decoder}.weight"
    weight = found.tensors.take(own, n_ids, inner) if found.tensors.has(own) else found.words
    bias = next((found.tensors.take(b, n_ids) for b in names.biases if found.tensors.has(b)), None)
    return PredictionHead(MASK, Linear(weight, bias), _transform(found, names, inner))


def _transform(found: _Found, names: MaskNames, inner: int) -> tuple[Step, ...]:
    """dense, activation, norm"""
    usual = "gelu"
    activation = (
        found.fields.activation(names.activation, usual) if names.activation else ACTIVATIONS[usual]
    )
    return (_linear(found, names.dense, inner), activation, _norm(found, names.norm, inner))


def _linear(found: _Found, name: str, n_out: int) -> Linear:
    has_bias = found.tensors.has(f"{name}.bias")
    return found.tensors.linear(name, found.width, n_out, has_bias)


def _norm(found: _Found, name: str, width: int) -> LayerNorm:
    modern = found.family == "modernbert"
    eps = found.fields.real("norm_eps", 1e-5) if modern else 1e-12
    if found.family not in ("modernbert", "distilbert"):
        eps = found.fields.real("layer_norm_eps", 1e-12)
    return found.tensors.layer_norm(name, width, eps, _has_norm_bias(found, name))


def _has_norm_bias(found: _Found, name: str) -> bool:
    return found.tensors.has(f"{name}.bias") or found.tensors.has(f"{name}.beta")


# Classes, token classes, answers


def labels_of(config: Mapping[str, Any], n: int) -> tuple[str, ...]:
    """Return the names of n classes, as the config lists them; LABEL_0 … where it does not."""
    given = config.get("id2label")
    named = {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else {}
    return tuple(named.get(str(i), f"LABEL_{i}") for i in range(n))


def _classifier(found: _Found, names: Iterable[str], kind: str) -> Linear:
    """The last map of a head, by the first of these names that is there."""
    for name in names:
        if found.tensors.has(f"{name}.weight"):
            n_out = found.tensors.tensors[f"{name}.weight"].shape[0]
            return _linear(found, name, n_out)
    raise no_head(f"is a {found.family} model whose head for a {kind} is not understood")


def _class_head(found: _Found) -> PredictionHead:
    pool, steps = _before_classes(found)
    names = ("classifier.out_proj", "classifier", "score", "cls.seq_relationship")
    output = _classifier(found, names, CLASS)
    labels = labels_of(found.config, output.weight.shape[0])
    if found.tensors.has("cls.seq_relationship.weight"):
        labels = ("follows", "does not follow")
    # As the library's pipelines weigh them: one class alone, or several at once, by a sigmoid.
    several = found.config.get("problem_type") == "multi_label_classification" or len(labels) == 1
    return PredictionHead(CLASS, output, steps, pool, labels=labels, exclusive=not several)


def _before_classes(found: _Found) -> tuple[str, tuple[Step, ...]]:
    """Which places are read, and the steps before the last map."""
    family, width, tanh = found.family, found.width, ACTIVATIONS["tanh"]
    if family in ("bert", "ernie", "albert", "gte"):
        names = (f"{family}.pooler.dense", "albert.pooler", "pooler.dense", "pooler")
        name = next((n for n in names if found.tensors.has(f"{n}.weight")), names[0])
        return FIRST, (_linear(found, name, width), tanh)
    if family in (*ROBERTA_LIKE, "mpnet", "electra", "esm", "big_bird", "roformer"):
        activation = ACTIVATIONS["gelu"] if family == "electra" else tanh
        if family in ("big_bird", "roformer"):
            activation = found.fields.activation("hidden_act", "gelu")
        return FIRST, (_linear(found, "classifier.dense", width), activation)
    if family == "deberta-v2":
        activation = found.fields.activation("pooler_hidden_act", "gelu")
        return FIRST, (_linear(found, "pooler.dense", width), activation)
    if family == "distilbert":
        return FIRST, (_linear(found, "pre_classifier", width), ACTIVATIONS["relu"])
    if family == "modernbert":
        found.fields.only("classifier_pooling", "cls", "mean")
        pool = MEAN if found.config.get("classifier_pooling") == "mean" else FIRST
        return pool, _transform(found, MASKS[family], width)
    if found.tensors.has("score.weight"):
        return LAST, ()
    raise no_head(f"is a {family} model whose head for classes is not understood")


def _token_class_head(found: _Found) -> PredictionHead:
    output = _classifier(found, ("classifier", "score"), TOKEN_CLASS)
    labels = labels_of(found.config, output.weight.shape[0])
    return PredictionHead(TOKEN_CLASS, output, _modern_steps(found), labels=labels)


def _answer_head(found: _Found) -> PredictionHead:
    output = _classifier(found, ("qa_outputs", "classifier"), ANSWER)
    if output.weight.shape[0] != 2:
        raise no_head("has an answer head without a start and an end")
    return PredictionHead(ANSWER, output, _modern_steps(found), labels=("start", "end"))


def _modern_steps(found: _Found) -> tuple[Step, ...]:
    """ModernBERT passes the same steps before every head."""
    if found.family != "modernbert":
        return ()
    return _transform(found, MASKS["modernbert"], found.width)
