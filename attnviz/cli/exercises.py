"""The exercises of the lesson: asked at a terminal, printed for a pipe, and as JSON."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from attnviz.cli.exercise import LETTERS, Exercise
from attnviz.cli.exercise_of_topic import CHECK, MADE
from attnviz.errors import AttnvizError
from attnviz.language.language import TERMINAL

if TYPE_CHECKING:
    from attnviz.cli.lesson_pictures import Reader

DASHES = "-" * 40
CHECKED = "check"  # the topic that is ten exercises


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
