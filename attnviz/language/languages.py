"""The languages: the only place that lists them."""

from __future__ import annotations

from importlib import import_module

from attnviz.errors import AttnvizError
from attnviz.language.language import Language

# The name to give, other names (compared in small letters), and the module that has the
# language under its own name in capitals.
LANGUAGES = {
    "en": (("english",), "english"),
    "darija": (("ary", "ary-latn"), "darija_latin"),
    "ary-Arab": (("darija-ar",), "darija_arabic"),
}


def find_language(name: str | None) -> Language:
    """Return the language of that name: en, darija (also ary, ary-Latn), ary-Arab (darija-ar).

    An empty name is English. Raises AttnvizError with the choices for any other: Arabic and French
    are not taken for Darija.
    """
    wanted = (name or "en").strip().lower().replace("_", "-").removesuffix(".utf-8")
    wanted = wanted.removesuffix("-ma") or "en"
    for known, (others, module) in LANGUAGES.items():
        if wanted in (known.lower(), *others):
            return _load(module)
    listed = ", ".join(LANGUAGES)
    raise AttnvizError(
        f'The language "{name}" is not available. Choose one of: {listed}.',
        "Moroccan Darija is darija (Latin letters) or ary-Arab (Arabic letters).",
        key="err.lang",
        value=name,
        choices=tuple(LANGUAGES),
    )


def all_languages() -> dict[str, Language]:
    """Return every language by the name to give, in the order in which readers go through them."""
    return {name: _load(module) for name, (_, module) in LANGUAGES.items()}


def _load(module: str) -> Language:
    found: Language = getattr(import_module(f"attnviz.language.{module}"), module.upper())
    return found
