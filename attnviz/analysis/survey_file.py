"""A survey, or a chunk of one, as a file: `.npz` with every sum, `.json` and `.csv` with what a
person reads. Only `.npz` is read back; it is not trusted.

| key | what it holds |
|---|---|
| format, version, attnviz | "attnviz-survey", 1, the version of the program that wrote it |
| model, details, settings | what was surveyed, and how |
| n, n_tokens, n_empty, failed | texts and tokens measured, empty ones, and those that failed |
| n_cut | texts that were longer than the model takes, and were cut |
| measures, kinds | the names that the first axis of the arrays counts |
| values: n, mean, squares | (measures, layers, heads): how many texts, their mean, Σ (x − mean)² |
| counts | (measures, layers, heads, bins): texts in each bin of `moments.Quantiles` |
| labels | (kinds, layers, heads): texts with each label |
| groups | by name: n, mean, squares |
| examples | layer, head, weight, number, place, query, key, context of each |
| maps | of each example: tokens down and across, row and column of its pair; not in older files |
| cells | the weights of all maps, one behind the other, 255 for 1 |
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from attnviz._version import __version__
from attnviz.analysis.head_measures import MEASURES
from attnviz.analysis.head_patterns import KINDS
from attnviz.analysis.moments import N_BINS, Moments, Quantiles
from attnviz.analysis.significance import Difference
from attnviz.analysis.survey import (
    LONGEST_LABEL,
    MAP_SIDE,
    Example,
    ExampleMap,
    Failed,
    Part,
    Survey,
)
from attnviz.errors import AttnvizError, bad_choice
from attnviz.files.arrays import NOT_READABLE, array_names
from attnviz.files.table import table_text
from attnviz.files.write import written_whole
from attnviz.inputs.labels import visible
from attnviz.record.saved import read_tree, to_npz
from attnviz.record.tree import Tree

FORMAT, VERSION = "attnviz-survey", 1
ROUNDING = 1e-6  # below 0 that a mean may be
SUFFIXES = (".npz", ".json", ".csv", ".parquet")
MOST_HEADS = 1 << 16


def save_survey(survey: Survey, path: str | Path) -> None:
    """Write a survey to a file, whole or not at all. Raises AttnvizError for another suffix or a
    place that cannot be written."""
    place = Path(path)
    suffix = place.suffix.lower()
    if suffix not in SUFFIXES:
        raise bad_choice(place.suffix or place.name, "the suffix of a survey", SUFFIXES)
    data = survey_bytes(survey, suffix)
    with written_whole(place) as file:
        file.write(data)


def survey_bytes(survey: Survey, suffix: str) -> bytes:
    """Return the bytes of a file with one of `SUFFIXES`."""
    if suffix == ".npz":
        return to_npz(survey_tree(survey))
    if suffix == ".parquet":
        return to_parquet(survey)
    if suffix == ".csv":
        return to_csv(survey).encode()
    return (json.dumps(to_json(survey), ensure_ascii=False, indent=1) + "\n").encode()


def is_survey(path: str | Path) -> bool:
    """Tell whether a file is a `.npz` of sums, by the names of what it holds."""
    try:
        return "values/squares" in array_names(Path(path))
    except NOT_READABLE:
        return False


def read_survey(path: str | Path) -> Survey:
    """Open a `.npz` that `save_survey` wrote; AttnvizError if it is none."""
    place = Path(path)
    with _named(place):
        return survey_of(read_tree(place))


@contextmanager
def _named(place: Path) -> Iterator[None]:
    try:
        yield
    except NOT_READABLE as error:
        raise AttnvizError(
            f"{visible(str(place))} is not a survey of attnviz ({type(error).__name__}: "
            f"{visible(str(error))[:200]}).",
            "Give a .npz file that attnviz survey wrote.",
            key="err.not_survey",
            place=visible(str(place)),
            name=type(error).__name__,
            reason=visible(str(error))[:200],
        ) from error


def survey_tree(survey: Survey) -> Tree:
    """Return the survey as a tree whose leaves are arrays and what JSON can hold."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "attnviz": __version__,
        "model": survey.model,
        "details": dict(survey.details),
        "settings": dict(survey.settings),
        "n_empty": survey.n_empty,
        "failed": [[one.number, one.place, one.reason] for one in survey.failed],
        **part_tree(survey.part),
    }


def part_tree(part: Part) -> Tree:
    """Return the sums of some texts as a tree."""
    examples = [(head, one) for head in sorted(part.examples) for one in part.examples[head]]
    return {
        "n": part.n,
        "n_tokens": part.n_tokens,
        "layer_numbers": list(part.numbers),
        "n_cut": part.n_cut,
        "measures": list(MEASURES),
        "kinds": list(KINDS),
        "values": _moments_tree(part.moments),
        "counts": part.quantiles.counts,
        "labels": part.kinds,
        "groups": {name: _moments_tree(part.groups[name]) for name in sorted(part.groups)},
        "examples": [
            [*head, one.weight, one.sort[1], one.place, one.query, one.key, one.context]
            for head, one in examples
        ],
        **_maps_tree([one.map for _, one in examples]),
    }


