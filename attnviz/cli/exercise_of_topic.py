"""The exercise of each topic: its answer is computed when it is made."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from attnviz.cli.exercise import Choice, Exercise
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL

if TYPE_CHECKING:
    from attnviz.cli.lesson_pictures import Reader

BLANK = "__"
WIDE = 12  # characters of a label
SHOWN_KEYS = 5  # of the row that a trained model made
MISTAKEN = {1: "same", 0: "place"}  # heads of two orders: what is wrong with either
SHOWN_WORDS = 3  # of each sentence


def _made(reader: Reader, topic: str, lines: Sequence[str], **parts: Any) -> Exercise:
    """Make an exercise with the question and the hint of its topic."""
    say, token = reader.language.say, parts.pop("token", None)
    values = {} if token is None else {"token": token}
    return Exercise(
        topic, tuple(lines), say(f"exercise.{topic}.ask", reader.guard, **values),
        say(f"exercise.{topic}.hint", reader.guard), **parts,
    )  # fmt: skip


def _lined(rows: Iterable[Sequence[str]], width: int = 0) -> list[str]:
    """Rows of a table as lines: a label and its numbers, each to the right of so many columns."""
    return [
        _named(label) + "".join(f" {cell:>{width}}" for cell in cells) for label, *cells in rows
    ]


def _named(label: str) -> str:
    """A label as wide as the others; marks keep numbers beside Arabic letters in their place."""
    shown = visible(label)
    return TERMINAL.token(shown) + " " * max(WIDE - len(shown), 0)


def _pointed(reader: Reader, query: str, key: str, share: float) -> str:
    """A query, the key that it looks at, and how much."""
    token = reader.guard.token
    return f"{token(query)} → {token(key)} {100 * share:.0f}%"


def _tiny(reader: Reader) -> Any:
    from attnviz.tracing.tiny import trace_tiny

    return trace_tiny(reader.language.example.tiny)


def _why(reader: Reader, dice: random.Random) -> Exercise:
    """The strongest words that the same word looks at in two sentences."""
    from attnviz.cli.lesson_pictures import bank_rows

    found = bank_rows()
    lines = [_sentence(reader, text, bars.rows[:SHOWN_WORDS]) for text, bars in found]
    say = reader.language.say
    right = say("exercise.why.takes")
    choices = [Choice(right)]
    choices += [Choice(say(f"exercise.why.{name}"), say(f"exercise.why.{name}.mistake"))
                for name in ("token", "nothing")]  # fmt: skip
    dice.shuffle(choices)
    worked = " · ".join(f"bank → {bars.rows[0][0]}" for _, bars in found)
    return _made(reader, "why", lines, answer=right, worked=worked, choices=tuple(choices))


def _sentence(reader: Reader, text: str, row: Sequence[tuple[str, float]]) -> str:
    """A sentence, and how much one word of it takes from others."""
    token = reader.guard.token
    shares = " · ".join(f"{token(label)} {100 * share:.0f}%" for label, share in row)
    return f"{token(text)}: {shares}"


def _tokens(reader: Reader, _: random.Random) -> Exercise:
    from attnviz.inputs.text import tokenize

    labels = tokenize(reader.shown).labels
    worked = " · ".join(map(visible, labels))
    count = len(labels)
    return _made(
        reader,
        "tokens",
        [visible(reader.shown)],
        answer=str(count),
        value=float(count),
        worked=worked,
    )


def _vectors(reader: Reader, dice: random.Random) -> Exercise:
    """The row of one word in two orders, by a head that is not named."""
    from attnviz.cli.lesson_pictures import HEADS_OF_ORDER, order_rows

    by_head = order_rows(reader)
    hidden = dice.choice([*HEADS_OF_ORDER])
    labels = [label for label, _ in by_head[hidden][0][1]]
    query = f"query {reader.guard.token(labels[0])}"
    lines = [query, *(_sentence(reader, text, row) for text, row in by_head[hidden])]
    say = reader.language.say
    choices = [
        Choice(name, "" if head == hidden else say(f"exercise.vectors.{MISTAKEN[head]}.mistake"))
        for head, name in HEADS_OF_ORDER.items()
    ]
    choices.append(Choice(say("exercise.vectors.both"), say("exercise.vectors.both.mistake")))
    shares = " · ".join(f"{100 * row[0][1]:.0f}%" for _, row in by_head[hidden])
    worked = f"{reader.guard.token(labels[0])}: {shares}"
    return _made(
        reader, "vectors", lines, answer=HEADS_OF_ORDER[hidden], worked=worked,
        choices=tuple(choices),
    )  # fmt: skip


def _query_key_value(reader: Reader, dice: random.Random) -> Exercise:
    """One number of a query, a key or a value: a token's numbers times a column of a matrix."""
    tiny = _tiny(reader)
    matrices = {"W_Q": tiny.w_query, "W_K": tiny.w_key, "W_V": tiny.w_value}
    name, column = dice.choice(
        [(name, i) for name, matrix in matrices.items() for i in range(4) if matrix[:, i].any()]
    )
    place = dice.randrange(1, len(tiny.labels))
    x = [int(number) for number in tiny.x[place]]
    weights = [int(number) for number in matrices[name][:, column]]
    total = sum(a * b for a, b in zip(x, weights, strict=True))
    products = " + ".join(
        f"{a}·({b})" if b < 0 else f"{a}·{b}" for a, b in zip(x, weights, strict=True)
    )
    lines = [
        reader.guard.token(visible(tiny.labels[place])), f"x = {tuple(x)}",
        f"{name}[:, {column}] = {tuple(weights)}",
    ]  # fmt: skip
    return _made(
        reader, "query-key-value", lines, answer=str(total), value=float(total),
        worked=f"{products} = {total}",
    )  # fmt: skip


