"""A checkpoint's tensors by name, checked against the shapes that its config promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.files.tensors import Tensors
from attnviz.frozen import dataclass
from attnviz.models.layers import Embedding, HeadNorm, LayerNorm, Linear, RMSNorm, Weight


@dataclass(frozen=True)
class Weights:
    """The tensors under one prefix, checked against the shapes that the config promises."""

    tensors: Tensors
    folder: Path
    prefix: str = ""

    @classmethod
    def found(cls, tensors: Tensors, folder: Path, anchor: str) -> Weights:
        """Find the prefix that a head model gave them, by a name that is always there.

        Raises AttnvizError where two models lie side by side (a question's and a text's).
        """
        names = [name for name in (*tensors, *tensors.aliases) if name.endswith(anchor)]
        prefixes = [name.removesuffix(anchor) for name in names]
        whole = [p for p in prefixes if not p or p.endswith(".")]
        shortest = min(whole, key=len, default="")
        if not all(prefix.startswith(shortest) for prefix in whole):
            raise AttnvizError(
                f"The weights of {folder} are those of {len(whole)} models, under the names "
                f"{', '.join(prefix[:60].rstrip('.') or 'no name' for prefix in whole[:4])}.",
                "Save the one that you want to look at alone.",
                key="err.weights_those",
                place=folder,
                n=len(whole),
                names=", ".join(prefix[:60].rstrip(".") or "no name" for prefix in whole[:4]),
            )
        return cls(tensors, folder, shortest)

    def under(self, prefix: str) -> Weights:
        """Return the tensors of one part."""
        return Weights(self.tensors, self.folder, self.prefix + prefix)

    def has(self, name: str) -> bool:
        """Say whether there is such a tensor."""
        return self.prefix + name in self.tensors

    def has_any(self, part: str) -> bool:
        """Say whether there is any tensor under a prefix."""
        return any(name.startswith(self.prefix + part) for name in self.tensors)

    def take(self, name: str, *shape: int) -> Weight:
        """Return a tensor; AttnvizError names it where it is missing or has another shape."""
        full = self._find_name(self.prefix + name)
        found = self.tensors[full].shape
        if found != shape:
            raise AttnvizError(
                f"The tensor {full} in {self.tensors[full].file} has shape {list(found)}, "
                f"and config.json means {list(shape)}.",
                "Config and weights are of different models: fetch them again.",
                key="err.tensor_shape",
                full=full,
                place=self.tensors[full].file,
                found=list(found),
                shape=list(shape),
            )
        return self.tensors.array(full)

    def linear(self, name: str, n_in: int, n_out: int, bias: bool = True) -> Linear:
        """Return a linear map stored as (n_out, n_in)."""
        weight = self.take(f"{name}.weight", n_out, n_in)
        return Linear(weight, self.take(f"{name}.bias", n_out) if bias else None)

    def conv1d(self, name: str, n_in: int, n_out: int) -> Linear:
        """Return a linear map that GPT-2 stores as (n_in, n_out)."""
        weight = np.asarray(self.take(f"{name}.weight", n_in, n_out))
        return Linear(weight.T, self.take(f"{name}.bias", n_out))

    def convolution(self, name: str, n_in: int, n_out: int, size: int) -> Linear:
        """Return a convolution along one axis as a linear map over windows of n_in × size."""
        weight = np.asarray(self.take(f"{name}.weight", n_out, n_in, size))
        return Linear(weight.reshape(n_out, n_in * size), self.take(f"{name}.bias", n_out))

    def patches(self, name: str, channels: int, width: int, size: int, bias: bool = True) -> Linear:
        """Return a convolution over patches that do not overlap as a linear map over each."""
        weight = np.asarray(self.take(f"{name}.weight", width, channels, size, size))
        flat = weight.reshape(width, channels * size * size)
        return Linear(flat, self.take(f"{name}.bias", width) if bias else None)

    def embedding(self, name: str, n_ids: int, width: int) -> Embedding:
        """Return a table with one vector per id."""
        return Embedding(self.take(f"{name}.weight", n_ids, width))

    def layer_norm(self, name: str, width: int, eps: float, bias: bool = True) -> LayerNorm:
        """Return a layer norm."""
        weight = self.take(f"{name}.weight", width)
        return LayerNorm(weight, self.take(f"{name}.bias", width) if bias else None, eps)

    def head_norm(self, name: str, n_heads: int, head_dim: int, eps: float) -> HeadNorm:
        """Return a layer norm of each head: one for all (Phi), one a head in one tensor (Command
        R), or in a tensor each (StableLM)."""
        if self.has(f"{name}.norms.0.weight"):
            each = [self.take(f"{name}.norms.{i}.weight", head_dim) for i in range(n_heads)]
            return HeadNorm(np.stack([np.asarray(one) for one in each])[:, None], None, eps)
        if self.has(f"{name}.bias"):
            return HeadNorm(
                self.take(f"{name}.weight", head_dim), self.take(f"{name}.bias", head_dim), eps
            )
        weight = np.asarray(self.take(f"{name}.weight", n_heads, head_dim))
        return HeadNorm(weight[:, None], None, eps)

    def rms_norm(self, name: str, width: int, eps: float, offset: float = 0.0) -> RMSNorm:
        """Return a root-mean-square norm."""
        return RMSNorm(self.take(f"{name}.weight", width), eps, offset)

    def _find_name(self, full: str) -> str:
        # Files from before 2019 call a norm's weight and bias gamma and beta.
        old = full.replace("LayerNorm.weight", "LayerNorm.gamma")
        old = old.replace("LayerNorm.bias", "LayerNorm.beta")
        for name in (full, old):
            if name in self.tensors:
                return name
        raise AttnvizError(
            f"The tensor {full} is missing from {self.folder}.",
            "The checkpoint is incomplete, or its config names another model.",
            key="err.tensor_missing",
            full=full,
            place=self.folder,
        )
