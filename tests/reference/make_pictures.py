"""Write pictures.json and pictures.npz anew, with PyTorch and transformers (the parity extra)."""

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers as t
from safetensors import safe_open

from attnviz.models import load_writer
from attnviz.models.model import Inputs
from tests.reference import pictures
from tests.reference.qwen_vl import PATCH, SIDE, fed, order, tower_weights

TOWER = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 24}  # fmt: skip
SEEN = TOWER | {"image_size": 24, "patch_size": 8}
READ = TOWER | {"vocab_size": 30, "max_position_embeddings": 12}
SQUARE = {"size": {"height": 24, "width": 24}, "do_center_crop": False}
WIDE = {"size": {"height": 16, "width": 32}, "do_center_crop": False}
CAPTION = [5, 17, 9, 22]
MARKS = {"bos_token_id": 5, "eos_token_id": 4, "pad_token_id": 1}
GPT = MARKS | {"n_layer": 2, "n_head": 2, "n_embd": 12, "vocab_size": 30, "n_positions": 20}
TROCR = MARKS | {"d_model": 16, "decoder_layers": 2, "decoder_attention_heads": 2,
                 "decoder_ffn_dim": 20, "vocab_size": 30, "max_position_embeddings": 20,
                 "cross_attention_hidden_size": 16}  # fmt: skip
BLIP = TOWER | {"vocab_size": 30, "max_position_embeddings": 20, "encoder_hidden_size": 16,
                "bos_token_id": 5, "sep_token_id": 4}  # fmt: skip
IMAGE_TOKEN = 29
LLAMA = TOWER | {"num_key_value_heads": 1, "vocab_size": 30, "max_position_embeddings": 60,
                 "bos_token_id": 1, "eos_token_id": 4}  # fmt: skip
IDS = [3, 17, 5, 2, 11]


def _towers(model, pixels):
    seen = model.vision_model(pixels, output_attentions=True)
    read = model.text_model(torch.tensor([IDS]), output_attentions=True)
    both = model(torch.tensor([IDS]), pixels)
    found = {"image/weights": _stacked(seen), "text/weights": _stacked(read),
             "logit": both.logits_per_image[0].numpy()}  # fmt: skip
    head = getattr(model.vision_model, "head", None)
    if head is not None:
        states = seen.last_hidden_state
        _, weights = head.attention(head.probe, states, states, average_attn_weights=False)
        found["pool/weights"] = weights.numpy()
    return found


def _alone(model, pixels):
    return {"self/weights": _stacked(model(pixels, output_attentions=True))}


def _unmasked(model, pixels):
    noise = torch.arange(9.0)[None]  # every patch stays, in its order
    return {"self/weights": _stacked(model(pixels, noise=noise, output_attentions=True))}


