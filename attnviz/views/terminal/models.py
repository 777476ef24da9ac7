"""What a checkpoint holds, and how far it is from another program's numbers, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from attnviz.digits import grouped
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL, Language
from attnviz.language.reworded import reworded_note
from attnviz.record.numbering import in_runs

MOST_LABELS = 12  # of classes that are named
PREDICTS = {
    "next": "models.next",
    "mask": "models.mask",
    "class": "models.class",
    "token class": "models.token_class",
    "answer": "models.answer",
    "similarity": "models.similarity",
}


def families(
    known: Mapping[str, Sequence[str]],
    examples: Mapping[str, tuple[str, str]],
    language: Language,
) -> list[RenderableType]:
    """Return families by what they are, the model_type of the configs that each of them reads, and
    a checkpoint of each on the hub."""
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", style="dim")
    for kind, members in groupby(known, lambda family: examples[family][0]):
        table.add_row(Text(_said(f"kind_{kind}", language), "bold"))
        for family in members:
            table.add_row(" · ".join(known[family]), examples[family][1])
    n_types = sum(map(len, known.values()))
    return [Text(language.say("models.known", TERMINAL, n=n_types)), table]


def about(what: Mapping[str, Any], language: Language) -> list[RenderableType]:
    """Return one checkpoint: what it is, its size, its stacks and what their layers see."""
    rows = {
        "family": what["model_type"],
        "parameters": grouped(what["parameters"]),
        "size": f"{grouped(what['bytes'] / 1e6, '.1f')} MB, {', '.join(what['dtypes'])}",
        "vocabulary": f"{grouped(what['vocabulary'])} ids",
        "positions": _said("no_limit", language)
        if what["positions"] is None
        else grouped(what["positions"]),
        "tokenizer": what["tokenizer"] or _said("no_tokenizer", language),
        "licence": what["licence"] or _said("no_licence", language),
    }
    rows["predicts"] = _predicts(what["predicts"], what["labels"], language)
    table = _grid()
    for name, value in rows.items():
        table.add_row(_said(name, language), visible(value))
    for name, stack in what["stacks"].items():
        table.add_row(name, visible(_stack(stack, language)))
    table.add_row(_said("loads", language), _said("loads_yes", language))
    for note in what["notes"]:
        table.add_row(_said("note", language), visible(reworded_note(note, language, TERMINAL)))
    if what.get("revision"):
        table.add_row(_said("revision", language), what["revision"])
    for file, digest in what.get("sha256", {}).items():
        table.add_row("sha-256", f"{visible(file)}\n{digest}")
    return [Text(visible(what["name"]), "bold"), table]


def _said(name: str, language: Language, **values: object) -> str:
    return language.say(f"models.{name}", TERMINAL, **values)


def _predicts(kind: str | None, labels: Sequence[str], language: Language) -> str:
    """What a prediction head answers; classes by their names."""
    if kind is None:
        return _said("no_head", language)
    named = ", ".join(labels[:MOST_LABELS])
    left = len(labels) - MOST_LABELS
    more = _said("more", language, n=left) if left > 0 else ""
    said = language.say(PREDICTS[kind], TERMINAL) if kind in PREDICTS else kind
    return f"{said}{': ' * bool(labels)}{named}{more}"


def verified(
    errors: Mapping[str, Sequence[float]],
    numbers: Mapping[str, Sequence[int]],
    hidden: float,
    agrees: bool,
    language: Language,
) -> list[RenderableType]:
    """Return the largest error of each layer."""
    table = _grid()
    table.add_row(
        *(_said(name, language) for name in ("stack_name", "layer", "error")), style="dim"
    )
    for name, layers in errors.items():
        for layer, error in zip(numbers[name], layers, strict=True):
            table.add_row(name, str(layer), f"{error:.1e}")
    table.add_row(_said("hidden", language), "", f"{hidden:.1e}")
    verdict = _said("agrees" if agrees else "differs", language)
    return [Text(verdict, "bold"), table]


def _stack(stack: Mapping[str, Any], language: Language) -> str:
    heads = _said("stack", language, n_layers=stack["layers"], n_heads=stack["heads"])
    if stack["key_heads"] != stack["heads"]:
        heads += _said("shared", language, n=stack["key_heads"])
    masks = _masks(stack["masks"], stack["layer_numbers"])
    if len(stack["layer_numbers"]) <= stack["layer_numbers"][-1]:
        places = in_runs(stack["layer_numbers"])
        gaps = language.say("ui.gaps", TERMINAL, n_layers=stack["layers"], places=places)
        return f"{heads} · {masks} · {gaps}"
    return f"{heads} · {masks}"


def _masks(masks: Sequence[str], numbers: Sequence[int]) -> str:
    """ "full", or "layers 0–4 sliding 512, 5 causal …" where they differ."""
    runs = [(mask, [i for i, _ in run])
            for mask, run in groupby(zip(numbers, masks, strict=True), lambda m: m[1])]  # fmt: skip
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
    table.add_column(overflow="fold")
    return table
