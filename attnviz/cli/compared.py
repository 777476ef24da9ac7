"""What `compare` compares: records that are read or traced, and the heads of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.cli import options
from attnviz.errors import AttnvizError, both_given

if TYPE_CHECKING:
    from attnviz.analysis.compare import Side
    from attnviz.analysis.transform import Transform
    from attnviz.record.record import AttentionRecord
    from attnviz.record.stack import Stack, Which

HEAD = re.compile(r" ?(?:last|-?[0-9]+)\.(?:last|mean|all|-?[0-9]+)")  # layer.head
RECORDS = (".npz", ".json")
LONGEST = 200  # characters of a text in the name of its side

Named = Sequence[tuple[str, "AttentionRecord"]]


def heads_before(items: Sequence[str], head: str) -> tuple[list[str], str]:
    """Return the items without the heads they begin with (2.8 4.9 TEXT), and the heads to
    compare."""
    named = [one.strip() for one in takewhile(HEAD.fullmatch, items)]
    if named and head != "mean":
        raise AttnvizError(
            f"{' '.join(named)} and --head {head} both say which heads.",
            "Give one of them.",
            key="err.head_both",
            names=" ".join(named),
            head=head,
        )
    return list(items[len(named) :]), ",".join(named) or head


def records_of(
    items: Sequence[str], file: Path | None, types: str | None, models: str,
    transform: Transform, settings: dict[str, Any],
) -> list[tuple[str, AttentionRecord]]:  # fmt: skip
    """Return names and records: read from files, or traced, one thing varying."""
    from attnviz.cli.read_text import given_text, the_text
    from attnviz.record.record import read
    from attnviz.tracing.memory import default_budget
    from attnviz.tracing.trace import trace

    if file is not None and items:
        raise both_given("A text", "--file")
    if items and all(Path(item).suffix.lower() in RECORDS for item in items):
        return [(Path(item).name, transform.apply_to_saved(read(item))) for item in items]
    several = [given_text(item, None) or "" for item in items] if len(items) > 1 else []
    texts = several or [the_text(items[0] if items else None, file)]
    kinds: list[str | None] = [*options.listed(types)] or [None]
    names = options.listed(models)
    counts = {"texts": len(texts), "types": len(kinds), "models": len(names)}
    varying, found = _varying(counts) or "texts", []
    share = default_budget() // max(counts.values())  # all of them are kept until the end
    for text, kind, model in product(texts, kinds, names):
        shown = {"texts": _short(text), "types": kind, "models": model}[varying]
        record = trace(
            text, type=kind, model=model, transform=transform, max_memory=share, **settings
        )
        found.append((str(shown), record))
    return found


def sides_of(records: Named, layer: str | None, head: str, *, enough: bool) -> list[Side]:
    """Give each record with each layer and head; AttnvizError unless that makes two or more.

    layer: None for the first.
    enough: whether one is enough.
    """
    from attnviz.analysis.compare import Side

    chosen = [_places(record.stack, layer or "first", head) for _, record in records]
    several = max((len(places) for places, _ in chosen), default=1)
    what = chosen[0][1] if chosen else "heads"
    varying = _varying({"records": len(records), what: several})
    if not varying and not enough:
        raise AttnvizError(
            "There is nothing to compare.",
            "Give two texts, files, types, models, layers or heads: --type self,local.",
            key="err.nothing_to_compare",
            option="--type self,local",
        )
    found = []
    for (name, record), (places, _) in zip(records, chosen, strict=True):
        for place in places:
            label = name if varying not in ("layers", "heads") else _label(record.stack, *place)
            found.append(Side(label, record, *place))
    return found


def changed_layer(records: Named, layer: str | None, head: str) -> int | None:
    """Find the number of the layer that changed most from the first record to the others; None
    where a layer was given, or they do not have the same layers, heads and tokens."""
    import numpy as np

    from attnviz.analysis.compare import changes_of_heads

    if layer is not None or head != "mean" or len(records) < 2:
        return None
    first, *others = (record.stack for _, record in records)
    changes = [changes_of_heads(first, other) for other in others]
    known = [change for change in changes if change is not None]
    if first.n_layers == 1 or len(known) < len(changes):
        return None
    most = int(np.sum([change.mean(axis=1) for change in known], axis=0).argmax())
    return first.layer_numbers[most]


def _varying(counts: Mapping[str, int]) -> str:
    """What there are several of, or ""; AttnvizError where that is more than one thing."""
    several = [name for name, n in counts.items() if n > 1]
    if len(several) > 1:
        hint = "Vary one thing at a time."
        named = " and ".join(several)
        what = ", ".join(several)
        raise AttnvizError(f"Several {named} were given.", hint, key="err.several", what=what)
    return "".join(several)


def _places(stack: Stack, layer: str, head: str) -> tuple[list[tuple[int, Which]], str]:
    """Layers and heads that were named, and whether there are several "layers" or "heads"."""
    from attnviz.record.numbering import layers_and_heads

    def numbers(word: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return layers_and_heads(layer, word, stack.layer_numbers, stack.n_heads)

    found: list[tuple[int, Which]] = []
    asked = [numbers(word) for word in options.listed(head)]
    for layers, heads in asked:
        found += product(layers, heads or ("mean",))
    found = list(dict.fromkeys(found))
    if not found:
        raise AttnvizError(
            "There is no mean of layers.", "Name one, some (0-3), or all.", key="err.no_mean"
        )
    heads_named = len({head for _, head in found}) > 1 or len({layers for layers, _ in asked}) > 1
    if heads_named and any(len(layers) > 1 for layers, _ in asked):
        raise AttnvizError(
            "Several layers and heads were given.",
            "Name each head with its layer: `head` 0.1,3.2.",
            key="err.several_layers",
        )
    return found, "heads" if heads_named else "layers"


def _label(stack: Stack, layer: int, head: Which) -> str:
    """What of one record a side is: its layer, its head, or both."""
    if head == "mean":
        return f"layer {stack.layer_numbers[layer]}"
    number = f"{stack.layer_numbers[layer]}.{head}" if stack.names_layers else str(head)
    return f"head {number} {stack.head_name(head)}".strip()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
