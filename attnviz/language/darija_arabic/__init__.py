"""Moroccan Darija in Arabic letters: the sentences, and the nouns that are counted.

The register is everyday Darija around English terms of machine learning, as in the
"AI with Darija" blog.
"""

from __future__ import annotations

from functools import partial

from attnviz.language.darija import count
from attnviz.language.darija_arabic import (
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
    "token": ("token", "واحد", "tokens"),
    "head": ("head", "واحد", "heads"),
    "layer": ("layer", "واحد", "layers"),
    "score": ("score", "واحد", "scores"),
    "word": ("كلمة", "وحدة", "كلمات", "الكلمات"),
    "time": ("مرة", "وحدة", "مرات", "المرات"),
    "key": ("key", "واحد", "keys"),
    "text": ("text", "واحد", "texts"),
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

DARIJA_ARABIC = Language(
    tag="ary-Arab",
    name="الدارجة",
    sentences=SENTENCES,
    count=partial(count, nouns=NOUNS, two="جوج", of="د"),
    comma="، ",
    quotes=("«", "»"),
    less_than_one="أقل من 1%",
    example=Example(
        text="القط ناعس حدا الباب، القط عيان",
        query="ناعس",
        target="كريم خدا التران من الرباط ل طنجة ف 8",
        source="Karim took trains from Rabat to Tanger at 8",
        global_token="ناعس",
        order=("القط كلا الحوت", "الحوت كلا القط"),
        writer="شريت أتاي ب 10 دراهم. من بعد شريت",
        line="كازا الرباط القنيطرة طنجة تطوان الشاون",
        station="كازا",
        question="آش من حوت خدا كريم",
        passage="جوج حوت هوما اللي خدا كريم",
        far="فاطمة خدات التران ل فاس حيت داك التران كان معطل",
        repeated="التران",
        tiny="خويا شرا الحوت البارح",
    ),
    fallback=ENGLISH,
    right_to_left=True,
)
