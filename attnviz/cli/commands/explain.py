"""`attnviz explain`: the lesson, with examples that are computed on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from attnviz.cli.lesson_pictures import Reader
    from attnviz.language.language import Language
    from attnviz.language.lesson import Topic

CAT = '"The cat sat on the mat because it was tired"'
TRY = {  # what a reader may do next with a topic, wherever the reader is
    "why": f"attnviz run {CAT} --query it",
    "tokens": f"attnviz run {CAT} --tokenizer characters",
    "vectors": 'attnviz run "Dogs chase cats" --show grid',
    "attention": f"attnviz run {CAT}",
    "query-key-value": f"attnviz steps {CAT} --query it",
    "scores": f"attnviz steps {CAT} --query cat",
    "scaling": f"attnviz steps {CAT} --query tired",
    "softmax": f"attnviz steps {CAT} --query mat",
    "weighted-sum": f"attnviz steps {CAT} --query sat",
    "multi-head": f"attnviz run {CAT} --show grid",
    "self": f"attnviz run {CAT} --show arcs",
    "causal": f"attnviz run {CAT} --type causal",
    "cross": 'attnviz run "Lmouch gles" --source "The cat sat"',
    "local-global": f"attnviz run {CAT} --type local --window 2",
    "local": f"attnviz run {CAT} --type local",
    "global": f"attnviz run {CAT} --type global --global-tokens cat",
    "trained": f"attnviz run {CAT} --model random",
    "applications": 'attnviz run "Lmouch gles" --source "The cat sat" --show arcs',
    "strengths": f"attnviz run {CAT} --show top",
    "limits": "attnviz cost --no-measure",
    "not-explanation": f"attnviz run {CAT} --model random",
}


def explain(
    topic: Annotated[
        str | None,
        typer.Argument(
            help="A topic, its place (1 is the first), next, previous, or all; none "
            "lists the topics."
        ),
    ] = None,
    of: Annotated[
        str | None, typer.Argument(metavar="TOPIC", help="After next or previous: of which topic.")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", help="Your own words in the pictures: 2 to 16 tokens.")
    ] = None,
    exercise: Annotated[
        bool, typer.Option("--exercise", help="Ask the topic's question; of all: ten of them.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit status 1 unless every answer was right.")
    ] = False,
    seed: options.Seed = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print exercises and answers as JSON.")
    ] = False,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            help="Write the topic as a picture, .png .svg .pdf, or as a page with exercises, "
            ".html (all: the whole course); repeatable.",
        ),
    ] = None,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
) -> None:
    """Give the lesson: what attention is, step by step, with live examples.

    attnviz explain

    attnviz explain softmax --lang darija --text "Khouya chra l7out"

    attnviz explain next softmax

    attnviz explain all --exercise

    attnviz explain softmax -o softmax.png

    attnviz explain all -o lesson.html
    """  # fmt: skip
    from attnviz.cli.lesson_pictures import Reader
    from attnviz.cli.output import console, put, screen_of, warn_of_arabic
    from attnviz.language.languages import find_language

    language, target = find_language(lang), console()
    reader = Reader(language, screen_of(target), text)
    reader.check()
    if output:
        _write(topic, of, reader, output, seed, asks=exercise or as_json or strict, quiet=quiet)
    elif exercise or as_json or strict:
        _exercise(topic, of, reader, seed, strict=strict, as_json=as_json)
    elif topic is None:
        put(target, contents(language))
    else:
        chosen = _chosen(topic, of)
        for one in chosen:
            put(target, _told(one, reader, alone=len(chosen) == 1))
    if not output:
        warn_of_arabic(target, language, quiet)


def _write(
    topic: str | None, of: str | None, reader: Reader, output: Sequence[Path], seed: int, *,
    asks: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write files in place of the screen. Raises AttnvizError for what cannot be."""
    from attnviz.cli.lesson_files import check_files, write_files
    from attnviz.errors import both_given
    from attnviz.language import lesson

    if asks:
        raise both_given("--output", "an exercise")
    chosen = _chosen(topic or lesson.ALL, of)
    check_files(output, several=len(chosen) > 1)
    write_files(chosen, output, reader, seed, quiet=quiet)


