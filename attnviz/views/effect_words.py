"""What changed an answer, and by how much, in the reader's language: for every medium."""

from __future__ import annotations

from collections.abc import Iterator

from attnviz.analysis.effects import NONE, Effects
from attnviz.inputs.labels import visible
from attnviz.language.language import PLAIN, Guard, Language

READ_OUTS = {
    "the next token": "read.next",
    "the masked word": "read.mask",
    "the class": "read.class",
    "the answer's span": "read.span",
    "the vector of the text": "read.vector",
    "the likeness of two texts": "read.likeness",
}
ORDERS = {"one token at a time": "check.one", "length": "check.length"}


def read_out_name(what: str, language: Language, guard: Guard = PLAIN) -> str:
    """Name what of an answer was compared."""
    return language.say(READ_OUTS[what], guard) if what in READ_OUTS else what


def order_name(order: str, language: Language) -> str:
    """Name an order of tokens; measures of attention have the field's own names."""
    return language.say(ORDERS[order]) if order in ORDERS else order


def effects_title(found: Effects, language: Language, guard: Guard = PLAIN) -> Iterator[str]:
    """Say whose answer it is, what stands in place of heads, and the unit."""
    answer = f' · "{guard.token(visible(found.answer))}"' if found.answer else ""
    yield f"{visible(found.model)} · {read_out_name(found.read_out, language, guard)}{answer}"
    unit = language.say("effect.unit", guard, value=found.unit)
    if not (found.ranked() or found.together is not None):
        yield unit
        return
    yield f"{language.say(f'effect.{found.by}', guard, n_texts=found.n_reference)} · {unit}"


def effects_notes(found: Effects, language: Language, guard: Guard = PLAIN) -> Iterator[str]:
    """Say the findings, and what such numbers do not say."""
    if found.together is not None:
        names = ", ".join(f"{found.layer_numbers[layer]}.{head}" for layer, head in found.heads)
        yield language.say(
            "effect.jointly", guard, places=names, value=effect_number(found.together, language)
        )
    yield from _findings(found, language, guard)
    yield language.say("effect.note", guard)


def _findings(found: Effects, language: Language, guard: Guard) -> Iterator[str]:
    """Which head and which token change the answer most."""
    heads, tokens = found.ranked(), found.ranked_tokens()
    if heads and abs(heads[0][2]) < NONE:
        yield language.say("effect.no_head", guard)
    elif heads:
        layer, head, effect = heads[0]
        yield language.say(
            "effect.top_head",
            guard,
            places=f"{found.layer_numbers[layer]}.{head}",
            value=effect_number(effect, language),
        )
    if tokens and abs(tokens[0][1]) >= NONE:
        position, effect = tokens[0]
        token = visible(found.labels[position])
        yield language.say(
            "effect.top_token", guard, token=token, value=effect_number(effect, language)
        )


def effect_number(effect: float, language: Language) -> str:
    """Return three decimals; the word for none where only rounding is left."""
    if abs(effect) < NONE:
        return language.say("effect.none")
    return f"{effect:.3f}" if abs(effect) >= 0.0005 else f"{effect:.0e}"
