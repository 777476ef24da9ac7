"""What turns the frames or patches of a sound into classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnviz.files.tensors import Tensors
from attnviz.models.checkpoint.heads import labels_of, no_head
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats
from attnviz.models.network.prediction_head import CLASS, MEAN, PredictionHead

CLASSIFIER, PROJECTOR, DENSE, NORM = (
    "classifier", "projector", "classifier.dense", "classifier.layernorm",
)  # fmt: skip


def first_two(hidden: Floats) -> Floats:
    """Return the mean of [CLS] and the distillation token: (tokens, width) → (1, width)."""
    mean: Floats = hidden[:2].mean(axis=0, keepdims=True, dtype=hidden.dtype)
    return mean


def read_sound_head(
    config: Mapping[str, Any], tensors: Tensors, file: Path, width: int
) -> PredictionHead:
    """Read the head for classes of a model that hears. width: of the final hidden state.

    An audio spectrogram transformer reads them from its first two tokens, normed; wav2vec 2.0 and
    its kind from the mean of all frames. Raises AttnvizError where there is none.
    """
    weights, family = Weights(tensors, file.parent), str(config["model_type"])
    exclusive = config.get("problem_type") != "multi_label_classification"
    if weights.has(f"{DENSE}.weight"):
        n, eps = tensors[f"{DENSE}.weight"].shape[0], config.get("layer_norm_eps", 1e-12)
        norm = weights.layer_norm(NORM, width, float(eps))
        return PredictionHead(
            CLASS, weights.linear(DENSE, width, n), (first_two, norm), labels=labels_of(config, n),
            exclusive=exclusive and n > 1,
        )  # fmt: skip
    if not weights.has(f"{PROJECTOR}.weight") or not weights.has(f"{CLASSIFIER}.weight"):
        raise no_head(f"is a {family} model without classes")
    n, inner = tensors[f"{CLASSIFIER}.weight"].shape
    project = weights.linear(PROJECTOR, width, inner)
    return PredictionHead(
        CLASS, weights.linear(CLASSIFIER, inner, n), (project,), MEAN, labels=labels_of(config, n),
        exclusive=exclusive and n > 1,
    )  # fmt: skip
