"""The exercises of the lesson: each answer is computed when the exercise is made."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL

if TYPE_CHECKING:
    from attnviz.cli.lesson_pictures import Reader

DASHES = "-" * 40
NEAR_POINT, NEAR_SHARE = 1.0, 0.01  # how far a whole number, and a decimal, may be off
BLANK = "__"
LETTERS = "abc"  # of choices: a number may be an answer
WIDE = 12  # characters of a label
CHECKED = "check"  # the topic that is ten exercises
SHOWN_KEYS = 5  # of the row that a trained model made


@dataclass(frozen=True)
class Choice:
    """One answer to choose; mistake: what is wrong with it, nothing for the right one."""

    text: str
    mistake: str = ""


@dataclass(frozen=True)
class Exercise:
    """One question over a few computed lines, with its answer.

    value: of a question for a number. choices: of one with answers to choose from. worked: how the
    answer is found. rows: the last of the lines as cells, where they are a table.
    """

    topic: str
    lines: tuple[str, ...]
    question: str
    hint: str
    answer: str
    worked: str
    value: float | None = None
    choices: tuple[Choice, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def kind(self) -> str:
        """ "number", "token" or "choice"."""
        return "choice" if self.choices else "token" if self.value is None else "number"

    def chosen(self, given: str) -> Choice | None:
        """Find the choice that was named by its letter or its words."""
        for letter, choice in zip(LETTERS, self.choices, strict=False):
            if given.strip().rstrip(")").casefold() in (letter, choice.text.casefold()):
                return choice
        return None

    def accepts(self, given: str) -> bool:
        """Tell whether an answer is right: a token in any capitals, a number nearly."""
        said = given.strip().strip('"«»').casefold()
        if self.choices:
            found = self.chosen(given)
            return found is not None and not found.mistake
        if self.value is None:
            return said == self.answer.casefold()
        try:
            number = float(said.rstrip("%").replace(",", "."))
        except ValueError:
            return False
        return abs(number - self.value) <= self.near + 1e-9

    @property
    def near(self) -> float:
        """How far from the value a number is still right: less for a decimal than for a share."""
        share = self.value is not None and self.value > NEAR_POINT and "%" in self.answer
        return NEAR_POINT if share else NEAR_SHARE

    def to_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "topic": self.topic, "kind": self.kind, "lines": list(self.lines),
            "question": self.question, "hint": self.hint,
            "choices": [{"text": c.text, "mistake": c.mistake} for c in self.choices],
            "answer": self.answer, "value": self.value, "worked": self.worked,
        }  # fmt: skip


def exercises(names: Sequence[str] | None, reader: Reader, seed: int) -> list[Exercise]:
    """Make the exercises of these topics; of the ten of the check where none is named.

    Raises AttnvizError for a topic that has none.
    """
    for name in names or ():
        if name not in MADE:
            known = ", ".join(MADE)
            raise AttnvizError(
                f'"{name}" has no exercise.', f"These have one: {known}.",
                key="err.no_exercise", topic=name, choices=tuple(MADE),
            )  # fmt: skip
    return [MADE[name](reader, random.Random(seed)) for name in names or CHECK]


def printed(made: Sequence[Exercise], reader: Reader) -> list[str]:
    """Return the exercises, a line of dashes, and the answers: for a pipe, or a handout."""
    say = reader.language.say
    lines = []
    for number, one in enumerate(made, 1):
        lines += [*_asked(one, number, say), ""]
    lines += [DASHES, say("exercise.answers"), ""]
    lines += [f"{n}. {TERMINAL.token(one.answer)}   {one.worked}" for n, one in enumerate(made, 1)]
    return lines


def to_json(made: Sequence[Exercise]) -> str:
    """Return exercises and answers as one JSON document."""
    return json.dumps([one.to_dict() for one in made], ensure_ascii=False, indent=1) + "\n"


def held(made: Sequence[Exercise], reader: Reader, tell: Callable[[str], None]) -> int:
    """Ask at the terminal, one exercise after the other; return how many were right."""
    say, right = reader.language.say, 0
    tell(f"{say('exercise.enter')} {say('exercise.rounding')}")
    try:
        for number, one in enumerate(made, 1):
            tell("")
            for line in _asked(one, number, say):
                tell(line)
            right += _answered(one, say, tell)
    except EOFError:
        tell("")
    tell("")
    tell(say("exercise.score", TERMINAL, n=right, total=len(made)))
    return right


def _asked(one: Exercise, number: int, say: Callable[..., str]) -> list[str]:
    named = zip(LETTERS, one.choices, strict=False)
    listed = [f"   {letter}) {choice.text}" for letter, choice in named]
    return [f"{say('exercise.try')} {number} · {one.topic}", *one.lines, one.question, *listed]


def _answered(one: Exercise, say: Callable[..., str], tell: Callable[[str], None]) -> bool:
    """Read one answer: Enter alone gives the hint, and Enter again the answer."""
    for hints in range(2):
        given = _read()
        if given.strip():
            break
        if hints == 0:
            tell(f"{say('exercise.hint')} {one.hint}")
    is_right = one.accepts(given)
    if is_right:
        tell(say("exercise.right"))
        return True
    if given.strip():
        tell(say("exercise.wrong"))
    wrong = one.chosen(given)
    if wrong is not None:
        tell(f"{say('exercise.mistake')} {wrong.mistake}")
    tell(f"{say('exercise.answer')} {TERMINAL.token(one.answer)}   {one.worked}")
    return False


def _read() -> str:
    """One line of standard input. Raises EOFError at its end."""
    sys.stdout.write("> ")
    sys.stdout.flush()
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:  # bytes that are no text are an answer like any other, a wrong one
        return "?"
    if not line:
        raise EOFError
    return line


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


MADE: dict[str, Callable[[Reader, random.Random], Exercise]] = {
    "tokens": _tokens,
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
    "not-explanation": _not_explanation,
}
CHECK = tuple(name for name in MADE if name not in ("tokens", "cross"))
