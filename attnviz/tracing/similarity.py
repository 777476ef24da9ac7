"""How well each of some texts fits a picture, by a model that was trained to match the two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.analysis.prediction import Place, Prediction, Similarity
from attnviz.errors import AttnvizError
from attnviz.inputs.text import from_ids
from attnviz.models.checkpoint.joint_head import JointHead, read_joint_head
from attnviz.models.layers import Floats
from attnviz.models.model import IMAGE, TEXT, Inputs
from attnviz.models.network.prediction_head import SIMILARITY
from attnviz.models.trained import TrainedModel
from attnviz.tracing.cache import KeyValueCache


def similarities(model: TrainedModel, inputs: Inputs, k: int) -> Prediction:
    """Compare the picture with each line of the text.

    Returns a prediction of the kind "similarity" with the k likeliest lines. Raises AttnvizError
    where a text or a picture is missing, and for a model that does not compare them.
    """
    texts = [line.strip() for line in (inputs.text or "").splitlines() if line.strip()]
    if inputs.image is None or not (texts or inputs.ids is not None):
        missing = "picture" if inputs.image is None else "text"
        raise AttnvizError(
            f"{model.name} compares texts with a picture, and there is no {missing}.",
            "Give a text (or several, one a line) and an `image`.",
            key="err.compares_texts",
            model=model.name,
            missing=missing,
        )
    head = _head(model)
    seen = model.prepare(replace(inputs, text=None, ids=None))
    image = head.image_vector(model.run(seen, KeyValueCache().attend), KeyValueCache().attend)
    asked = [replace(inputs, image=None, text=text) for text in texts]
    if inputs.ids is not None:
        asked, texts = [replace(inputs, image=None)], [_named(model, inputs)]
    near = [head.nearness(_text_vector(model, head, one), image) for one in asked]
    shares = head.probabilities(np.array([one.logit for one in near]))
    order = np.argsort(-shares, kind="stable")[:k].tolist()
    found = tuple(
        Similarity(texts[i], near[i].cosine, near[i].logit, float(shares[i])) for i in order
    )
    ranked = tuple((i, texts[i], float(shares[i])) for i in order)
    tokens = seen.tokens[IMAGE]
    places = (Place(0, tokens.labels[0], ranked),)
    return Prediction(SIMILARITY, places, tokens, model.name, similarities=found)


def _named(model: TrainedModel, inputs: Inputs) -> str:
    return " ".join(from_ids(inputs.ids or (), model.namer).labels)


def _text_vector(model: TrainedModel, head: JointHead, inputs: Inputs) -> Floats:
    prepared = model.prepare(inputs)
    return head.text_vector(
        model.run(prepared, KeyValueCache().attend), prepared.tokens[TEXT].ids
    )  # fmt: skip


def _head(model: TrainedModel) -> JointHead:
    towers = [model.network.tower(role) for role in (TEXT, IMAGE)]
    widths = [tower.blocks[-1].attention.output.weight.shape[0] for tower in towers]
    place = model.checkpoint.config_file.parent
    return read_joint_head(
        model.config, model.tensors, place, (widths[0], widths[1]), towers[1].pool
    )
