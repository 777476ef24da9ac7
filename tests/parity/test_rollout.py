"""Live against a plain PyTorch rollout, and against what a transformers layer adds up itself.

Run it by name, with the `parity` extra: pytest tests/parity.
"""

import numpy as np
import pytest
import torch
import transformers

from attnviz import from_weights
from attnviz.analysis.max_flow import max_flow
from attnviz.analysis.rollout import flow, rollout
from attnviz.attention import masks
from attnviz.attention.value_weights import value_weighted

N, HEADS, WIDTH = 11, 4, 32
SIZES = {"hidden_size": WIDTH, "num_hidden_layers": 5, "num_attention_heads": HEADS}


@pytest.fixture(scope="module")
def bert():
    torch.manual_seed(0)
    config = transformers.BertConfig(vocab_size=61, intermediate_size=40, **SIZES)
    return peaked(transformers.BertModel._from_config(config, attn_implementation="eager"))


@pytest.fixture(scope="module")
def gpt2():
    torch.manual_seed(1)
    config = transformers.GPT2Config(vocab_size=61, n_embd=WIDTH, n_layer=5, n_head=HEADS)
    return peaked(transformers.GPT2Model._from_config(config, attn_implementation="eager"))


def peaked(model):
    """Larger weights than at the start of training, so that rows differ."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2 and "embed" not in name and "wte" not in name:
                weight.mul_(12)
    return model.eval()


def attentions(model):
    ids = torch.arange(N)[None] * 7 % 61
    with torch.no_grad():
        found = model(ids, output_attentions=True).attentions
    spread = torch.stack(found).std(dim=-1).mean()
    assert spread > 0.05  # else any rollout would do
    return found


def rolled_by_torch(found, fusion, residual):
    """As it is published: add the identity, divide by the sum, multiply layer by layer."""
    rolled, layers = torch.eye(N, dtype=torch.float64), []
    for layer in found:
        heads = layer[0].double()
        fused = {"mean": heads.mean, "max": heads.amax, "min": heads.amin}[fusion](dim=0)
        kept = (1 - residual) * fused + residual * torch.eye(N, dtype=torch.float64)
        rolled = (kept / kept.sum(dim=-1, keepdim=True)) @ rolled
        layers.append(rolled)
    return torch.stack(layers).numpy()


@pytest.mark.parametrize("residual", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("fusion", ["mean", "max", "min"])
@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_rollout_is_that_of_pytorch(name, fusion, residual, request):
    found = attentions(request.getfixturevalue(name))
    stack = from_weights(found, range(N)).stack
    got = rollout(stack, fusion=fusion, residual=residual).weights[:, 0]
    np.testing.assert_allclose(got, rolled_by_torch(found, fusion, residual), atol=2e-6)


def test_rollout_of_a_causal_model_is_causal(gpt2):
    stack = from_weights(attentions(gpt2), range(N)).stack
    for follow in (rollout, flow):
        assert (follow(stack).weights[..., ~np.tri(N, dtype=bool)] == 0).all()
    assert masks.from_array(np.tri(N, dtype=bool)) == masks.causal()


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_flow_holds_at_least_what_rollout_sends(name, request):
    """Rollout is itself a way to send everything down: one path's share is a flow that fits."""
    found = attentions(request.getfixturevalue(name))
    layers = 0.5 * torch.stack([a[0].double().mean(0) for a in found]).numpy() + 0.5 * np.eye(N)
    flows = max_flow(layers)
    assert (flows >= rolled_by_torch(found, "mean", 0.5)[-1] - 1e-6).all()
    assert (flows <= np.minimum(1, layers[0].sum(axis=0)) + 1e-6).all()


def test_value_weighted_vectors_are_those_that_the_layer_adds_up(bert):
    """α_ij f(x_j), summed over heads and keys, is what BERT's attention puts out before its bias
    and residual: so f is the layer's own, and the lengths are of its vectors."""
    layer = bert.encoder.layer[2]
    ids = torch.arange(N)[None] * 7 % 61
    with torch.no_grad():
        out = bert(ids, output_attentions=True, output_hidden_states=True)
        hidden, weights = out.hidden_states[2], out.attentions[2][0]
        values = layer.attention.self.value(hidden)[0].view(N, HEADS, -1).transpose(0, 1)
        w_output = layer.attention.output.dense.weight.detach().T
        by_head = w_output.reshape(HEADS, -1, WIDTH)
        vectors = torch.einsum("hqk,hkd,hdw->hqkw", weights, values, by_head)
        own = layer.attention.self(hidden)[0]
        expected = own.reshape(N, WIDTH) @ w_output
    torch.testing.assert_close(vectors.sum(dim=(0, 2)), expected, rtol=1e-4, atol=1e-4)
    got = value_weighted(weights.numpy(), values.numpy(), w_output.numpy())
    np.testing.assert_allclose(got, vectors.norm(dim=-1).numpy(), rtol=1e-4, atol=1e-5)