def _exercise(
    topic: str | None, of: str | None, reader: Reader, seed: int, *, strict: bool, as_json: bool
) -> None:
    """Ask at a terminal; elsewhere print the exercises, and the answers below them."""
    import sys

    from attnviz.cli.exercises import CHECKED, exercises, held, printed, to_json
    from attnviz.cli.output import put_json, put_text
    from attnviz.errors import AttnvizError
    from attnviz.language import lesson

    if topic is None:
        raise AttnvizError(
            "An exercise belongs to a topic.",
            "Name one, or all: attnviz explain all --exercise.",
            key="err.exercise_topic",
        )
    names = None if topic == lesson.ALL else [one.name for one in _chosen(topic, of)]
    made = exercises(None if names == [CHECKED] else names, reader, seed)
    if as_json:
        put_json(to_json(made))
    elif sys.stdin.isatty() and sys.stdout.isatty():
        right = held(made, reader, lambda line: put_text(f"{line}\n"))
        if strict and right < len(made):
            raise typer.Exit(1)
    else:
        put_text("".join(f"{line}\n" for line in printed(made, reader)))


def _chosen(name: str, of: str | None) -> tuple[Topic, ...]:
    """The topics that were asked for. Raises AttnvizError for what there is not."""
    from attnviz.errors import AttnvizError
    from attnviz.language import lesson

    if name in (lesson.NEXT, lesson.PREVIOUS):
        return (lesson.moved(name, of),)
    if of is not None:
        raise AttnvizError(
            "Only one topic can be asked for at a time.",
            "A second one is for next and previous: attnviz explain next softmax.",
            key="err.one_topic",
        )
    return lesson.TOPICS if name == lesson.ALL else (lesson.topic(name),)


def _told(topic: Topic, reader: Reader, *, alone: bool) -> RenderableType:
    """The topic's name, question, sentences and picture; alone: and where to go from it."""
    from rich.console import Group
    from rich.text import Text

    from attnviz.cli.lesson_files import shown
    from attnviz.language.language import TERMINAL
    from attnviz.language.lesson import paragraphs
    from attnviz.views.terminal.panels import drawn

    language = reader.language
    question = Text(language.say(topic.question, TERMINAL), "italic")
    body = map(Text, paragraphs(topic, language, reader.word))
    lines = [Text(topic.name, "bold"), question, *body, Text()]
    onward = _onward(topic, language) if alone else []
    picture = drawn(shown(topic, reader), reader.screen)
    return Group(*lines, *picture, Text(), *onward)


def _onward(topic: Topic, language: Language) -> list[RenderableType]:
    """What to try with this topic, and the topic that comes next."""
    from rich.text import Text

    from attnviz.cli.exercise_of_topic import MADE
    from attnviz.cli.exercises import CHECKED
    from attnviz.language.lesson import beside

    lines = []
    if topic.name in TRY:
        lines.append(Text.assemble((f"{language.say('lesson.try')} ", "dim"), TRY[topic.name]))
    if topic.name in (*MADE, CHECKED):
        asked = f"attnviz explain {topic.name} --exercise"
        lines.append(Text.assemble((f"{language.say('lesson.test')} ", "dim"), asked))
    following = beside(topic, 1)
    if following is not None:
        command = f"attnviz explain {following.name}"
        lines.append(Text.assemble((f"{language.say('lesson.next')} ", "dim"), command))
    return list(lines)


def contents(language: Language) -> RenderableType:
    """List the path, what stands beside it with the question of each, and the first step."""
    from rich.console import Group
    from rich.text import Text

    from attnviz.language.lesson import COURSE, FURTHER

    first = Text.assemble(
        (f"{language.say('lesson.next')} ", "dim"), f"attnviz explain {COURSE[0].name}"
    )
    path, beside = (Text(language.say(f"lesson.{key}"), "dim") for key in ("path", "beside"))
    return Group(
        path, _listed(COURSE, language), Text(), beside, _listed(FURTHER, language), Text(), first
    )


def _listed(topics: tuple[Topic, ...], language: Language) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from attnviz.language.language import TERMINAL

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for topic in topics:
        table.add_row(Text(topic.name, "bold"), Text(language.say(topic.question, TERMINAL)))
    return table
