"""Live: logits of every prediction head, against transformers on the files it saves."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

import attnviz
from attnviz.models.model import Inputs
from attnviz.tracing.cache import KeyValueCache
from tests.reference import make_checkpoints  # noqa: F401 it sets experts of NLLB right

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import transformers as hf

pytestmark = pytest.mark.filterwarnings("ignore")
N_IDS, LABELS = 61, 3
IDS = [5, 17, 60, 3, 9, 23, 41, 30]
SOURCE = [9, 8, 30, 4]
USUAL = {
    "vocab_size": N_IDS, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 40, "max_position_embeddings": 64, "pad_token_id": 1, "num_labels": LABELS,
    "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
ENCODERS = {
    "Bert": {},
    "Ernie": {},
    "Data2VecText": {},
    "Roberta": {},
    "XLMRoberta": {},
    "Camembert": {},
    "MPNet": {},
    "Electra": {"embedding_size": 20},
    "Albert": {"embedding_size": 20},
    "ModernBert": {"classifier_pooling": "mean"},
    "BigBird": {"attention_type": "original_full"},
    "RoFormer": {"embedding_size": 20},
    "Gte": {},
    "DebertaV2": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "Esm": {"position_embedding_type": "rotary", "mask_token_id": 4},
}
DISTIL = {
    "vocab_size": N_IDS, "dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 40,
    "num_labels": LABELS,
}  # fmt: skip
TASKS = ("MaskedLM", "SequenceClassification", "TokenClassification", "QuestionAnswering")
LLAMA = USUAL | {"num_key_value_heads": 2, "head_dim": 16}
GPT2 = {"vocab_size": N_IDS, "n_embd": 32, "n_layer": 2, "n_head": 2, "num_labels": LABELS,
        "pad_token_id": 1}  # fmt: skip
BART = {
    "vocab_size": N_IDS, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2,
    "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 48, "max_position_embeddings": 64, "pad_token_id": 1,
}  # fmt: skip
T5 = {"vocab_size": N_IDS, "d_model": 32, "d_kv": 16, "d_ff": 40, "num_layers": 2, "num_heads": 2}
GEMMA_HALF = {
    "vocab_size": N_IDS, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "intermediate_size": 24, "head_dim": 16, "sliding_window": 4,
    "query_pre_attn_scalar": 16, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0,
}  # fmt: skip
SWITCH = {"num_experts": 3, "expert_capacity": 2, "num_sparse_encoder_layers": 1,
          "num_sparse_decoder_layers": 2, "num_decoder_layers": 2}  # fmt: skip
CASES = {f"{family}For{task}": USUAL | more for family, more in ENCODERS.items() for task in TASKS}
CASES |= {f"DistilBertFor{task}": DISTIL for task in TASKS}
CASES = {
    case: config | ({"num_labels": 2} if case.endswith("QuestionAnswering") else {})
    for case, config in CASES.items()
}
for missing in ("GteFor", "EsmFor", "BigBirdFor"):  # the last has layers of its own in its head
    del CASES[f"{missing}QuestionAnswering"]
CASES |= {
    "BertForNextSentencePrediction": USUAL,
    "BertForPreTraining": USUAL,
    "BertLMHeadModel": USUAL | {"is_decoder": True},
    "GPT2LMHeadModel": GPT2,
    "GPT2ForSequenceClassification": GPT2,
    "GPT2ForTokenClassification": GPT2,
    "GPTNeoForCausalLM": {
        "vocab_size": N_IDS, "hidden_size": 32, "num_layers": 2, "num_heads": 2,
        "attention_types": [[["global", "local"], 1]],
    },
    "GPTNeoXForCausalLM": USUAL,
    "LlamaForCausalLM": LLAMA,
    "LlamaForSequenceClassification": LLAMA,
    "EuroBertForMaskedLM": LLAMA | {"mask_token_id": 3, "mlp_bias": True},
    "Qwen2ForCausalLM": LLAMA | {"tie_word_embeddings": True},
    "GemmaForCausalLM": LLAMA,
    "Gemma2ForCausalLM": LLAMA | {"query_pre_attn_scalar": 16},
    "Gemma3ForCausalLM": LLAMA | {"query_pre_attn_scalar": 16, "final_logit_softcapping": 5.0},
    "T5GemmaForConditionalGeneration": {
        "encoder": GEMMA_HALF, "decoder": GEMMA_HALF | {"final_logit_softcapping": 5.0},
        "vocab_size": N_IDS,
    },
    "BartForConditionalGeneration": BART,
    "MBartForConditionalGeneration": BART,
    "MarianMTModel": BART | {"decoder_start_token_id": 1},
    "M2M100ForConditionalGeneration": BART,
    "PegasusForConditionalGeneration": BART,
    "T5ForConditionalGeneration": T5,
    "T5ForConditionalGeneration, not scaled": T5 | {"scale_decoder_outputs": False},
    "T5ForConditionalGeneration, untied": T5 | {"tie_word_embeddings": False},
    "MT5ForConditionalGeneration": T5,
    "LongT5ForConditionalGeneration": T5 | {"local_radius": 2},
    "LongT5ForConditionalGeneration, not scaled": T5
    | {"local_radius": 2, "tie_word_embeddings": False},
    "UMT5ForConditionalGeneration": T5,
    "SwitchTransformersForConditionalGeneration": T5 | SWITCH,
    "SwitchTransformersForConditionalGeneration, untied": T5
    | SWITCH
    | {"tie_word_embeddings": False},
    "NllbMoeForConditionalGeneration": BART
    | {"num_experts": 3, "decoder_sparse_step": 1, "moe_eval_capacity_token_fraction": 0.5},
    "LEDForConditionalGeneration": {n: v for n, v in BART.items() if n != "max_position_embeddings"}
    | {"attention_window": 4, "max_encoder_position_embeddings": 32},
    "PLBartForConditionalGeneration": BART,
    "BlenderbotForConditionalGeneration": BART,
    "NomicBertForMaskedLM": USUAL,
    "JinaEmbeddingsV3ForMaskedLM": USUAL,
    "GPT2DoubleHeadsModel": GPT2,
    "ElectraForCausalLM": USUAL | {"embedding_size": 20, "is_decoder": True},
    "GPTNeoXForSequenceClassification": USUAL,
    "T5ForTokenClassification": T5 | {"num_labels": LABELS},
    "BartForQuestionAnswering": BART,
    "T5ForQuestionAnswering": T5,
    "Phi3ForCausalLM": {name: v for name, v in LLAMA.items() if name != "head_dim"},
    "GraniteForCausalLM": LLAMA | {"logits_scaling": 8.0, "embedding_multiplier": 3.0},
    "GlmForCausalLM": LLAMA | {"partial_rotary_factor": 0.5},
    "MixtralForCausalLM": LLAMA | {"num_local_experts": 4},
    "EuroBertForTokenClassification": LLAMA | {"mask_token_id": 3},
}  # fmt: skip
CASES |= {
    f"{family}ForCausalLM": LLAMA
    for family in ("Mistral", "Qwen3", "Arcee", "Ernie4_5", "Exaone4", "Helium", "HunYuanDenseV1",
                   "Ministral", "Olmo2", "Olmo3", "SeedOss", "SmolLM3")
}  # fmt: skip
CASES |= {
    f"{family}For{task}": LLAMA | ({"num_labels": 2} if task == "QuestionAnswering" else {})
    for family in ("Qwen2", "Qwen3", "Mistral", "SmolLM3", "Llama")
    for task in ("SequenceClassification", "TokenClassification", "QuestionAnswering")
}
LONGFORMER = USUAL | {"attention_window": 4, "sep_token_id": 3}
CASES |= {f"LongformerFor{task}": LONGFORMER for task in TASKS[:3]}


def saved(case, folder):
    """A tiny model far from its start, saved and read again."""
    made = getattr(hf, case.partition(",")[0])
    torch.manual_seed(len(case))
    model = made(made.config_class(**CASES[case], attn_implementation="eager"))
    with torch.no_grad():
        for parameter in filter(lambda one: one.requires_grad, model.parameters()):
            parameter.add_(torch.randn_like(parameter) * 0.2)
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.normal_()
    model.save_pretrained(folder)
    return made.from_pretrained(folder, attn_implementation="eager").eval()


@torch.no_grad()
def answers(model, case):
    """The logits, as our head orders them."""
    seq2seq = model.config.is_encoder_decoder
    fed = {"input_ids": torch.tensor([SOURCE if seq2seq else IDS])}
    if seq2seq:
        fed["decoder_input_ids"] = torch.tensor([IDS])
    out = model(**fed)
    if case.endswith("QuestionAnswering"):
        return torch.stack([out.start_logits[0], out.end_logits[0]], dim=-1).numpy()
    logits = out.prediction_logits if case == "BertForPreTraining" else out.logits
    found = logits[0].numpy()
    return found[None] if found.ndim == 1 else found


@pytest.mark.parametrize("case", CASES)
def test_logits(case, tmp_path):
    theirs = answers(saved(case, tmp_path), case)
    model = attnviz.load_model(tmp_path)
    source = SOURCE if model.reads_source else None
    prepared = model.prepare(Inputs(ids=IDS, source_ids=source))
    if case.startswith(("Longformer", "LED")) and "Sequence" not in case:  # told of none
        prepared = replace(prepared, global_tokens=())
    ours = model.logits(model.run(prepared, KeyValueCache().attend))
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-5 * max(1, np.abs(theirs).max())


@pytest.mark.parametrize("case", ["GPT2LMHeadModel", "LlamaForSequenceClassification"])
def test_probabilities_and_their_order(case, tmp_path):
    theirs = torch.softmax(torch.tensor(answers(saved(case, tmp_path), case)[-1]), dim=-1).numpy()
    (place,) = attnviz.predict(ids=IDS, model=tmp_path, k=3).places
    best = np.argsort(-theirs, kind="stable")[:3]
    assert [number for number, *_ in place.candidates] == best.tolist()
    found = [share for *_, share in place.candidates]
    np.testing.assert_allclose(found, theirs[best], rtol=1e-5)


def test_a_head_that_is_not_known_is_named(tmp_path):
    model = hf.ElectraForPreTraining(hf.ElectraConfig(**USUAL | {"embedding_size": 20}))
    model.save_pretrained(tmp_path)
    with pytest.raises(attnviz.AttnvizError, match="ElectraForPreTraining"):
        attnviz.predict(ids=IDS, model=tmp_path)


@pytest.mark.parametrize("task", ["MaskedLM", "SequenceClassification", "TokenClassification"])
def test_longformer_sees_all_from_where_its_head_was_trained_to(task, tmp_path):
    case = f"LongformerFor{task}"
    theirs = torch.softmax(torch.from_numpy(answers(saved(case, tmp_path), case)), dim=-1).numpy()
    found = attnviz.predict(ids=IDS, model=tmp_path, at=None if "Seq" in task else [2], k=3)
    due = np.sort(theirs[0 if "Seq" in task else 2])[::-1][:3]
    got = [share for *_, share in found.places[0].candidates]
    np.testing.assert_allclose(got, due, rtol=1e-4)
