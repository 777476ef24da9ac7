"""What turns the patches of a vision transformer into classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.files.tensors import Tensors
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.heads import labels_of, no_head
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats, Linear
from attnviz.models.network.prediction_head import CLASS, FIRST, PredictionHead

CLASSIFIER = "classifier"


@dataclass(frozen=True)
class FirstAndMean:
    """[CLS] beside the mean of all patches (DINOv2). before: tokens before the patches."""

    before: int

    def __call__(self, hidden: Floats) -> Floats:
        """(tokens, width) → (1, 2 × width)"""
        mean = hidden[self.before :].mean(axis=0, dtype=hidden.dtype)
        joined: Floats = np.concatenate([hidden[0], mean])[None]
        return joined


@dataclass(frozen=True)
class MeanOfPatches:
    """The mean of all tokens after the first `before`."""

    before: int

    def __call__(self, hidden: Floats) -> Floats:
        """(tokens, width) → (1, width)"""
        mean: Floats = hidden[self.before :].mean(axis=0, dtype=hidden.dtype, keepdims=True)
        return mean


@dataclass(frozen=True)
class FirstTwo:
    """[CLS] beside the distillation token (DeiT)."""

    def __call__(self, hidden: Floats) -> Floats:
        """(tokens, width) → (1, 2 × width)"""
        joined: Floats = np.concatenate([hidden[0], hidden[1]])[None]
        return joined


def read_image_head(
    config: Mapping[str, Any], tensors: Tensors, file: Path, width: int
) -> PredictionHead:
    """Read the head of a vision transformer. width: of the final hidden state. Raises AttnvizError
    where there is none, or one that is not understood."""
    weights, family = Weights(tensors, file.parent), str(config["model_type"])
    if weights.has("distillation_classifier.weight"):
        return _of_both_tokens(config, weights, width)
    if not weights.has(f"{CLASSIFIER}.weight"):
        raise no_head(f"is a {family} model without classes")
    n_classes, n_in = tensors[f"{CLASSIFIER}.weight"].shape
    output = weights.linear(CLASSIFIER, n_in, n_classes)
    labels = labels_of(config, n_classes)
    exclusive = config.get("problem_type") != "multi_label_classification" and n_classes > 1
    if family == "beit" and config.get("use_mean_pooling", True):
        norm = weights.layer_norm("beit.pooler.layernorm", width, _eps(config))
        steps = (MeanOfPatches(1), norm)
        return PredictionHead(CLASS, output, steps, labels=labels, exclusive=exclusive)
    if family == "swin":
        return PredictionHead(
            CLASS, output, (MeanOfPatches(0),), labels=labels, exclusive=exclusive
        )
    if n_in == width:
        return PredictionHead(CLASS, output, pool=FIRST, labels=labels, exclusive=exclusive)
    if n_in == 2 * width:
        registers = config.get("num_register_tokens", 4) if "registers" in family else 0
        step = FirstAndMean(1 + registers)
        return PredictionHead(CLASS, output, (step,), labels=labels, exclusive=exclusive)
    raise no_head(f"is a {family} model whose head for classes is not understood")


def _eps(config: Mapping[str, Any]) -> float:
    eps = config.get("layer_norm_eps", 1e-12)
    return float(eps) if isinstance(eps, int | float) else 1e-12


def _of_both_tokens(config: Mapping[str, Any], weights: Weights, width: int) -> PredictionHead:
    """The mean of what [CLS] and the distillation token say (DeiT's teacher)."""
    n_classes = weights.tensors["distillation_classifier.weight"].shape[0]
    both = [
        weights.linear(name, width, n_classes)
        for name in ("cls_classifier", "distillation_classifier")
    ]
    weight = np.concatenate([np.asarray(one.weight) for one in both], axis=1) / 2
    bias = sum(np.asarray(one.bias) for one in both) / 2
    output = Linear(weight.astype(np.float32), np.asarray(bias, np.float32))
    return PredictionHead(CLASS, output, (FirstTwo(),), labels=labels_of(config, n_classes))
