"""One exercise of the lesson, and which answers are right."""

from __future__ import annotations

from typing import Any

from attnviz.frozen import dataclass

NEAR_POINT, NEAR_SHARE = 1.0, 0.01  # how far a whole number, and a decimal, may be off
LETTERS = "abc"  # of choices: a number may be an answer


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
