"""How a record is looked at: other measures in place of weights, units for tokens, parts of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.errors import AttnvizError, bad_choice
from attnviz.frozen import dataclass
from attnviz.inputs import units
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.units import KINDS
from attnviz.record.part import Cut, Focus, Units
from attnviz.record.record import AttentionRecord
from attnviz.record.selection import among, chosen, crop, hide_special, merge
from attnviz.record.settings import Settings
from attnviz.record.stack import Stack

WEIGHTS, VALUES, CONTRIBUTIONS = "weights", "values", "contributions"
FOLLOWED = ("rollout", "flow")
MEASURES = (WEIGHTS, VALUES, CONTRIBUTIONS, *FOLLOWED)


@dataclass(frozen=True)
class Transform:
    """measure: one of MEASURES; what a run recorded already are weights, value-weighted ones, or
    contributions.
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

    def noted_in(self, settings: Settings) -> Settings:
        """Add to the settings of a record the units and the part that it is seen by."""
        rows = self.query if self.query is not None else self.rows
        return replace(
            settings,
            merge=self.merge or settings.merge,
            rows=settings.rows if rows is None else rows,
            columns=settings.columns if self.columns is None else self.columns,
        )

    def focus(self, queries: Tokens, keys: Tokens) -> Focus | None:
        """Return what a long text's streaming has to keep, for what could not be seen
        afterwards."""
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

    def after(self, focus: Focus) -> Transform:
        """Return what is left to do where the focus was kept."""
        if isinstance(focus, Units):
            return replace(self, merge=None)
        return replace(self, rows=None, columns=None, query=None)

    def apply_to_saved(self, record: AttentionRecord) -> AttentionRecord:
        """Return a record that no model stands behind, seen this way; AttnvizError for measures
        that need one."""
        self.check()
        if self.measure in (VALUES, CONTRIBUTIONS):
            raise AttnvizError(
                f"`measure` {self.measure} needs a model, and a record has none.",
                "Give the text itself, or choose weights, rollout or flow.",
                key="err.measure_needs",
                measure=self.measure,
            )
        return self.apply(record)

    def apply(self, record: AttentionRecord) -> AttentionRecord:
        """Return the record with its shown stack seen this way, and what was done in its
        settings."""
        stack, settings = record.stack, record.settings
        if self.measure in FOLLOWED:
            if stack.two_texts:
                raise AttnvizError(
                    f"`measure` {self.measure} follows one text through layers, and this stack has "
                    "two texts.",
                    "Choose a stack of self-attention, where the model has one.",
                    key="err.measure_follows",
                    measure=self.measure,
                )
            stack = _followed(stack, self.measure)
        if self.measure != WEIGHTS:
            settings = replace(settings, measure=self.measure)
        if self.hide_special:
            stack, share = hide_special(stack)
            settings = replace(settings, hidden=float(share.mean()))
        if self.merge is not None:
            stack = merge(stack, self.merge)
        settings = self.noted_in(settings)
        if self.rows is not None or self.columns is not None:
            stack = crop(stack, self.rows, self.columns)
        if stack is record.stack:
            return replace(record, settings=settings)
        settings = with_global_labels(settings, record.stack.query_tokens)
        return replace(record, stacks={**record.stacks, record.name: stack}, settings=settings)


def _followed(stack: Stack, measure: str) -> Stack:
    """Follow one text through all layers of a stack."""
    from attnviz.analysis import rollout  # few runs do, and all would wait for it

    follow = {"rollout": rollout.rollout, "flow": rollout.flow}
    return follow[measure](stack)


def with_global_labels(settings: Settings, tokens: Tokens) -> Settings:
    """Name the global tokens, where they have no names yet: their positions are those of the whole
    text's tokens."""
    if not settings.global_tokens or settings.global_labels is not None:
        return settings
    return replace(settings, global_labels=tuple(tokens.labels[i] for i in settings.global_tokens))
