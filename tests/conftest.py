"""How the tests share the processors."""

import os

# As many processes as processors run side by side: the threads of each one's BLAS would wait in a
# spin for processors that others have. What is tested of such threads asks for them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_xdist_auto_num_workers():
    """As many as there are processors: each more would read all tests once more."""
    return os.cpu_count() or 1
