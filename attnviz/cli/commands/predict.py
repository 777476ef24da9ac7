"""`attnviz predict`: what a model says comes next, is masked, or answers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from attnviz.cli import options
from attnviz.cli.each_line import EachLine
from attnviz.cli.numbers_output import Numbers
from attnviz.cli.writing_options import Prompt


@options.spread
def predict(
    *,
    asked: Prompt,
    pair: options.Pair = None,
    image: options.Image = None,
    audio: options.Audio = None,
    start: options.Start = None,
    end: options.End = None,
    k: Annotated[int, typer.Option("--top", "-k", help="How many candidates.")] = 5,
    at: Annotated[
        str | None, typer.Option(help="Other places: positions or words, separated by commas.")
    ] = None,
    answer: Annotated[
        str | None, typer.Option(help="A continuation whose log-probability is asked for.")
    ] = None,
    each_line: EachLine = False,
    numbers: Numbers,
    lang: options.Lang = None,
) -> None:
    """Show what a model predicts: the next token, [MASK], a class, an answer, a fitting text.

    attnviz predict "The capital of France is" --model smollm2

    attnviz predict "The capital of France is" --model smollm2 --answer "Paris"

    attnviz predict "The cat sat on the [MASK]." --model bert-base-uncased

    attnviz predict --file prompts.txt --each-line

    attnviz predict --image cat.jpg --model google/vit-base-patch16-224

    attnviz predict "a photo of a cat" --image cat.jpg --model openai/clip-vit-base-patch32

    attnviz predict --audio siren.wav --model MIT/ast-finetuned-audioset-10-10-0.4593

    attnviz predict "Who sat?" --pair "The cat sat on the mat." --model FOLDER
    """
    from attnviz.cli.output import console, put, say, screen_of, warn_of_arabic
    from attnviz.language.language import TERMINAL
    from attnviz.language.languages import find_language
    from attnviz.language.reworded import reworded_note
    from attnviz.tracing.predict import predict as ask
    from attnviz.views.terminal.predictions import predictions

    language = find_language(lang)
    numbers.check(asked.files)
    places = None if at is None else [word.strip() for word in at.split(",") if word.strip()]
    if each_line:
        _each(asked, pair=pair, k=k, at=places, answer=answer)
        return
    settings = asked.settings() | {
        "pair": pair, "image": image, "audio": audio, "start": start, "end": end,
    }  # fmt: skip
    found = ask(asked.read(), k=k, at=places, answer=answer, **settings)
    for note in found.notes:
        say(reworded_note(note, language, TERMINAL))

    def show() -> None:
        target = console()
        put(target, predictions(found, screen_of(target), language))
        warn_of_arabic(target, language, False)

    numbers.put(found.to_json, found.to_csv, language, show, [asked.model])


def _each(asked: Prompt, **how: Any) -> None:
    from json import loads

    from attnviz.cli.each_line import answer_each_line, open_model
    from attnviz.tracing.predict import predict as ask

    model, settings = open_model(asked)
    settings |= how

    def work(text: str) -> dict[str, Any]:
        found: dict[str, Any] = loads(ask(text, model=model, **settings).to_json())
        return found

    answer_each_line(asked, work, quiet=False)
