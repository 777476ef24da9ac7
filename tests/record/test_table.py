"""Numbers as files hold them: NumPy's own shortest text of float32 is the reference."""

import numpy as np
import pytest

from attnviz.record.table import shortest

RANDOM = np.random.default_rng(0)
ODD = [0, -0.0, np.nan, np.inf, -np.inf, 1, 0.1, 1e-45, 3.4e38, 16777216, 999999.94, 123456.7]
KINDS = {
    "weights": RANDOM.random(20_000, dtype=np.float32),
    "small weights": np.exp(-30 * RANDOM.random(20_000)).astype(np.float32),
    "all sizes": (RANDOM.normal(size=20_000) * 10.0 ** RANDOM.integers(-44, 38, 20_000)),
    "odd ones": np.array(ODD),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_shortest_digits_are_numpys(kind):
    values = KINDS[kind].astype(np.float32)
    wanted = values.astype(np.str_).astype(np.float64)
    np.testing.assert_array_equal(shortest(values), wanted)
    np.testing.assert_array_equal(shortest(values).astype(np.float32), values)