def _scores(reader: Reader, dice: random.Random) -> Exercise:
    tiny = _tiny(reader)
    key = dice.choice(tiny.steps.keys[1:])
    query = [int(part) for part in tiny.steps.query_parts]
    parts = [int(part) for part in key.parts]
    pairs = zip(query, parts, strict=True)
    products = " + ".join(f"({a})·{b}" if a < 0 else f"{a}·{b}" for a, b in pairs)
    return _made(
        reader, "scores", [f"q = {tuple(query)}", f"k = {tuple(parts)}"],
        answer=f"{key.score:g}", value=float(key.score), worked=f"{products} = {key.score:g}",
    )  # fmt: skip


def _scaling(reader: Reader, dice: random.Random) -> Exercise:
    key = dice.choice(_tiny(reader).steps.keys[1:])
    return _made(
        reader, "scaling", [f"q · k = {key.score:g}"], answer=f"{key.scaled:g}",
        value=float(key.scaled), worked=f"{key.score:g} / √4 = {key.score:g} / 2 = {key.scaled:g}",
    )  # fmt: skip


def _softmax(reader: Reader, dice: random.Random) -> Exercise:
    from attnviz.cli.lesson_pictures import steps_of

    keys = steps_of(reader).keys
    hidden = dice.randrange(len(keys))
    shares = [round(100 * key.weight, 1) for key in keys]
    rows = [
        (key.label, BLANK if i == hidden else f"{share:.1f}%")
        for i, (key, share) in enumerate(zip(keys, shares, strict=True))
    ]
    others = " - ".join(f"{share:.1f}" for i, share in enumerate(shares) if i != hidden)
    left = 100 - sum(share for i, share in enumerate(shares) if i != hidden)
    return _made(
        reader, "softmax", _lined(rows), answer=f"{left:.1f}%", value=left, rows=tuple(rows),
        worked=f"100 - {others} = {left:.1f}",
    )  # fmt: skip


