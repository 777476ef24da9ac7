"""Stacks for a recorder whose model is not run."""

from attnviz.attention.masks import full
from attnviz.models.model import Layout, StackShape


def stack_of(queries, keys=None, n_layers=1, head_names=()):
    """A stack of these tokens; a recorder asks for its layers and for the names of its heads."""
    layout = Layout(1, 1, 1, (full(),) * n_layers, head_names=head_names)
    return StackShape(queries, queries if keys is None else keys, layout)
