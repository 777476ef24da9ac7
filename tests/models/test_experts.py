"""Which experts a token passes, and that the others are never read."""

import numpy as np
import pytest

from attnviz.models.layers import ACTIVATIONS, Linear
from attnviz.models.network.blocks import FeedForward
from attnviz.models.network.experts import CrowdedRouter, Experts, Router
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


# Six tokens, three experts; what each token wants most, and next.
WANTED = np.array([[0, 1], [0, 2], [0, 1], [1, 0], [2, 0], [0, 2]])
BEST = [0.5, 0.6, 0.7, 0.8, 0.55, 0.9]


def crowded(**how):
    """A router whose shares are BEST for the first choice and half of the rest for the second."""
    shares = np.full((6, 3), 0.0)
    for token, (first, second) in enumerate(WANTED):
        shares[token] = 0.01
        shares[token, [first, second]] = BEST[token], 0.99 - BEST[token]
    usual = Router(Linear(np.eye(3)), WANTED.shape[1])
    return CrowdedRouter(usual, **how)(np.log(shares))


def test_first_choices_come_before_second_ones_and_in_order():
    chosen, shares = crowded(capacity=3)
    # Expert 0 is wanted first by 0, 1, 2 and 5, then by 3 and 4: it has room for 0, 1 and 2.
    assert chosen.tolist() == [[0, 1], [0, 2], [0, 1], [1, -1], [2, -1], [-1, 2]]
    np.testing.assert_allclose(shares[5], [0, 0.09], atol=1e-12)
    np.testing.assert_allclose(shares[3], [0.8, 0], atol=1e-12)


def test_the_surest_come_first():
    chosen, _ = crowded(capacity=2, surest_first=True)
    # Of those that want expert 0 first the surest are 5 and 2.
    assert chosen[:, 0].tolist() == [-1, -1, 0, 1, 2, 0]


@pytest.mark.parametrize(("when", "third"), [("before", [0.8 / 0.99, 0]), ("after", [1, 0])])
def test_shares_add_up_to_one_before_or_after_some_are_passed_by(when, third):
    _, shares = crowded(capacity=3, rescaled=when)
    np.testing.assert_allclose(shares[3], third, atol=1e-12)


def test_room_for_a_part_of_the_text():
    assert (crowded(capacity=1, fraction=0.5)[0] == crowded(capacity=3)[0]).all()
    assert (crowded(capacity=1, fraction=1.0)[0] == WANTED).all()


def test_a_token_that_no_expert_has_room_for_is_passed_by():
    chosen, _ = crowded(capacity=1)
    experts = Experts(CrowdedRouter(Router(Linear(np.eye(3)), 1), 1), (lambda x: x + 1,) * 3)
    x = np.log(np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1]]))
    given = experts(x)
    np.testing.assert_allclose(given[0], 0.8 * (x[0] + 1))
    assert (given[1] == 0).all()
    assert (chosen >= 0).sum(axis=None) == 3
