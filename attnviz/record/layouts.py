"""The shapes in which other programs hand over weights, made (layers, heads, queries, keys)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import masks
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.labels import visible
from attnviz.record.checks import first_leak
from attnviz.record.named_arrays import picked, plan
from attnviz.record.settings import Settings

Floats = NDArray[np.floating[Any]]
# What transformers calls the attentions of an output, and the stack that each becomes.
OUTPUTS = {
    "attentions": "self",
    "encoder_attentions": "encoder",
    "decoder_attentions": "decoder",
    "cross_attentions": "cross",
}
BESIDE = (  # what outputs hold besides, where no attentions were asked for
    "last_hidden_state", "logits", "hidden_states", "past_key_values", "pooler_output", "loss",
    "sequences", "scores",
)  # fmt: skip
GLOBAL_PART = {"attentions": "global_attentions", "encoder_attentions": "encoder_global_attentions"}

SHAPES = "Give (queries, keys), (heads, queries, keys) or (layers, heads, queries, keys)."
EAGER = 'Load the model with attn_implementation="eager" and call it with output_attentions=True.'


@dataclass(frozen=True)
class GivenWeights:
    """One stack as it came: (layers, heads, queries, keys), and what its layout tells.

    masks: one rule per layer, or none known. steps: it comes from `generate()`.
    """

    weights: Floats
    masks: tuple[Rule, ...] = ()
    type: str | None = None
    settings: Settings = field(default_factory=Settings)
    steps: bool = False


def dense_longformer(
    band: NDArray[Any], rows: NDArray[Any] | None, positions: Sequence[int]
) -> NDArray[Any]:
    """Return the weights of a Longformer layer as one map: (heads, queries, keys).

    band: (heads, queries, globals + window + 1), weights on the global tokens, then on the window
    around each query. rows: (heads, keys or more, globals), the weights of the global tokens' own
    rows, or None where there are none. positions: of the global tokens. (arXiv 2004.05150; layout
    of transformers' `attentions` and `global_attentions`.)
    """
    n, n_global = band.shape[1], len(positions)
    half = (band.shape[2] - n_global - 1) // 2
    dense = np.zeros((band.shape[0], n, n), band.dtype)
    for offset in range(-half, half + 1):
        queries = np.arange(max(-offset, 0), min(n - offset, n))
        dense[:, queries, queries + offset] = band[:, queries, n_global + half + offset]
    for nth, position in enumerate(positions):
        dense[:, :, position] += band[:, :, nth]  # where a window meets it, its own column is 0
    for nth, position in enumerate(positions):
        assert rows is not None  # there are global tokens
        dense[:, position] = rows[:, :n, nth]
    return dense


# What comes in


def stacks_given(given: Any) -> dict[str, GivenWeights]:
    """Return the stacks that are there, "self" alone unless their names say more; AttnvizError
    where they lie in no layout that is known."""
    if given is None:
        raise AttnvizError(
            "The weights are None, not a regular array of numbers.", EAGER, key="err.weights_none"
        )
    try:
        return _stacks(given)
    except RecursionError as error:
        raise AttnvizError(
            "The weights lie in lists without an end.", SHAPES, key="err.endless"
        ) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise AttnvizError(
            f"The weights lie in no layout that is known ({visible(str(error))[:200]}).",
            SHAPES,
            key="err.no_layout",
            reason=str(error)[:200],
        ) from error


def _stacks(given: Any) -> dict[str, GivenWeights]:
    if hasattr(given, "cache_dict"):  # an ActivationCache, which is no Mapping
        given = dict(given.cache_dict)
    of_outputs = isinstance(given, Mapping) or any(hasattr(given, name) for name in OUTPUTS)
    if not of_outputs:
        return {"self": _regular(given)}
    parts = {name: part for name in OUTPUTS if _has(part := _named(given, name))}
    if not parts and isinstance(given, Mapping) and given and not is_outputs(given):
        named = _from_names(given)
        if isinstance(named, Mapping) and set(named) <= set(GLOBAL_PART.values()):
            raise AttnvizError(
                f"There are {' and '.join(named)} without the weights that they belong to.",
                "Give attentions and global_attentions of one output.",
                key="err.parts_alone",
                names=" and ".join(named),
            )
        return _stacks(named)
    if not parts:
        held = f"{', '.join(map(str, given))[:200]} and " if isinstance(given, Mapping) else ""
        raise AttnvizError(
            f"The outputs hold {held}no attentions.", EAGER, key="err.no_attentions", what=held
        )
    if "attentions" in parts and "decoder_attentions" in parts:
        raise AttnvizError(
            "The outputs hold attentions and decoder_attentions.",
            "Give one of the two.",
            key="err.outputs_hold",
        )
    beams = _named(given, "beam_indices")
    if beams is not None:
        parts = {name: _followed(part, beams) for name, part in parts.items()}
    found = {}
    for name, part in parts.items():
        stack = OUTPUTS[name]
        if stack == "self" and len(parts) > 1:  # of a decoder that has an encoder beside it
            stack = "decoder"
        banded = GLOBAL_PART.get(name)
        if banded is not None and (_named(given, banded) is not None or hasattr(given, banded)):
            found[stack] = _longformer(part, _named(given, banded))
        else:
            found[stack] = _regular(part, square=stack != "cross")
    if len(found) == 1 and "cross" not in found:
        return {"self": next(iter(found.values()))}
    return found


def is_outputs(given: Mapping[Any, Any]) -> bool:
    """Tell whether a mapping is what transformers returns, by the names that all of it knows."""
    return any(name in given for name in (*OUTPUTS, *BESIDE))


def _from_names(given: Mapping[Any, Any]) -> Any:
    """The arrays of a mapping that are attention by their names, as hooks keep them."""
    arrays = {str(name): _weights_of(value) for name, value in given.items()}
    return picked(plan("The mapping", arrays), arrays.__getitem__)


def _weights_of(value: Any) -> Any:
    """An array; of what a module returned, its output and its weights, the weights."""
    if not isinstance(value, tuple):
        return value
    four = [part for part in value if getattr(part, "ndim", 0) == 4]
    return four[0] if len(four) == 1 else value


def _named(given: Any, name: str) -> Any:
    return given.get(name) if isinstance(given, Mapping) else getattr(given, name, None)


def _has(part: Any) -> bool:
    return part is not None and not (isinstance(part, Sequence) and not part)


def _regular(given: Any, square: bool = True) -> GivenWeights:
    """A stack in any of the usual layouts. square: queries and keys are the same tokens."""
    if _is_steps(given):
        return _joined(given, square)
    if _is_list(given) and len(given) and not (_is_list(given[0]) or np.isscalar(given[0])):
        layers = [_one_layer(_array(layer), nth) for nth, layer in enumerate(given)]
        return GivenWeights(_same_shapes(layers))
    array = _array(given)
    if array.ndim == 5:  # one text in every layer, or every layer of one text
        if 1 not in array.shape[:2]:
            raise _a_batch(array.shape[1], f"The weights have shape {array.shape}")
        array = array[:, 0] if array.shape[1] == 1 else array[0]
    if not 2 <= array.ndim <= 4 or not array.size:
        raise AttnvizError(
            f"The weights have shape {array.shape}.",
            SHAPES if array.size else EAGER,
            key="err.shape_of_all" if array.size else "err.shape_of_none",
            shape=array.shape,
        )
    return GivenWeights(array.reshape((1,) * (4 - array.ndim) + array.shape))


def _is_list(given: Any) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str | bytes)


def _n_axes(given: Any) -> int:
    """How many axes a nest of lists has along its first items, those of its arrays included."""
    depth = 0
    while _is_list(given) and len(given):
        given, depth = given[0], depth + 1
    return depth + (0 if np.isscalar(given) else _array(given).ndim)


def _array(given: Any) -> Floats:
    """What was given as an array of floats; AttnvizError if it is none."""
    if hasattr(given, "detach"):  # a PyTorch tensor, on any device, with or without gradient
        given = given.detach().cpu()
        given = given.float() if "bfloat16" in str(given.dtype) else given
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise _irregular(given, error) from error
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise _irregular(given, f"dtype {array.dtype}")
    wide = np.result_type(array.dtype, np.float32)
    return array.astype(wide if wide == np.float32 else np.float64, copy=False)


def _irregular(given: Any, why: object) -> AttnvizError:
    if given is None:
        return AttnvizError(
            "A layer is None, not a regular array of numbers.", EAGER, key="err.layer_none"
        )
    if _is_list(given):
        why = _misfit(given, _lengths(given)) or why
    return AttnvizError(
        f"The weights are not a regular array of numbers ({why}).",
        SHAPES,
        key="err.irregular",
        why=str(why),
    )


def _lengths(given: Any) -> list[int]:
    lengths: list[int] = []
    while _is_list(given) and len(lengths) < 7:
        lengths.append(len(given))
        given = given[0] if len(given) else None
    return lengths


def _misfit(given: Any, lengths: Sequence[int], place: tuple[int, ...] = ()) -> str:
    """Where lists first differ from the shape that their first items have, or hold no number."""
    depth = len(place)
    if depth == len(lengths):
        if isinstance(given, int | float) or (hasattr(given, "shape") and not _is_list(given)):
            return ""
        return f"{_place(place)} holds {_kind(given)} and no number"
    if not _is_list(given):
        return f"{_place(place)} holds {_kind(given)} and no list"
    if len(given) != lengths[depth]:
        return f"{_place(place)} has {len(given)} items and the first has {lengths[depth]}"
    return next(
        filter(None, (_misfit(item, lengths, (*place, n)) for n, item in enumerate(given))), ""
    )


def _place(place: tuple[int, ...]) -> str:
    return f"item {', '.join(map(str, place))}" if place else "the whole"


def _kind(given: object) -> str:
    shown = repr(given)
    return shown if len(shown) <= 24 else f"a {given.__class__.__name__}"


def _one_layer(layer: Floats, nth: int) -> Floats:
    """A layer as (heads, queries, keys), without its batch axis."""
    if layer.ndim == 4:
        if layer.shape[0] != 1:
            raise _a_batch(layer.shape[0], f"Layer {nth} has shape {layer.shape}")
        layer = layer[0]
    if layer.ndim not in (2, 3) or not layer.size:
        raise AttnvizError(
            f"Layer {nth} has shape {layer.shape}.",
            SHAPES,
            key="err.shape_of_layer",
            nth=nth,
            shape=layer.shape,
        )
    return layer if layer.ndim == 3 else layer[None]


def _a_batch(n: int, where: str) -> AttnvizError:
    return AttnvizError(
        f"{where}: a batch of {n}.",
        "Choose one text of it, as in layer[i : i + 1].",
        key="err.batch",
        where=where,
        n=n,
    )


def _many_steps(n: int, where: str) -> AttnvizError:
    return AttnvizError(
        f"{where}: a batch of {n}.",
        "After a beam search give the outputs of generate() whole: their beam_indices say which "
        "row is whose. Of several texts choose one, as in "
        "[[layer[i : i + 1] for layer in step] for step in attentions].",
        key="err.batch_after",
        where=where,
        n=n,
    )


def _same_shapes(layers: Sequence[Floats]) -> Floats:
    for nth, layer in enumerate(layers):
        if layer.shape != layers[0].shape:
            raise AttnvizError(
                f"The layers are not a regular array of numbers: layer {nth} has shape "
                f"{layer.shape} and layer 0 has {layers[0].shape}.",
                "Give layers of one shape, or one of them alone.",
                key="err.layers_not",
                nth=nth,
                shape=layer.shape,
                shape2=layers[0].shape,
            )
    return layers[0][None] if len(layers) == 1 else np.stack(layers)


def _followed(steps: Any, beam_indices: Any) -> Any:
    """What one text of a beam search looked at, of steps[step][layer] with a row for each beam.

    beam_indices: (1, steps), the row of each step that the text goes on from, and below 0 once it
    has ended (as transformers' `generate` returns it).
    """
    if not _is_steps(steps):  # an encoder's: it ran once
        return steps
    rows = _array(beam_indices)
    if rows.ndim != 2 or rows.shape[0] != 1:
        raise AttnvizError(
            f"The outputs hold {len(rows) if rows.ndim else 'no'} texts (beam_indices has shape "
            f"{rows.shape}).",
            "Choose one, as in {'attentions': outputs.attentions, "
            "'beam_indices': outputs.beam_indices[0:1]}.",
            key="err.outputs_hold_texts",
            value=len(rows) if rows.ndim else "no",
            shape=rows.shape,
        )
    followed = [int(row) for row in rows[0] if row >= 0]
    if len(followed) > len(steps):
        raise AttnvizError(
            f"The beams have {len(followed)} steps and the attentions {len(steps)}.",
            "Give both of one call of generate().",
            key="err.beams_steps",
            n=len(followed),
            n2=len(steps),
        )
    return [
        [_array(layer)[row : row + 1] for layer in step]
        for step, row in zip(steps, followed, strict=False)
    ]


def _is_steps(given: Any) -> bool:
    return _is_list(given) and len(given) > 0 and _is_list(given[0]) and _n_axes(given) == 6


def _joined(steps: Sequence[Sequence[Any]], square: bool) -> GivenWeights:
    """What `generate()` returns, steps[step][layer], as one matrix per layer.

    The first step has a row for every token of the prompt, the others one each. square: each row
    also has one key more than the one above. A cache that slides keeps only the last keys: they
    stand at the right end of what the row can see.
    """
    n_layers = len(steps[0])
    for nth, step in enumerate(steps):
        if len(step) != n_layers:
            raise AttnvizError(
                f"Step {nth} has {len(step)} layers and step 0 has {n_layers}.",
                SHAPES,
                key="err.steps_differ",
                nth=nth,
                n_layers=len(step),
                n=n_layers,
            )
    layers = []
    for layer in range(n_layers):
        parts = []
        for nth, step in enumerate(steps):
            part = _array(step[layer])
            if part.ndim != 4 or part.shape[0] != 1 or not part.size:
                where = f"Step {nth}, layer {layer} has shape {part.shape}"
                raise (
                    _many_steps(part.shape[0], where)
                    if part.ndim == 4 and part.size
                    else (AttnvizError(f"{where}.", SHAPES, key="err.shape_somewhere", where=where))
                )
            parts.append(part[0])
        layers.append(_joined_layer(parts, layer, square))
    weights = _same_shapes(layers)
    rules = (
        (masks.causal(),) * n_layers if square and not first_leak(weights, masks.causal()) else ()
    )
    return GivenWeights(weights, rules, "causal" if rules else None, steps=True)


def _joined_layer(parts: Sequence[Floats], layer: int, square: bool) -> Floats:
    placed: list[tuple[int, Floats]] = []  # first key, rows
    total = 0  # rows so far
    for nth, part in enumerate(parts):
        _, rows, columns = part.shape
        if square and nth and rows == columns > total:  # no cache: all rows once more
            part, rows = part[:, total:], rows - total
        total += rows
        first = total - columns if square else 0
        if first < 0 and not part[:, :, total:].any():  # a cache with room for what is to come
            part, first = part[:, :, :total], 0
        if part.shape[0] != parts[0].shape[0] or first < 0:
            raise AttnvizError(
                f"Step {nth}, layer {layer} has shape (1, {', '.join(map(str, part.shape))}), "
                f"which does not continue {total - rows} rows.",
                "Give the attentions of generate() as they are.",
                key="err.step_layer",
                nth=nth,
                layer=layer,
                names=", ".join(map(str, part.shape)),
                value=total - rows,
            )
        placed.append((first, part))
    n_keys = total if square else max(part.shape[2] for _, part in placed)
    whole = np.zeros((parts[0].shape[0], total, n_keys), np.result_type(*parts))
    row = 0
    for first, part in placed:
        whole[:, row : row + part.shape[1], first : first + part.shape[2]] = part
        row += part.shape[1]
    return whole


def _longformer(bands: Any, global_rows: Any) -> GivenWeights:
    """A Longformer's window and global parts as one matrix per layer, with the rule of each."""
    layers, rules = [], []
    positions: list[int] = []
    window = 0
    if global_rows is not None and len(bands) != len(global_rows):
        raise AttnvizError(
            f"There are {len(bands)} layers of attentions and {len(global_rows)} of their global "
            "part.",
            "Give attentions and global_attentions of one output.",
            key="err.attentions_their",
            n_layers=len(bands),
            n=len(global_rows),
        )
    for nth, band in enumerate(bands):
        part = _one_layer(_array(band), nth)
        rows = None if global_rows is None else _one_layer(_array(global_rows[nth]), nth)
        n_global = 0 if rows is None else rows.shape[2]
        positions = _global_tokens(part, rows, nth)
        if (
            len(positions) != n_global
            or part.shape[2] < n_global
            or (part.shape[2] - n_global) % 2 == 0
        ):
            raise AttnvizError(
                f"Layer {nth} has shape {part.shape}, {n_global} global tokens and "
                f"{len(positions)} rows of such: no layout of a Longformer.",
                "Give attentions and global_attentions of one output.",
                key="err.layer_shape",
                nth=nth,
                shape=part.shape,
                n_global=n_global,
                n=len(positions),
            )
        window = (part.shape[2] - n_global - 1) // 2
        layers.append(dense_longformer(part, rows, positions))
        rules.append(
            masks.local(window) | masks.global_(positions) if positions else masks.local(window)
        )
    settings = Settings(
        window=window if len(set(rules)) == 1 else None, global_tokens=tuple(positions) or None
    )
    kind = "global" if positions else "local"
    return GivenWeights(_same_shapes(layers), tuple(rules), kind, settings)


def _global_tokens(band: Floats, rows: Floats | None, nth: int) -> list[int]:
    """The global tokens of a layer: their rows are 0 in the band, and somebody looks at them;
    rows of padding are 0 too, and nobody does."""
    if rows is None:
        return []
    empty = np.flatnonzero(~band.any(axis=(0, 2)))
    if rows.shape[1] < band.shape[1]:
        raise AttnvizError(
            f"The global part of layer {nth} has shape {rows.shape}.",
            SHAPES,
            key="err.shape_of_global",
            nth=nth,
            shape=rows.shape,
        )
    return [int(place) for place in empty if len(empty) == rows.shape[2] or rows[:, place].any()]