def _maps_tree(maps: Sequence[ExampleMap | None]) -> Tree:
    """The maps of all examples; nothing where one has none."""
    known = [one for one in maps if one is not None]
    if len(known) < len(maps):
        return {}
    cells = np.frombuffer(b"".join(one.cells for one in known), np.uint8)
    return {
        "maps": [[list(one.queries), list(one.keys), list(one.pair)] for one in known],
        "cells": cells,
    }


def _moments_tree(moments: Moments) -> Tree:
    return {"n": moments.n, "mean": moments.mean, "squares": moments.squares}


def survey_of(tree: Tree) -> Survey:
    """Return the survey that `survey_tree` described; ValueError and the like where it cannot be
    one."""
    if tree["format"] != FORMAT or tree["version"] != VERSION:
        raise ValueError(f"its format is {tree['format']!r}, version {tree['version']!r}")
    details, settings = tree["details"], tree["settings"]
    if not isinstance(details, dict) or not isinstance(settings, dict):
        raise ValueError("details and settings have to be mappings")
    json.dumps([details, settings], allow_nan=False)  # TypeError for what is no JSON
    failed = tuple(
        Failed(_whole(number), visible(place), visible(reason))
        for number, place, reason in tree["failed"]
    )
    return Survey(
        visible(tree["model"]), details, settings, part_of(tree), failed, _whole(tree["n_empty"])
    )


def part_of(tree: Tree) -> Part:
    """Return the sums that `part_tree` described; ValueError and the like where they cannot be."""
    if tree["measures"] != list(MEASURES) or tree["kinds"] != list(KINDS):
        raise ValueError("it was written by a version with other measures or labels")
    labels = np.asarray(tree["labels"])
    if labels.ndim != 3 or not 0 < labels[0].size <= MOST_HEADS:
        raise ValueError(f"labels have the shape {labels.shape}")
    part = Part(tuple(labels.shape[1:]), _numbers_of(tree, labels.shape[1]))
    part.n, part.n_tokens = _whole(tree["n"]), _whole(tree["n_tokens"])
    part.n_cut = _whole(tree.get("n_cut", 0))  # older files do not say
    part.moments = _moments_of(tree["values"], part)
    part.quantiles = Quantiles(part.moments.shape)
    part.quantiles.counts = _array(tree["counts"], "u", (*part.moments.shape, N_BINS))
    part.kinds = _array(labels, "i", (len(KINDS), *part.shape)).astype(np.int64)
    if (part.quantiles.counts.sum(axis=-1) != part.moments.n).any():
        raise ValueError("the counts of a measure do not add up to its values")
    if (part.kinds.sum(axis=0) != part.n).any() or (part.kinds < 0).any():
        raise ValueError(f"the labels of {part.n} texts do not add up to as many")
    part.groups = {visible(name): _moments_of(one, part) for name, one in tree["groups"].items()}
    maps = _maps_of(tree) if "maps" in tree else [None] * len(tree["examples"])
    part.examples = _examples_of(tree["examples"], maps, part.shape)
    return part


def _numbers_of(tree: Mapping[str, Any], n_layers: int) -> tuple[int, ...]:
    """The numbers of the layers; none where all attend, or in older files."""
    numbers = tuple(map(_whole, tree.get("layer_numbers", ())))
    if list(numbers) != sorted({*numbers}) or len(numbers) not in (0, n_layers):
        raise ValueError(f"layer_numbers {str(numbers)[:60]} for {n_layers} layers")
    return numbers


def _moments_of(tree: Mapping[str, Any], part: Part) -> Moments:
    moments = Moments((len(MEASURES), *part.shape))
    moments.n = _array(tree["n"], "i", moments.shape).astype(np.int64)
    moments.mean = _array(tree["mean"], "f", moments.shape).astype(np.float64)
    moments.squares = _array(tree["squares"], "f", moments.shape).astype(np.float64)
    known = np.isfinite(moments.mean).all() and np.isfinite(moments.squares).all()
    if not known or (moments.squares < 0).any():
        raise ValueError("a mean or a sum of squares is no number that can be")
    lowest = np.where(np.array(list(MEASURES)) == "effect", -np.inf, -ROUNDING)  # may help, or harm
    if (moments.mean < lowest[:, None, None]).any():
        raise ValueError("a mean is less than 0")
    if (moments.n < 0).any() or (moments.n > part.n).any():
        raise ValueError(f"a measure has more values than there are texts ({part.n})")
    return moments


