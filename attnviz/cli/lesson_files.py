"""Topics of the lesson as files: a picture of one, or a page of one or all in every language."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.cli.exercise_of_topic import MADE
from attnviz.cli.exercises import CHECKED, exercises
from attnviz.cli.lesson_pictures import panels
from attnviz.language.language import PAGE, PICTURE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from attnviz.cli.exercise import Exercise
    from attnviz.cli.lesson_pictures import Reader
    from attnviz.language.lesson import Topic
    from attnviz.views.page.lesson import Lesson
    from attnviz.views.panels import Panel

PICTURES = (".png", ".svg", ".pdf")
PAGE_SUFFIX = ".html"


def check_files(output: Sequence[Path], *, several: bool) -> None:
    """Refuse before any work what could not be written; several topics are no picture."""
    from attnviz.cli.output import check_outputs
    from attnviz.errors import AttnvizError

    check_outputs(output, suffixes=(*PICTURES, PAGE_SUFFIX))
    if several and any(path.suffix.lower() != PAGE_SUFFIX for path in output):
        raise AttnvizError(
            "A picture shows one topic.",
            "Name it (attnviz explain softmax -o softmax.png), or write a page: lesson.html.",
            key="err.picture_topic",
        )


def write_files(
    topics: Sequence[Topic], output: Sequence[Path], reader: Reader, seed: int, *, quiet: bool
) -> None:
    """Write every file, whole or not at all, and say so. seed: of what exercises hide."""
    from attnviz.cli.output import save

    for path in output:
        kind = path.suffix.lower()
        data = (
            _page(topics, reader, seed)
            if kind == PAGE_SUFFIX
            else _picture(topics[0], kind[1:], reader, quiet)
        )
        save(path, data, reader.language, quiet)


def _picture(topic: Topic, kind: str, reader: Reader, quiet: bool) -> bytes:
    """The topic's question, and what it shows below."""
    from attnviz.cli.output import say
    from attnviz.views.picture.lesson import picture

    drawing = replace(reader, guard=PICTURE)
    question = reader.language.say(topic.question, PICTURE)
    data, missing = picture(question, shown(topic, drawing), kind, f"attnviz explain {topic.name}")
    if missing:
        say(reader.language.say("warn.glyph", chars=" ".join(missing[:12])), quiet)
    return data


def _page(topics: Sequence[Topic], reader: Reader, seed: int) -> bytes:
    """The topics in every language, each with its own examples, or all with the reader's text."""
    from attnviz.language.languages import all_languages
    from attnviz.views.page.lesson import lesson_page

    readers = [
        replace(reader, language=language, guard=PAGE) for language in all_languages().values()
    ]
    lessons = {one.language.tag: [_lesson(topic, one, seed) for topic in topics] for one in readers}
    return lesson_page(lessons, reader.language)


def _lesson(topic: Topic, reader: Reader, seed: int) -> Lesson:
    from attnviz.cli.commands.explain import TRY
    from attnviz.language.lesson import COURSE, paragraphs
    from attnviz.views.page.lesson import Lesson

    return Lesson(
        topic.name,
        reader.language.say(topic.question, PAGE),
        tuple(paragraphs(topic, reader.language, reader.word, PAGE)),
        () if topic.name == CHECKED else tuple(panels(topic.example, reader)),
        tuple(one.to_dict() | {"near": one.near, "rows": one.rows}
              for one in _exercises(topic, reader, seed)),
        TRY.get(topic.name),
        topic in COURSE,
    )  # fmt: skip


def _exercises(topic: Topic, reader: Reader, seed: int) -> list[Exercise]:
    """The topic's exercise, if it has one. The check asks again, with other numbers."""
    if topic.name == CHECKED:
        return exercises(None, reader, seed + 1)
    return exercises([topic.name], reader, seed) if topic.name in MADE else []


def shown(topic: Topic, reader: Reader) -> list[Panel]:
    """Compute what a topic shows: its picture, or the questions of the check."""
    from attnviz.views.panels import line

    if topic.name != CHECKED:
        return panels(topic.example, reader)
    made = exercises(None, reader, 0)
    return [line(f"{n}. {one.question}") for n, one in enumerate(made, 1)]
