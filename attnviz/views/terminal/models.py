"""What a checkpoint holds, and how far it is from another program's numbers, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from attnviz.inputs.labels import visible

MOST_LABELS = 12  # of classes that are named
PREDICTS = {
    "next": "the next token",
    "mask": "masked tokens",
    "class": "a class of the text",
    "token class": "a class of each token",
    "answer": "where an answer stands",
    "similarity": "how well a text fits a picture",
}


def families(
    known: Mapping[str, Sequence[str]], examples: Mapping[str, tuple[str, str]]
) -> list[RenderableType]:
    """Families by what they are, the model_type of the configs that each of them reads, and a
    checkpoint of each on the hub."""
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(no_wrap=True, style="dim")
    for kind, members in groupby(known, lambda family: examples[family][0]):
        table.add_row(Text(kind, "bold"))
        for family in members:
            table.add_row(" · ".join(known[family]), examples[family][1])
    n_types = sum(map(len, known.values()))
    said = f"{n_types} kinds of checkpoints by their model_type, each with an example on the hub:"
    return [Text(said), table]


def about(what: Mapping[str, Any]) -> list[RenderableType]:
    """One checkpoint: what it is, its size, its stacks and what their layers see."""
    rows = {
        "family": what["model_type"],
        "parameters": f"{what['parameters']:,}",
        "size": f"{what['bytes'] / 1e6:,.1f} MB, {', '.join(what['dtypes'])}",
        "vocabulary": f"{what['vocabulary']:,} ids",
        "positions": "no limit" if what["positions"] is None else f"{what['positions']:,}",
        "tokenizer": what["tokenizer"] or "none: give --tokenizer or --ids",
        "licence": what["licence"] or "not stated",
    }
    rows["predicts"] = _predicts(what["predicts"], what["labels"])
    for name, stack in what["stacks"].items():
        rows[name] = _stack(stack)
    rows["loads"] = "yes: every tensor is there and has the shape that the config means"
    table = _grid()
    for name, value in [*rows.items(), *(("note", note) for note in what["notes"])]:
        table.add_row(name, visible(value))
    if what.get("revision"):
        table.add_row("revision", what["revision"])
    for file, digest in what.get("sha256", {}).items():
        table.add_row("sha-256", f"{visible(file)}\n{digest}")
    return [Text(visible(what["name"]), "bold"), table]


def _predicts(kind: str | None, labels: Sequence[str]) -> str:
    """What a prediction head answers; classes by their names."""
    if kind is None:
        return "nothing: there is no prediction head that is read"
    named = ", ".join(labels[:MOST_LABELS])
    more = f" and {len(labels) - MOST_LABELS:,} more" if len(labels) > MOST_LABELS else ""
    return f"{PREDICTS.get(kind, kind)}{': ' * bool(labels)}{named}{more}"


def verified(
    errors: Mapping[str, Sequence[float]], hidden: float, agrees: bool
) -> list[RenderableType]:
    """The largest error of each layer."""
    table = _grid()
    table.add_row("stack", "layer", "largest error", style="dim")
    for name, layers in errors.items():
        for layer, error in enumerate(layers):
            table.add_row(name, str(layer), f"{error:.1e}")
    table.add_row("final hidden state", "", f"{hidden:.1e}")
    verdict = "agrees with transformers" if agrees else "DIFFERS from transformers"
    return [Text(verdict, "bold"), table]


def _stack(stack: Mapping[str, Any]) -> str:
    heads = f"{stack['layers']} layers × {stack['heads']} heads"
    if stack["key_heads"] != stack["heads"]:
        heads += f" that share {stack['key_heads']} key/value heads"
    return f"{heads} · {_masks(stack['masks'])}"


def _masks(masks: Sequence[str]) -> str:
    """ "full", or "layers 0–4 sliding 512, 5 causal …" where they differ."""
    runs = [(mask, [i for i, _ in run]) for mask, run in groupby(enumerate(masks), lambda m: m[1])]
    if len(runs) == 1:
        return str(runs[0][0])
    named = [
        f"{places[0]}–{places[-1]} {mask}" if len(places) > 1 else f"{places[0]} {mask}"
        for mask, places in runs
    ]
    return f"layer {', '.join(named)}"


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    return table
