"""Quantise small weights with the libraries that own the formats, and store what each unpacks to.

    pip install bitsandbytes "mlx[cpu]" compressed-tensors, and the parity extra
    python -m tests.reference.make_quantised

quantised.npz holds for each case the tensors that the library saves, raw bytes under the dtype's
name in safetensors, the settings of the config, and the weight in float32.
"""

import json
from pathlib import Path

import bitsandbytes as bnb
import mlx.core as mx
import numpy as np
import torch
from bitsandbytes import functional
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from compressed_tensors.quantization.utils import calculate_qparams
from transformers.integrations.finegrained_fp8 import Fp8Dequantize
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

DTYPES = {
    torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int8: "I8",
    torch.uint8: "U8", torch.int32: "I32", torch.int64: "I64", torch.float8_e4m3fn: "F8_E4M3",
}  # fmt: skip
ANSWERS = Path(__file__).with_name("quantised.npz")
stored, settings = {}, {}


def keep(case, said, tensors, weight):
    """Note one case; tensors: name after the layer's own → a torch tensor."""
    settings[case] = {"settings": said, "tensors": {}}
    for name, tensor in tensors.items():
        raw = tensor.detach().contiguous().view(torch.uint8) if tensor.ndim else tensor.reshape(1)
        settings[case]["tensors"][name] = [DTYPES[tensor.dtype], list(tensor.shape)]
        stored[f"{case}/{name}"] = raw.view(torch.uint8).numpy().ravel()
    stored[f"{case}/"] = np.float32(weight.detach().float().numpy())


def drawn(*shape):
    return torch.from_numpy(np.random.RandomState(len(stored)).standard_normal(shape)).float()


def of_bitsandbytes():
    said = {"quant_method": "bitsandbytes"}
    whole, scales, _ = functional.int8_vectorwise_quant(drawn(6, 40).half())
    due = functional.int8_vectorwise_dequant(whole, scales)
    keep(
        "bitsandbytes int8", said | {"load_in_8bit": True}, {".weight": whole, ".SCB": scales}, due
    )
    for kind, nested, shape in (("nf4", 0, (6, 128)), ("nf4", 1, (70, 256)), ("fp4", 0, (7, 64))):
        layer = bnb.nn.Linear4bit(shape[1], shape[0], bias=False)
        layer.weight = bnb.nn.Params4bit(
            drawn(*shape), requires_grad=False, compress_statistics=bool(nested), quant_type=kind
        )
        layer = layer.to("cpu")
        due = functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)
        tensors = {f".{name}": tensor for name, tensor in layer.state_dict().items()}
        case = f"bitsandbytes {kind}{' nested' * nested}"
        keep(case, said | {"load_in_4bit": True}, tensors, due)


def of_mlx():
    for bits, size in ((2, 32), (4, 64), (8, 128)):
        found = mx.quantize(mx.array(drawn(6, 256).numpy()), group_size=size, bits=bits)
        due = torch.from_numpy(np.array(mx.dequantize(*found, group_size=size, bits=bits)))
        words, scales, biases = (torch.from_numpy(np.array(part).view("i4")) for part in found)
        tensors = {".weight": words, ".scales": scales.view(torch.float32),
                   ".biases": biases.view(torch.float32)}  # fmt: skip
        keep(f"mlx {bits}", {"bits": bits, "group_size": size}, tensors, due)
        settings[f"mlx {bits}"]["tensors"][".weight"][0] = "U32"


def of_compressed_tensors():
    groups = {"strategy": "group", "group_size": 32}
    cases = {
        "pack-quantized": [
            {"num_bits": 4, "symmetric": True, **groups},
            {"num_bits": 4, "symmetric": False, **groups},
            {"num_bits": 8, "symmetric": True, "strategy": "channel"},
        ],
        "int-quantized": [{"num_bits": 8, "symmetric": True, "strategy": "channel"}],
        "float-quantized": [
            {"num_bits": 8, "type": "float", "symmetric": True, "strategy": "channel"},
            {"num_bits": 8, "type": "float", "symmetric": True, "strategy": "tensor"},
        ],
    }
    for layout, all_given in cases.items():
        for n, given in enumerate(all_given):
            weight, scheme = drawn(16, 96), QuantizationArgs(**given)
            parts = weight.reshape(16, -1, given.get("group_size", 96))
            parts = weight.reshape(1, 1, -1) if given["strategy"] == "tensor" else parts
            scale, zero = calculate_qparams(parts.amin(-1), parts.amax(-1), scheme)
            state = {"weight": weight, "weight_scale": scale, "weight_zero_point": zero}
            state = {k: v.reshape(-1) if v.numel() == 1 else v for k, v in state.items()}
            whole = QuantizationScheme(targets=["Linear"], weights=scheme)
            compressor = BaseCompressor.get_value_from_registry(layout)
            packed = compressor.compress(state, whole)
            due = compressor.decompress(dict(packed), whole)["weight"]
            said = {"quant_method": "compressed-tensors", "format": layout,
                    "config_groups": {"group_0": {"weights": given}}}  # fmt: skip
            tensors = {f".{name}": tensor for name, tensor in packed.items() if tensor is not None}
            keep(f"compressed-tensors {layout} {n}", said, tensors, due)


def of_transformers():
    for shape, block in (((128, 192), (64, 64)), ((6, 40), (6, 40))):
        numbers = drawn(*shape).to(torch.float8_e4m3fn)
        grid = drawn(shape[0] // block[0], shape[1] // block[1]).abs()
        due = Fp8Dequantize(None)._dequantize_one(numbers, grid, torch.float32)
        said = {"quant_method": "fp8", "weight_block_size": list(block)}
        keep(f"fp8 {shape}", said, {".weight": numbers, ".weight_scale_inv": grid}, due)
    generator = torch.Generator().manual_seed(1)
    blocks = torch.randint(0, 256, (2, 6, 3, 16), dtype=torch.uint8, generator=generator)
    powers = torch.randint(100, 140, (2, 6, 3), dtype=torch.uint8, generator=generator)
    due = convert_moe_packed_tensors(blocks, powers, dtype=torch.float32)
    keep("mxfp4", {"quant_method": "mxfp4"}, {"_blocks": blocks, "_scales": powers}, due)


if __name__ == "__main__":
    of_bitsandbytes()
    of_mlx()
    of_compressed_tensors()
    of_transformers()
    np.savez_compressed(ANSWERS, cases=np.array(json.dumps(settings)), **stored)
    print(*settings, sep="\n")