def _weighted_sum(reader: Reader, _: random.Random) -> Exercise:
    steps = _tiny(reader).steps
    pairs = [(float(key.weight), float(key.value[1])) for key in steps.keys]
    rows = [(key.label, f"{w:.3f} · {v:g}") for key, (w, v) in zip(steps.keys, pairs, strict=True)]
    products = " + ".join(f"{w:.3f}·{v:g}" for w, v in pairs)
    output = float(steps.output[1])
    return _made(
        reader, "weighted-sum", _lined(rows), answer=f"{output:.3f}", value=output,
        rows=tuple(rows), worked=f"{products} = {output:.3f}",
    )  # fmt: skip


def _self(reader: Reader, dice: random.Random) -> Exercise:
    from attnviz.tracing.trace import trace

    stack = trace(reader.shown).stack
    mean = stack.map(0, "mean", max(stack.shape)).mean
    rows = [
        (label, *(f"{100 * weight:.0f}" for weight in row))
        for label, row in zip(stack.query_tokens.labels, mean, strict=True)
    ]
    say = reader.language.say
    right = say("exercise.self.row")
    choices = [Choice(right)]
    choices += [Choice(say(f"exercise.self.{name}"), say(f"exercise.self.{name}.mistake"))
                for name in ("column", "diagonal")]  # fmt: skip
    dice.shuffle(choices)
    sums = " · ".join(f"{100 * float(row.sum()):.0f}%" for row in mean)
    return _made(
        reader,
        "self",
        _lined(rows, 4),
        answer=right,
        worked=sums,
        choices=tuple(choices),
        rows=tuple(rows),
    )


def _multi_head(reader: Reader, dice: random.Random) -> Exercise:
    from attnviz.cli.lesson_pictures import row_of
    from attnviz.tracing.trace import trace

    record = trace(reader.language.example.line)
    names, labels = record.stack.head_names[:3], record.stack.query_tokens.labels
    query, head = 2, dice.randrange(3)
    row = row_of(record, query, 0, head)
    rows = [(label, f"{100 * weight:.0f}%") for label, weight in row]
    lines = [f"query {reader.guard.token(labels[query])}", *_lined(rows, 5)]
    wrong = reader.language.say("exercise.multi-head.mistake")
    choices = [Choice(name, "" if i == head else wrong) for i, name in enumerate(names)]
    best, share = max(row, key=lambda pair: pair[1])
    worked = _pointed(reader, labels[query], best, share)
    return _made(
        reader, "multi-head", lines, answer=names[head], worked=worked, choices=tuple(choices),
        rows=tuple(rows),
    )  # fmt: skip


def _causal(reader: Reader, _: random.Random) -> Exercise:
    from attnviz.cli.lesson_pictures import WHAT_FOLLOWED, row_of
    from attnviz.tracing.trace import trace

    text = reader.language.example.writer
    record = trace(text, heads=WHAT_FOLLOWED + 1, type="causal")
    row = row_of(record, len(record.stack.query_tokens) - 1, 0, WHAT_FOLLOWED)
    best, share = max(row, key=lambda pair: pair[1])
    return _made(
        reader, "causal", [text], answer=best, worked=_pointed(reader, row[-1][0], best, share)
    )


def _cross(reader: Reader, dice: random.Random) -> Exercise:
    from attnviz.cli.lesson_pictures import row_of
    from attnviz.tracing.trace import trace

    example = reader.language.example
    record = trace(example.target, source=example.source)
    labels = record.stack.query_tokens.labels
    query = dice.choice(range(len(labels)))
    best, share = max(row_of(record, query), key=lambda pair: pair[1])
    return _made(
        reader, "cross", [example.target, example.source], token=labels[query], answer=best,
        worked=_pointed(reader, labels[query], best, share),
    )  # fmt: skip


