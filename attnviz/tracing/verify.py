"""A checkpoint run here and by transformers, on the same ids: how far apart the numbers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.text import from_ids
from attnviz.inputs.tokens import Tokens
from attnviz.models.model import SOURCE, TEXT, Prepared
from attnviz.models.trained import TrainedModel
from attnviz.record.layouts import dense_longformer
from attnviz.tracing.recorder import Recorder

N_TOKENS, N_SOURCE = 13, 11
ENOUGH = 1e-4  # what real float32 weights leave room for: seen errors are below 1e-5


@dataclass(frozen=True)
class Verified:
    """The largest error of every layer of every stack, and of the final hidden state. numbers: of
    the layers, by stack."""

    errors: Mapping[str, tuple[float, ...]]
    hidden: float
    numbers: Mapping[str, tuple[int, ...]]

    @property
    def largest(self) -> float:
        """The largest error of all weights."""
        return max(error for layers in self.errors.values() for error in layers)

    @property
    def agrees(self) -> bool:
        """Whether the differences are rounding."""
        return self.largest < ENOUGH


def verify(model: TrainedModel) -> Verified:
    """Compare every weight with transformers' eager attention; AttnvizError if it is not there."""
    tokens = {TEXT: _draw(model, TEXT, N_TOKENS)}
    if model.reads_source:
        tokens[SOURCE] = _draw(model, SOURCE, N_SOURCE)
    prepared = Prepared(tokens)
    recorder = Recorder(model.stacks(prepared))
    hidden = model.run(prepared, recorder.attend)
    theirs, their_hidden = _transformers(model, tokens[TEXT], tokens.get(SOURCE))
    errors, numbers = {}, {}
    for name, stack in recorder.stacks().items():
        assert stack.weights is not None  # so few tokens are kept whole
        apart = np.abs(stack.weights - theirs[name]).reshape(stack.n_layers, -1)
        numbers[name] = stack.layer_numbers
        errors[name] = tuple(apart.max(axis=1).tolist())
    scale = max(float(np.abs(their_hidden).max()), 1.0)
    return Verified(errors, float(np.abs(hidden - their_hidden).max()) / scale, numbers)


def _draw(model: TrainedModel, role: str, n: int) -> Tokens:
    """Draw ids from all over the vocabulary, the same every time."""
    n_ids, limit = model.network.limits(role)
    n = min(n, limit or n)
    return from_ids(np.random.RandomState(n).randint(0, n_ids, n).tolist())


def _transformers(
    model: TrainedModel, tokens: Tokens, source: Tokens | None
) -> tuple[dict[str, NDArray[Any]], NDArray[Any]]:
    """Return its weights by stack, (layers, heads, queries, keys), and its final hidden state."""
    if model.checkpoint.adapter is not None:
        raise AttnvizError(
            f"{model.name} is changed by an adapter, and only whole checkpoints are compared.",
            "Compare the checkpoint alone.",
            key="err.changed_adapter",
            model=model.name,
        )
    try:
        import torch
        from transformers import AutoModel, logging
    except ImportError as error:
        raise AttnvizError(
            "A comparison with transformers needs it, and PyTorch.",
            "Install them with: pip install transformers torch",
            key="err.needs",
            package="transformers",
            command="pip install transformers torch",
        ) from error

    def batch(some: Tokens) -> Any:
        return torch.tensor(some.ids[None])

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    place = model.checkpoint.place
    where: dict[str, Any] = {"gguf_file": place.name} if place.is_file() else {}
    try:
        other = AutoModel.from_pretrained(
            str(place.parent if where else place),
            attn_implementation="eager", dtype=torch.float32, **where,
        ).eval()  # fmt: skip
    except (ImportError, ValueError, OSError, RuntimeError) as error:
        first = str(error).strip().partition("\n")[0]
        raise AttnvizError(
            f"transformers cannot open {place}: {first[:200]}",
            "Quantised weights and GGUF files need further libraries there.",
            key="err.transformers_cannot",
            place=place,
            first=first[:200],
        ) from error
    fed: dict[str, Any] = {"input_ids": batch(tokens)}
    if source is not None:
        fed = {"input_ids": batch(source), "decoder_input_ids": batch(tokens)}
    if model.has_global_tokens:
        fed["global_attention_mask"] = torch.zeros_like(fed["input_ids"])
        fed["global_attention_mask"][0, 0] = 1
    with torch.no_grad():
        out = other(**fed, output_attentions=True)
    if source is None:
        return {"self": _self_weights(model, out)}, out.last_hidden_state[0].numpy()
    stacks = {"decoder": _stack(out.decoder_attentions), "cross": _stack(out.cross_attentions)}
    if model.has_global_tokens:
        encoder = _windowed(out.encoder_attentions, out.encoder_global_attentions)
    else:
        encoder = _stack(out.encoder_attentions)
    return {"encoder": encoder, **stacks}, out.last_hidden_state[0].numpy()


def _self_weights(model: TrainedModel, out: Any) -> NDArray[Any]:
    if not model.has_global_tokens:
        return _stack(out.attentions)
    return _windowed(out.attentions, out.global_attentions)


def _windowed(local: Any, globally: Any) -> NDArray[Any]:
    """Longformer's weights, with the first token seen by all: (layers, heads, n, n)."""
    pairs = zip(local, globally, strict=True)
    return np.stack([dense_longformer(a[0].numpy(), g[0].numpy(), [0]) for a, g in pairs])


def _stack(layers: Any) -> NDArray[Any]:
    return np.stack([layer[0].numpy() for layer in layers])
