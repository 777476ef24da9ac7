"""Moroccan Darija in Latin letters: the sentences, and the nouns that are counted.

The register is everyday Darija around English terms of machine learning, as in the
"AI with Darija" blog. Five sentences are the blog's own (concept.*) and keep its spelling.
"""

from __future__ import annotations

from functools import partial

from attnviz.language.darija import count
from attnviz.language.darija_latin import (
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
from attnviz.language.english import ENGLISH
from attnviz.language.language import Example, Language

# One of it (with its "one", which agrees in gender), several of it.
NOUNS = {
    "token": ("token", "wa7ed", "tokens"),
    "head": ("head", "wa7ed", "heads"),
    "layer": ("layer", "wa7ed", "layers"),
    "score": ("score", "wa7ed", "scores"),
    "word": ("kelma", "wa7da", "kelmat", "lkelmat"),
    "time": ("merra", "wa7da", "merrat", "lmerrat"),
    "key": ("key", "wa7ed", "keys"),
    "text": ("text", "wa7ed", "texts"),
}

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

DARIJA_LATIN = Language(
    tag="ary-Latn",
    name="Darija",
    sentences=SENTENCES,
    count=partial(count, nouns=NOUNS, two="jouj", of="d"),
    comma=", ",
    quotes=('"', '"'),
    less_than_one="9ell mn 1%",
    example=Example(
        text="L9ett na3es 7da lbab, l9ett 3eyyan",
        query="na3es",
        target="Karim khda tren mn Rabat l Tanger f 8",
        source="Karim took trains from Rabat to Tanger at 8",
        global_token="na3es",
        order=("L9ett kla l7out", "L7out kla l9ett"),
        writer="Chrit atay b 10 drahem. Mn b3d chrit",
        line="Casa Rabat Kenitra Tanger Tetouan Chefchaouen",
        station="Casa",
        question="Ach mn 7out khda Karim",
        passage="Jouj 7out homa li khda Karim",
        far="Fatima khdat tren l Fes 7it dak tren kan m3ettel",
        repeated="tren",
        tiny="Khouya chra l7out lbare7",
    ),
    fallback=ENGLISH,
)
