"""English: the sentences, and how things are counted."""

from __future__ import annotations

from attnviz.digits import grouped
from attnviz.language.english import (
    compare,
    course,
    effects,
    errors,
    errors_of_inputs,
    errors_of_line,
    errors_of_models,
    errors_of_records,
    errors_of_runs,
    exercise,
    explorer,
    findings,
    lesson,
    lesson_images,
    notes,
    page,
    parts,
    screens,
    survey,
    tables,
)
from attnviz.language.language import Example, Language

NOUNS = {
    "token": ("token", "tokens"),
    "head": ("head", "heads"),
    "layer": ("layer", "layers"),
    "score": ("score", "scores"),
    "word": ("word", "words"),
    "time": ("time", "times"),
    "key": ("key", "keys"),
    "text": ("text", "texts"),
}


def count(number: float, noun: str) -> str:
    """Return "1 token", "2 tokens", "2.4 tokens"."""
    one, many = NOUNS[noun]
    return f"{grouped(number)} {one if number == 1 else many}"


# Each of them has a part of the sentences.
PARTS = (
    findings,
    screens,
    effects,
    compare,
    course,
    errors,
    errors_of_inputs,
    errors_of_line,
    errors_of_models,
    errors_of_records,
    errors_of_runs,
    exercise,
    explorer,
    lesson,
    lesson_images,
    notes,
    page,
    parts,
    survey,
    tables,
)
SENTENCES = {key: said for part in PARTS for key, said in part.SENTENCES.items()}

ENGLISH = Language(
    tag="en",
    name="English",
    sentences=SENTENCES,
    count=count,
    comma=", ",
    quotes=('"', '"'),
    less_than_one="less than 1%",
    example=Example(
        text="The cat sat on the mat",
        query="cat",
        target="Karim khda tren mn Rabat l Tanger f 8",
        source="Karim took trains from Rabat to Tanger at 8",
        global_token="cat",
        order=("Dogs chase cats", "Cats chase dogs"),
        writer="I bought tea for 10 dirhams. Then I bought",
        line="Casa Rabat Kenitra Tanger Tetouan Chefchaouen",
        station="Casa",
        question="Which fish did Karim take",
        passage="Two fish are what Karim took",
        far="Fatima took the train to Fes because the old train was late",
        repeated="train",
        tiny="The cat drinks milk",
    ),
)
