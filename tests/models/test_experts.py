"""Which experts a token passes, and that the others are never read."""

import numpy as np
import pytest

from attnviz.models.layers import ACTIVATIONS, Linear
from attnviz.models.network.blocks import FeedForward
from attnviz.models.network.experts import Experts, Router
from attnviz.models.network.network import linears
from attnviz.models.network.widen import Room, widened

WIDTH, INNER, N = 6, 4, 5


class Untouched:
    """A weight that nobody may read."""

    shape = (INNER, WIDTH)

    def __array__(self, *_args, **_kwargs):
        raise AssertionError("an expert that nobody chose was read")

    def __getitem__(self, _):
        return self.__array__()

    astype = __array__


def drawn(*shape, seed=3):
    return np.random.RandomState(seed).standard_normal(shape)


def expert(seed):
    up, gate = (Linear(drawn(INNER, WIDTH, seed=seed + i)) for i in (10, 20))
    return FeedForward(up, Linear(drawn(WIDTH, INNER, seed=seed + 30)), ACTIVATIONS["tanh"], gate)


def closed():
    return FeedForward(Linear(Untouched()), Linear(Untouched()), ACTIVATIONS["tanh"])


def one_by_one(x, router, experts, n_chosen, rescaled):
    """The definition, a token at a time."""
    rows = []
    for token in x:
        shares = np.exp(router @ token) / np.exp(router @ token).sum()
        best = sorted(range(N), key=lambda i: -shares[i])[:n_chosen]
        total = sum(shares[i] for i in best) if rescaled else 1.0
        out = np.zeros(WIDTH)
        for i in best:
            part = experts[i]
            inner = np.tanh(part.gate.weight @ token) * (part.up.weight @ token)
            out += shares[i] / total * (part.down.weight @ inner)
        rows.append(out)
    return np.array(rows)


@pytest.mark.parametrize("rescaled", [False, True])
@pytest.mark.parametrize("n_chosen", [1, 2, N])
def test_experts_are_added_as_defined(n_chosen, rescaled):
    x, router = drawn(7, WIDTH), drawn(N, WIDTH, seed=4)
    experts = tuple(expert(i) for i in range(N))
    got = Experts(Router(Linear(router), n_chosen, rescaled), experts)(x)
    wanted = one_by_one(x, router, experts, n_chosen, rescaled)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-12)


def mixed():
    """Experts 1 and 3 are always chosen; the weights of the others may not be read."""
    router = np.zeros((N, WIDTH))
    router[1], router[3] = 2, 1
    return Experts(
        Router(Linear(router), 2, True), (closed(), expert(1), closed(), expert(3), closed())
    )


def test_only_chosen_experts_are_read():
    mixed()(np.abs(drawn(4, WIDTH)))


def test_experts_are_not_widened_before_they_are_chosen():
    experts = mixed()
    assert widened(experts, Room(1 << 20)) is experts


def test_a_token_passes_the_router_and_as_many_experts_as_are_chosen():
    experts = Experts(Router(Linear(drawn(N, WIDTH)), 2, True), tuple(expert(i) for i in range(N)))
    assert len(list(linears(experts))) == 1 + 2 * 3