def _maps_of(tree: Tree) -> list[ExampleMap]:
    rows, cells = tree["maps"], tree["cells"]
    sizes = [len(queries) * len(keys) for queries, keys, _ in rows]
    every = _array(cells, "u", (sum(sizes),)).astype(np.uint8).tobytes()
    found, start = [], 0
    for (queries, keys, pair), size in zip(rows, sizes, strict=True):
        row, column = map(_whole, pair)
        if max(len(queries), len(keys)) > MAP_SIDE or row >= len(queries) or column >= len(keys):
            raise ValueError("the map of an example is larger than it can be, or has no such pair")
        down, across = (
            tuple(visible(label)[:LONGEST_LABEL] for label in side) for side in (queries, keys)
        )
        found.append(ExampleMap(down, across, every[start : start + size], (row, column)))
        start += size
    return found


def _examples_of(
    rows: Any, maps: Sequence[ExampleMap | None], shape: tuple[int, int]
) -> dict[tuple[int, int], list[Example]]:
    found: dict[tuple[int, int], list[Example]] = {}
    for (layer, head, weight, number, *words), near in zip(rows, maps, strict=True):
        place, query, key, context = (visible(word) for word in words)
        head_at = _whole(layer), _whole(head)
        if not (head_at[0] < shape[0] and head_at[1] < shape[1] and 0 <= weight <= 1.001):
            raise ValueError("an example lies outside of the model, or has no weight that can be")
        example = Example((-float(weight), _whole(number)), place, query, key, context, near)
        found.setdefault(head_at, []).append(example)
    return found


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{str(value)[:40]!r} is not a whole number from 0 up")
    return value


def _array(value: Any, kind: str, shape: tuple[int, ...]) -> Any:
    array = np.asarray(value)
    if array.dtype.kind != kind or array.shape != shape:
        raise ValueError(f"an array is {array.dtype} {array.shape} where {shape} is due")
    return array


def rows(survey: Survey) -> Iterator[dict[str, Any]]:
    """Return one row a head: its label, and mean and standard deviation of every measure; None
    where no text has a value."""
    means = {name: survey.mean(name) for name in survey.measures}
    sds = {name: survey.sd(name) for name in survey.measures}
    share, labels = survey.label_share, survey.labels
    for layer, head in np.ndindex(survey.shape):
        row: dict[str, Any] = {"layer": survey.layer_numbers[layer], "head": head, "n": survey.n}
        row |= {"label": labels[layer][head], "label_share": float(share[layer, head])}
        for name in survey.measures:
            row[f"{name}_mean"] = _number(float(means[name][layer, head]))
            row[f"{name}_sd"] = _number(float(sds[name][layer, head]))
        yield row


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def to_json(survey: Survey) -> Tree:
    """Return what a program reads: heads with their examples, JSON-ready."""
    heads = []
    for row in rows(survey):
        found = survey.examples(survey.layer_numbers.index(row["layer"]), row["head"])
        examples = [
            {"weight": one.weight, "place": one.place, "query": one.query, "key": one.key,
             "context": one.context} for one in found
        ]  # fmt: skip
        heads.append(row | {"examples": examples})
    return {
        "format": FORMAT, "attnviz": __version__, "model": survey.model,
        "settings": dict(survey.settings), "n": survey.n, "n_tokens": survey.part.n_tokens,
        "n_cut": survey.part.n_cut, "n_empty": survey.n_empty, "groups": list(survey.groups),
        "failed": [{"place": one.place, "reason": one.reason} for one in survey.failed],
        "heads": heads,
    }  # fmt: skip


def to_csv(survey: Survey) -> str:
    """Return the table of heads for a spreadsheet."""
    table = list(rows(survey))
    return table_text([[*table[0]], *([*row.values()] for row in table)])


def to_parquet(survey: Survey) -> bytes:
    """Return the same table as Parquet; AttnvizError where pyarrow is not installed."""
    import io

    try:
        import pyarrow  # the extra `attnviz[parquet]`
        from pyarrow import parquet
    except ImportError as error:
        raise AttnvizError(
            "Writing Parquet takes pyarrow, which is not installed.",
            "Run: pip install 'attnviz[parquet]'.",
            key="err.writing_parquet",
        ) from error
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(rows(survey))), buffer)
    return buffer.getvalue()


def difference_tree(gap: Difference, names: tuple[str, str], by: str) -> Tree:
    """Return how two surveys differ in a measure, JSON-ready: the heads in order."""
    heads = [
        {
            "layer": gap.layer_numbers[layer], "head": head,
            "first": _number(float(gap.first[layer, head])),
            "second": _number(float(gap.second[layer, head])),
            "effect": _number(float(gap.effect[layer, head])),
            "p": _number(float(gap.p[layer, head])),
            "holds": bool(gap.holds[layer, head]),
        }
        for layer, head in np.ndindex(*gap.effect.shape)
    ]  # fmt: skip
    return {"measure": by, "first": names[0], "second": names[1], "heads": heads}
