"""How a record is looked at: other measures in place of weights, units for tokens, parts of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from attnviz.analysis.rollout import flow, rollout
from attnviz.errors import AttnvizError, bad_choice
from attnviz.frozen import dataclass
from attnviz.inputs import units
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.units import KINDS
from attnviz.record.part import Cut, Focus, Units
from attnviz.record.record import AttentionRecord
from attnviz.record.selection import among, chosen, crop, hide_special, merge
from attnviz.record.stack import Stack

WEIGHTS, VALUES = "weights", "values"
FOLLOWED: dict[str, Callable[[Stack], Stack]] = {"rollout": rollout, "flow": flow}
MEASURES = (WEIGHTS, VALUES, *FOLLOWED)


@dataclass(frozen=True)
class Lens:
    """measure: one of MEASURES; what a run recorded already are weights, or value-weighted ones.
    merge: one of `units.KINDS` or None. rows, columns: places, ranges and words ("2:8,cat"), or
    None for all."""

    measure: str = WEIGHTS
    merge: str | None = None
    hide_special: bool = False
    rows: str | None = None
    columns: str | None = None
    query: str | None = None  # whose row is asked for in full

    def check(self) -> None:
        """Refuse what there is not, before any work."""
        if self.measure not in MEASURES:
            raise bad_choice(self.measure, "`measure`", MEASURES)
        if self.merge not in (None, *KINDS):
            raise bad_choice(self.merge, "`merge`", KINDS)

    @property
    def told(self) -> dict[str, str]:
        """What the settings of a record say of units and of parts that were cut out."""
        rows = self.query if self.query is not None else self.rows
        given = {"merge": self.merge, "rows": rows, "columns": self.columns}
        return {name: wish for name, wish in given.items() if wish is not None}

    def focus(self, queries: Tokens, keys: Tokens) -> Focus | None:
        """What a long text's streaming has to keep, for what could not be seen afterwards."""
        if self.merge is not None:
            rows = units.starts(queries, self.merge)
            columns = rows if keys is queries else units.starts(keys, self.merge)
            return Units(self.merge, rows, columns)
        if self.rows is None and self.query is None and self.columns is None:
            return None
        rows = np.arange(len(queries)) if self.rows is None else chosen(queries, self.rows)
        if self.query is not None:
            rows = among(rows, chosen(queries, self.query), self.query)
        columns = np.arange(len(keys)) if self.columns is None else chosen(keys, self.columns)
        return Cut(rows, columns)

    def after(self, focus: Focus) -> Lens:
        """What is left to do where the focus was kept."""
        if isinstance(focus, Units):
            return replace(self, merge=None)
        return replace(self, rows=None, columns=None, query=None)

    def look(self, record: AttentionRecord) -> AttentionRecord:
        """The record with its shown stack seen this way, and what was done in its settings."""
        stack, settings = record.stack, dict(record.settings)
        if self.measure in FOLLOWED:
            if stack.two_texts:
                raise AttnvizError(
                    f"`measure` {self.measure} follows one text through layers, and this stack has "
                    "two texts.",
                    "Choose `stack` encoder or decoder.",
                )
            stack = FOLLOWED[self.measure](stack)
        if self.measure != WEIGHTS:
            settings["measure"] = self.measure
        if self.hide_special:
            stack, share = hide_special(stack)
            settings["hidden"] = float(share.mean())
        if self.merge is not None:
            stack = merge(stack, self.merge)
        settings |= self.told
        if self.rows is not None or self.columns is not None:
            stack = crop(stack, self.rows, self.columns)
        if stack is record.stack:
            return replace(record, settings=settings)
        settings = global_labels(record.settings, record.stack.query_tokens) | settings
        return replace(record, stacks={**record.stacks, record.name: stack}, settings=settings)


def global_labels(settings: Mapping[str, Any], tokens: Tokens) -> dict[str, list[str]]:
    """The global tokens by name: their positions are those of the whole text's tokens."""
    places = settings.get("global_tokens")
    return {"global_labels": [tokens.labels[i] for i in places]} if places else {}
