"""Live: what transformers returns, as it returns it. Run it by name: pytest tests/parity."""

import warnings

import numpy as np
import pytest
import torch

from attnviz import AttnvizError, from_weights
from attnviz.attention import masks

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import transformers as hf

pytestmark = pytest.mark.filterwarnings("ignore")
SMALL = {"vocab_size": 50, "attn_implementation": "eager"}
GENERATE = {
    "max_new_tokens": 5, "do_sample": False, "output_attentions": True,
    "return_dict_in_generate": True, "pad_token_id": 0,
}  # fmt: skip
PROMPT = torch.tensor([[3, 14, 15, 9, 26, 5]])


def gpt2(**more):
    config = hf.GPT2Config(
        n_layer=2, n_head=2, n_embd=16, eos_token_id=None, bos_token_id=None, **SMALL | more
    )
    torch.manual_seed(0)
    return hf.GPT2LMHeadModel(config).eval()


def mistral():
    config = hf.MistralConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
        intermediate_size=16, sliding_window=4, eos_token_id=None, bos_token_id=None, **SMALL,
    )  # fmt: skip
    torch.manual_seed(0)
    return hf.MistralForCausalLM(config).eval()


def t5():
    config = hf.T5Config(
        d_model=16, d_kv=8, d_ff=16, num_layers=2, num_heads=2, eos_token_id=None, pad_token_id=0,
        decoder_start_token_id=0, **SMALL,
    )  # fmt: skip
    torch.manual_seed(0)
    return hf.T5ForConditionalGeneration(config).eval()


def longformer(window):
    config = hf.LongformerConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
        attention_window=window, max_position_embeddings=64, pad_token_id=1, vocab_size=50,
    )  # fmt: skip
    torch.manual_seed(0)
    return hf.LongformerModel(config).eval()


def stacked(layers):
    return torch.stack(tuple(layers))[:, 0].detach().numpy()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_attentions(dtype):
    out = gpt2().to(dtype)(PROMPT, output_attentions=True)
    for given in (out, out.attentions, torch.stack(out.attentions)):
        record = from_weights(given, PROMPT[0], type="causal")
        assert np.array_equal(record.stack.weights, stacked(a.float() for a in out.attentions))
        assert record.notes == ()


@pytest.mark.parametrize("model", [gpt2(), mistral()], ids=["gpt2", "mistral"])
@pytest.mark.parametrize("cache", [True, False])
def test_generate(model, cache):
    out = model.generate(PROMPT, use_cache=cache, **GENERATE)
    whole = stacked(model(out.sequences[:, :-1], output_attentions=True).attentions)
    for given in (out, out.attentions):
        record = from_weights(given, out.sequences[0])
        np.testing.assert_allclose(record.stack.weights, whole, atol=2e-6)
        assert record.type == "causal"
        assert record.stack.masks == (masks.causal(),) * 2
        assert record.stack.query_tokens.labels == tuple(map(str, out.sequences[0, :-1].tolist()))


def test_generate_of_an_encoder_decoder():
    model = t5()
    out = model.generate(PROMPT, **GENERATE)
    fed = out.sequences[:, :-1]
    whole = model(input_ids=PROMPT, decoder_input_ids=fed, output_attentions=True)
    for given in (out, whole):
        record = from_weights(given, fed[0], PROMPT[0])
        for name in ("encoder", "decoder", "cross"):
            layers = stacked(getattr(whole, f"{name}_attentions"))
            np.testing.assert_allclose(record.stacks[name].weights, layers, atol=2e-6)


def test_what_sdpa_leaves_out_is_named():
    out = gpt2(attn_implementation="sdpa")(PROMPT)
    for given in (out, out.attentions):
        with pytest.raises(AttnvizError, match="eager"):
            from_weights(given, PROMPT[0])


def test_dropout_is_named():
    config = hf.BertConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
        attention_probs_dropout_prob=0.3, **SMALL,
    )  # fmt: skip
    torch.manual_seed(0)
    with pytest.raises(AttnvizError, match=r"dropout|more than all"):
        from_weights(hf.BertModel(config).train()(PROMPT, output_attentions=True), PROMPT[0])


@pytest.mark.parametrize("positions", [[0], [0, 7], []], ids=str)
@pytest.mark.parametrize("n", [13, 16])
def test_longformer(positions, n):
    """Both parts together are all there is, and stand where the rule of the layer lets them."""
    ids = torch.randint(2, 50, (1, n), generator=torch.Generator().manual_seed(n))
    chosen = torch.zeros_like(ids)
    chosen[0, positions] = 1
    out = longformer(4)(ids, global_attention_mask=chosen, output_attentions=True)
    record = from_weights(out, ids[0])
    rule = masks.local(2) | masks.global_(positions) if positions else masks.local(2)
    assert record.stack.masks == (rule, rule)
    weights = record.stack.weights
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-6)
    assert np.array_equal(weights > 0, np.broadcast_to(rule.to_array(n, n), weights.shape))
    assert record.notes == ()