def _flexible(model, pixels):
    _, height, width = pixels.shape[1:]
    cut = pixels[0].reshape(3, height // 8, 8, width // 8, 8).permute(1, 3, 2, 4, 0)
    flat, grid = cut.reshape(1, -1, 192), torch.tensor([[height // 8, width // 8]])
    given = {"pixel_values": flat, "spatial_shapes": grid,
             "pixel_attention_mask": torch.ones(1, flat.shape[1], dtype=torch.int)}  # fmt: skip
    seen = model.vision_model(
        flat, given["pixel_attention_mask"], grid, output_attentions=True
    )  # fmt: skip
    read = model.text_model(torch.tensor([IDS]), output_attentions=True)
    both = model(input_ids=torch.tensor([IDS]), **given)
    states, head = seen.last_hidden_state, model.vision_model.head
    _, weights = head.attention(head.probe, states, states, average_attn_weights=False)
    return {"image/weights": _stacked(seen), "text/weights": _stacked(read),
            "pool/weights": weights.numpy(), "logit": both.logits_per_image[0].numpy()}  # fmt: skip


def _swin(model, pixels):
    """Every window of both blocks of both stages, laid out over all patches of the stage."""
    seen = []
    for name, part in model.named_modules():
        if name.endswith("attention"):
            part.register_forward_hook(lambda _, __, out: seen.append(out[1].numpy()))
    logits = model(pixels).logits[0].numpy()
    first = [_laid(seen[0], 8, 4, 0), _laid(seen[1], 8, 4, 2)]
    last = [_laid(seen[2], 4, 4, 0), _laid(seen[3], 4, 4, 0)]
    return {"stage0/weights": np.stack(first), "stage1/weights": np.stack(last), "logits": logits}


def _laid(found, side, size, shift):
    places = np.roll(np.arange(side * side).reshape(side, side), (-shift, -shift), (0, 1))
    cut = places.reshape(side // size, size, side // size, size).swapaxes(1, 2)
    whole = np.zeros((found.shape[1], side * side, side * side), np.float32)
    for window, inside in zip(found, cut.reshape(-1, size * size), strict=True):
        whole[:, inside[:, None], inside] = window
    return whole


def _beside(model, pixels):
    """ViT-GPT2: its forward gives all weights."""
    out = model(pixels, decoder_input_ids=torch.tensor([CAPTION]), output_attentions=True)
    found = {"encoder": out.encoder_attentions, "decoder": out.decoder_attentions,
             "cross": out.cross_attentions}  # fmt: skip
    return _all(found) | {"ids": _written(model, pixels)}


def _blip(model, pixels):
    """BLIP: its decoder is called by hand, for its own forward gives no weights of it."""
    seen = model.vision_model(pixels, output_attentions=True)
    out = model.text_decoder(
        torch.tensor([CAPTION]), encoder_hidden_states=seen.last_hidden_state,
        output_attentions=True,
    )  # fmt: skip
    found = {"encoder": seen.attentions, "decoder": out.attentions, "cross": out.cross_attentions}
    return _all(found) | {"ids": _written(model, pixels)}


def _among_words(model, pixels):
    """LLaVA: the tower but its last layer, and the decoder."""
    ids = torch.tensor([[1, 8, *[IMAGE_TOKEN] * 9, 17, 22]])
    seen = model.model.vision_tower(pixels, output_attentions=True)
    found = model(ids, pixels, output_attentions=True)
    how = {"max_new_tokens": 6, "no_repeat_ngram_size": 2, "do_sample": False}
    written = model.generate(
        input_ids=ids, pixel_values=pixels, attention_mask=torch.ones_like(ids), **how
    )
    return _all({"self": found.attentions, "image": seen.attentions[:-1]}) | {
        "ids": written[0, ids.shape[1] :].numpy()}  # fmt: skip


def _in_squares(model, pixels):
    """Idefics 3 and SmolVLM: the whole tower, and a decoder that reads squares of its patches."""
    ids = torch.tensor([[1, 8, *[IMAGE_TOKEN] * 4, 17, 22]])
    return _joined(model, ids, pixels[None])


def _both_ways(model, pixels):
    """PaliGemma and Gemma 3: what the processor calls each token decides what sees both ways."""
    n = 9 if model.config.model_type == "paligemma" else 4
    ids = torch.tensor([[1, 8, *[IMAGE_TOKEN] * n, 17, 22]])
    kinds = (ids == IMAGE_TOKEN).long() if n == 4 else torch.zeros_like(ids)
    return _joined(model, ids, pixels, token_type_ids=kinds)


def _joined(model, ids, pixels, **beside):
    """A tower and a decoder that reads what it saw among its words."""
    given = {"input_ids": ids, "pixel_values": pixels, **beside}
    features = {n: v for n, v in beside.items() if n == "image_grid_thw"}
    seen = model.model.get_image_features(pixels, output_attentions=True, **features)
    found = model(**given, output_attentions=True)
    how = {"max_new_tokens": 6, "no_repeat_ngram_size": 2, "do_sample": False}
    written = model.generate(**given, attention_mask=torch.ones_like(ids), **how)
    return _all({"self": found.attentions, "image": seen.attentions}) | {
        "ids": written[0, ids.shape[1] :].numpy()}  # fmt: skip


def _turned(model, pixels):
    """Qwen 2 VL and its kin: three axes of positions, windows, and what goes deep."""
    grid = (pixels.shape[2] // PATCH, pixels.shape[3] // PATCH)
    n = grid[0] * grid[1] // SIDE**2
    ids = np.array([1, 8, *[IMAGE_TOKEN] * n, 17, 22])
    given, _ = fed(pixels[0].numpy(), ids, IMAGE_TOKEN)
    window = getattr(model.config.vision_config, "window_size", None)
    tower, out = tower_weights(model, given, order(grid, window))
    how = {"max_new_tokens": 6, "no_repeat_ngram_size": 2, "do_sample": False}
    mask = torch.ones_like(given["input_ids"])
    written = model.generate(**given, attention_mask=mask, **how)
    return _all({"self": out.attentions}) | {
        "image/weights": tower, "ids": written[0, len(ids) :].numpy()}  # fmt: skip


def _all(layers):
    return {f"{name}/weights": np.stack([one[0].numpy() for one in each])
            for name, each in layers.items()}  # fmt: skip


def _written(model, pixels):
    how = {"max_new_tokens": 8, "no_repeat_ngram_size": 2, "do_sample": False, "num_beams": 1}
    return model.generate(pixel_values=pixels, **how)[0].numpy()


def _captioner(decoder):
    encoder = t.ViTConfig(**SEEN)
    found = t.VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    found.decoder_start_token_id, found.pad_token_id, found.eos_token_id = 5, 1, 4
    return found


def _stacked(out):
    return np.stack([one[0].numpy() for one in out.attentions])


EVEN = {"size": {"height": 32, "width": 32}, "do_center_crop": False}
SIGLIP = SEEN | {"vision_use_head": False}
GEMMA = LLAMA | {"head_dim": 8, "pad_token_id": 0}
SMALL = {"size": {"longest_edge": 48}, "max_image_size": {"longest_edge": 32}}
FED = {
    case: [1]
    for case in ("llava", "smolvlm", "paligemma", "gemma3", "qwen2_vl", "qwen2_5_vl", "qwen3_vl")
}
TURNED = LLAMA | {"rope_parameters": {
    "rope_type": "default", "rope_theta": 100.0, "mrope_section": [1, 1, 2]}}  # fmt: skip
QWEN = {"depth": 2, "num_heads": 2, "patch_size": PATCH}
FEW = {"min_pixels": 4 * 256, "max_pixels": 7 * 256, "patch_size": PATCH}
QWENS = {"image_token_id": IMAGE_TOKEN, "text_config": TURNED}
CASES = {  # class, config, processor, what is run
    "clip": (t.CLIPModel, t.CLIPConfig(text_config=READ, vision_config=SEEN), SQUARE, _towers),
    "siglip": (t.SiglipModel, t.SiglipConfig(text_config=READ, vision_config=SEEN), SQUARE,
               _towers),
    "siglip2": (t.Siglip2Model, t.Siglip2Config(text_config=READ, vision_config=TOWER | {
        "num_patches": 16, "patch_size": 8}), {"max_num_patches": 12, "patch_size": 8}, _flexible),
    "dinov3": (t.DINOv3ViTModel, t.DINOv3ViTConfig(**SEEN, num_register_tokens=2), WIDE, _alone),
    "beit": (t.BeitModel, t.BeitConfig(**SEEN, use_relative_position_bias=True), WIDE, _alone),
    "vit_mae": (t.ViTMAEModel, t.ViTMAEConfig(**SEEN, mask_ratio=0.0), SQUARE, _unmasked),
    "swin": (t.SwinForImageClassification, t.SwinConfig(
        image_size=24, patch_size=3, embed_dim=8, depths=[2, 2], num_heads=[2, 2], window_size=4,
        id2label={0: "cat", 1: "box", 2: "cup"}), SQUARE, _swin),
    "vit-gpt2": (t.VisionEncoderDecoderModel, _captioner(t.GPT2Config(**GPT)), SQUARE, _beside),
    "trocr": (t.VisionEncoderDecoderModel, _captioner(t.TrOCRConfig(**TROCR)), SQUARE, _beside),
    "blip": (t.BlipForConditionalGeneration, t.BlipConfig(vision_config=SEEN, text_config=BLIP),
             SQUARE, _blip),
    "llava": (t.LlavaForConditionalGeneration, t.LlavaConfig(
        vision_config=t.CLIPVisionConfig(**SEEN), text_config=t.LlamaConfig(**LLAMA),
        image_token_index=IMAGE_TOKEN), SQUARE, _among_words),
    "smolvlm": (t.SmolVLMForConditionalGeneration, t.SmolVLMConfig(
        vision_config=TOWER | {"image_size": 32, "patch_size": 8}, image_token_id=IMAGE_TOKEN,
        text_config=t.LlamaConfig(**LLAMA), scale_factor=2), SMALL, _in_squares),
    "paligemma": (t.PaliGemmaForConditionalGeneration, t.PaliGemmaConfig(
        vision_config=SIGLIP | {"projection_dim": 16}, text_config=t.GemmaConfig(**GEMMA),
        projection_dim=16, image_token_id=IMAGE_TOKEN), SQUARE, _both_ways),
    "gemma3": (t.Gemma3ForConditionalGeneration, t.Gemma3Config(
        vision_config=SIGLIP | {"image_size": 32}, text_config=t.Gemma3TextConfig(
            **GEMMA, query_pre_attn_scalar=8, sliding_window=3, rope_local_base_freq=1e4,
            layer_types=["sliding_attention", "full_attention"]),
        mm_tokens_per_image=4, image_token_id=IMAGE_TOKEN), EVEN, _both_ways),
    "qwen2_vl": (t.Qwen2VLForConditionalGeneration, t.Qwen2VLConfig(**QWENS, vision_config=QWEN | {
        "embed_dim": 16, "hidden_size": 16, "mlp_ratio": 1}), FEW, _turned),
    "qwen2_5_vl": (t.Qwen2_5_VLForConditionalGeneration, t.Qwen2_5_VLConfig(
        **QWENS, vision_config=QWEN | {
            "hidden_size": 16, "out_hidden_size": 16, "intermediate_size": 20, "window_size": 32,
            "fullatt_block_indexes": [1]}), FEW, _turned),
    "qwen3_vl": (t.Qwen3VLForConditionalGeneration, t.Qwen3VLConfig(
        **QWENS | {"text_config": TURNED | {"head_dim": 8}}, vision_config=QWEN | {
            "hidden_size": 16, "out_hidden_size": 16, "intermediate_size": 20,
            "num_position_embeddings": 9, "deepstack_visual_indexes": [0]}), FEW, _turned),
    "blip tower": (t.BlipVisionModel, t.BlipVisionConfig(**SEEN), SQUARE, _alone),
}  # fmt: skip


def recipe(made, config, processor):
    """A model's config and shapes as it would be saved."""
    with tempfile.TemporaryDirectory() as folder:
        made._from_config(config).save_pretrained(folder)
        with safe_open(Path(folder) / "model.safetensors", "np") as file:
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
        said = json.loads((Path(folder) / "config.json").read_text())
    said.pop("transformers_version")
    return {"config": said, "tensors": shapes, "processor": processor}


def main():
    """Write all cases."""
    recipes, answers = {}, {}
    for case, (made, config, processor, run) in CASES.items():
        recipes[case] = recipe(made, config, processor)
        with tempfile.TemporaryDirectory() as folder:
            pictures.write(case, Path(folder), recipes[case])
            model = made.from_pretrained(folder, attn_implementation="eager").eval()
            opened = load_writer(folder)
            fed = opened.prepare(
                Inputs(image=Path(folder) / "picture.png", ids=FED.get(case))
            ).features["image"]
        with torch.no_grad():
            found = run(model, torch.from_numpy(fed)[None])
        answers |= {f"{case}/{name}": values for name, values in found.items()}
    pictures.RECIPES.write_text(json.dumps(recipes, indent=1, sort_keys=True) + "\n")
    np.savez_compressed(pictures.ANSWERS, **answers)


if __name__ == "__main__":
    main()
