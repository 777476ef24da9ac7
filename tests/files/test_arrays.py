"""Arrays of strangers: their headers are text that is neither run nor warned about."""

import numpy as np
import pytest

from attnviz.files.arrays import read_array


def npy(header, data=b"\0" * 16):
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def test_an_escape_that_python_would_warn_of(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), '\\p': 1}"))
    with pytest.raises(ValueError, match="does not begin"):
        read_array(path)


def test_a_good_array_is_read(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(6.0).reshape(2, 3))
    assert read_array(path).tolist() == [[0, 1, 2], [3, 4, 5]]