def _local(reader: Reader, dice: random.Random) -> Exercise:
    from attnviz.tracing.trace import trace

    text = reader.language.example.line
    stack = trace(text, type="local", window=2).stack
    seen = int(stack.allowed(0, max(stack.shape))[2].sum())
    say = reader.language.say
    choices = [Choice(str(seen)), Choice("2", say("exercise.local-global.two")),
               Choice("4", say("exercise.local-global.four"))]  # fmt: skip
    dice.shuffle(choices)
    return _made(
        reader, "local-global", [text], answer=str(seen), worked="2 + 1 + 2 = 5",
        choices=tuple(choices),
    )  # fmt: skip


def _limits(reader: Reader, _: random.Random) -> Exercise:
    from attnviz.inputs.text import tokenize

    n = len(tokenize(reader.shown))
    total = (2 * n) ** 2
    return _made(
        reader, "limits", [f"n = {n}: {n} × {n} = {n * n}"], answer=str(total),
        value=float(total), worked=f"{2 * n} × {2 * n} = {total} = 4 × {n * n}",
    )  # fmt: skip


def _trained(reader: Reader, _: random.Random) -> Exercise:
    """The row of random matrices, which is nearly even; how large would an even one be?"""
    from attnviz.cli.lesson_pictures import TIRED, row_of
    from attnviz.tracing.trace import trace

    text, query = TIRED
    record = trace(text, model="random")
    labels = record.stack.query_tokens.labels
    row = row_of(record, labels.index(query))
    rows = [(label, f"{100 * share:.1f}%") for label, share in row]
    n = len(row)
    return _made(
        reader, "trained", [f"query {query}", *_lined(rows, 6)], answer=f"{100 / n:.1f}%",
        value=100 / n, worked=f"100 / {n} = {100 / n:.1f}", rows=tuple(rows),
    )  # fmt: skip


def _not_explanation(reader: Reader, dice: random.Random) -> Exercise:
    from attnviz.cli.lesson_pictures import tired_row

    row = sorted(tired_row(), key=lambda pair: -pair[1])[:SHOWN_KEYS]
    rows = [(label, f"{100 * weight:.0f}%") for label, weight in row]
    say = reader.language.say
    right, wrong = (say(f"exercise.not-explanation.{name}") for name in ("where", "mistake"))
    choices = [Choice(right)]
    choices += [Choice(say(f"exercise.not-explanation.{name}"), wrong) for name in ("why", "word")]
    dice.shuffle(choices)
    best, share = row[0]
    worked = f"{reader.guard.token(best)} {100 * share:.0f}%"
    return _made(
        reader, "not-explanation", _lined(rows, 5), answer=right, worked=worked,
        choices=tuple(choices), rows=tuple(rows),
    )  # fmt: skip


def _applications(reader: Reader, dice: random.Random) -> Exercise:
    """A word of a question, and the word of the passage that it finds."""
    from attnviz.cli.lesson_pictures import row_of
    from attnviz.tracing.trace import trace

    example = reader.language.example
    record = trace(example.question, source=example.passage)
    labels, keys = record.stack.query_tokens.labels, record.stack.key_tokens.labels
    query = dice.choice([i for i, label in enumerate(labels) if label in keys])
    best, share = max(row_of(record, query), key=lambda pair: pair[1])
    return _made(
        reader, "applications", [example.question, example.passage], token=labels[query],
        answer=best, worked=_pointed(reader, labels[query], best, share),
    )  # fmt: skip


MADE: dict[str, Callable[[Reader, random.Random], Exercise]] = {
    "why": _why,
    "tokens": _tokens,
    "vectors": _vectors,
    "query-key-value": _query_key_value,
    "scores": _scores,
    "scaling": _scaling,
    "softmax": _softmax,
    "weighted-sum": _weighted_sum,
    "self": _self,
    "multi-head": _multi_head,
    "causal": _causal,
    "cross": _cross,
    "local-global": _local,
    "limits": _limits,
    "trained": _trained,
    "not-explanation": _not_explanation,
    "applications": _applications,
}
CHECK = (
    "scores", "scaling", "softmax", "weighted-sum", "self", "multi-head", "causal",
    "local-global", "limits", "not-explanation",
)  # fmt: skip
