"""The steps of a written text as a page knows them."""

from __future__ import annotations

from typing import Any

from attnviz.analysis.timeline import Step, timeline
from attnviz.inputs.labels import visible
from attnviz.record.record import AttentionRecord

DIGITS = 6  # of probabilities and shares

Tree = dict[str, Any]


def timeline_tree(record: AttentionRecord) -> Tree:
    """Return all steps by the mean of all layers and heads: the blocks of the text, and of each
    step its token, probability, likeliest others, row, shares of the blocks, strongest keys."""
    found = timeline(record)
    names = record.stack.key_tokens.names
    return {"blocks": found.blocks, "steps": [_step(step, names) for step in found.steps]}


def _step(step: Step, names: tuple[str, ...]) -> Tree:
    return {
        "label": visible(step.label),
        "p": round(step.probability, DIGITS),
        "others": [[visible(label), round(p, DIGITS)] for label, p in step.alternatives],
        "query": step.query,
        "shares": [round(share, DIGITS) for share in step.shares],
        "strongest": [[visible(names[key]), round(share, DIGITS)] for key, share in step.strongest],
    }
