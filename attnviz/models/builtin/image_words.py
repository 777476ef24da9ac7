"""Words that say something of a picture, in English, French and Darija in both scripts.

A head may use only what both sides state: a colour, a place, how light it is, how a surface looks.
A word outside of these lists says nothing here, and its row is even.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from attnviz.inputs.labels import without_marks
from attnviz.inputs.tokens import Tokens
from attnviz.models.builtin.image_features import COLOURS, WIDE_COLOUR, colour_code, oklab
from attnviz.models.builtin.parts import Floats, Parts

RGB = tuple[int, int, int]

# What each colour word means on a screen, and the words for it.
COLOUR_WORDS: dict[RGB, str] = {
    (220, 30, 30): "red rouge rouges hmer 7mer hamra 7amra l7mer أحمر حمر حمرا حمراء لحمر",
    (40, 80, 210): "blue bleu bleue bleus zreq zer9a zre9 zerqa أزرق زرق زرقا زرقاء لزرق",
    (40, 150, 60): "green vert verte verts khdar khedra khdra أخضر خضر خضرا خضراء لخضر",
    (235, 205, 50): "yellow jaune jaunes sfar sfer sefra أصفر صفر صفرا صفراء لصفر",
    (240, 140, 30): "orange oranges limouni letchini ليموني لتشيني برتقالي",
    (115, 70, 40): "brown marron brun brune 9ehwi qehwi bunni قهوي بني",
    (130, 60, 160): "purple violet violette mov moumouv بنفسجي موف",
    (235, 150, 180): "pink rose roses wardi وردي",
    (20, 20, 20): "black noir noire noirs k7el kehla ka7la kel7a أسود كحل كحلا كحلة سوداء لكحل",
    (245, 245, 245): "white blanc blanche blancs byed bayda bayeD أبيض بيض بيضا بيضاء لبيض",
    (128, 128, 128): "grey gray gris grise rmadi رمادي",
}
# Left is -1, right 1; top is -1, bottom 1.
PLACE_WORDS: dict[tuple[float, float], str] = {
    (-1, 0): "left gauche liser lisar ysar liser ليسر يسار ليسار",
    (1, 0): "right droite limen liman ymin limn ليمن يمين ليمين",
    (0, -1): "top above up haut dessus fo9 fou9 foq فوق",
    (0, 1): "bottom below under down bas dessous te7t ta7t t7t تحت",
}
MIDDLE_WORDS = "middle centre center milieu west wast lwest وسط لوسط"
LIGHT_WORDS: dict[float, str] = {
    1.0: "bright light sun sunny lumière clair claire soleil chems chemch ddow dow شمس ضو ضوء",
    -1.0: "dark night shadow sombre nuit ombre dlam lil dell ظلام ليل ضل ظل",
}
SURFACE_WORDS: dict[float, str] = {
    1.0: "fur grass striped rough hair leaves rayé poil poils herbe feuilles cheveux "
    "zghab rbi3 ch3er شعر زغب ربيع عشب",
    -1.0: "smooth sky plain flat wall lisse ciel uni plat mur rteb sma 7it رطب سما سماء حيط",
}
PARTS = Parts({"wide colour": 2 * COLOURS, "place": 2, "centre": 1, "light": 1, "surface": 1})


def features(tokens: Tokens) -> Floats:
    """Return what each word of a text says of a picture: (tokens, PARTS.width) float32, zeros for a
    word in none of the lists."""
    table = np.zeros((len(tokens), PARTS.width), dtype=np.float32)
    for row, word in enumerate(tokens.slices()):
        for part, value in _meanings().get(folded(word), {}).items():
            table[row, PARTS.at(part)] = value
    return table


def knows(word: str) -> bool:
    """Tell whether a word is in one of the lists."""
    return folded(word) in _meanings()


def folded(word: str) -> str:
    """Return a word without case, accents, vowel signs, and the ا of an article's ال."""
    bare = without_marks(word)
    return bare.removeprefix("ا") if bare.startswith("ال") else bare


@cache
def _meanings() -> dict[str, dict[str, Floats]]:
    """Word → part of the features → its numbers."""
    found: dict[str, dict[str, Floats]] = {}

    def learn(words: str, part: str, value: object) -> None:
        numbers = np.asarray(value, dtype=np.float32)
        for word in words.split():
            for spelt in _spellings(folded(word)):
                found.setdefault(spelt, {})[part] = numbers

    for colour, words in COLOUR_WORDS.items():
        learn(words, "wide colour", colour_code(oklab(np.array(colour)), WIDE_COLOUR))
    for place, words in PLACE_WORDS.items():
        learn(words, "place", place)
    learn(MIDDLE_WORDS, "centre", 1)
    for light, words in LIGHT_WORDS.items():
        learn(words, "light", light)
    for surface, words in SURFACE_WORDS.items():
        learn(words, "surface", surface)
    return found


def _spellings(word: str) -> tuple[str, ...]:
    """The word, and with the article in front that Darija and Arabic join to it."""
    arabic = any("\u0600" <= char <= "\u06ff" for char in word)
    return (word, f"ل{word}") if arabic else (word, f"l{word}")
