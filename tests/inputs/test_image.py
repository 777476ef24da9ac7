"""Pictures: what is read, how it is turned, and what is refused in one line."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from attnviz.inputs.image import grid_boxes, open_picture, patch_tokens

RED, BLUE = (255, 0, 0), (0, 0, 255)


def two_halves(mode="RGB", size=(8, 6)):
    """Red on the left, blue on the right."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, : size[0] // 2], pixels[:, size[0] // 2 :] = RED, BLUE
    return Image.fromarray(pixels).convert(mode)


def shown(path):
    return np.asarray(open_picture(path).image)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "gif", "webp"])
def test_formats(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    two_halves().save(path, **({"lossless": True} if suffix == "webp" else {}))
    np.testing.assert_array_equal(shown(path), np.asarray(two_halves()))


def test_cmyk_jpeg(tmp_path):
    two_halves("CMYK").save(tmp_path / "a.jpg", quality=100, subsampling=0)
    assert np.abs(shown(tmp_path / "a.jpg").astype(int) - np.asarray(two_halves())).max() < 30


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, BLUE)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (shown(tmp_path / "a.gif") == RED).all()


def test_turned_as_the_camera_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn to the right
    two_halves().save(tmp_path / "a.png", exif=exif)
    turned = shown(tmp_path / "a.png")
    assert turned.shape == (8, 6, 3)
    assert (turned[0] == RED).all()  # what was left is on top
    assert (turned[-1] == BLUE).all()


def test_see_through_lies_on_white(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert (shown(tmp_path / "a.png") == 255).all()
    Image.new("RGBA", (4, 4), (255, 0, 0, 51)).save(tmp_path / "b.png")
    assert (shown(tmp_path / "b.png") == (255, 204, 204)).all()  # a fifth of red on white


def test_sixteen_bits_keep_their_range(tmp_path):
    levels = np.array([[0, 256, 32768, 65535]], np.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    assert shown(tmp_path / "a.png")[0, :, 0].tolist() == [0, 1, 128, 255]


def bomb(path, side=30_000):
    """A PNG whose header promises so many pixels, in a few bytes."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    )
    return path


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path):
    whole = tmp_path / "whole.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99, 3), np.uint8)).save(whole)
    cut = tmp_path / "cut.png"
    cut.write_bytes(whole.read_bytes()[:9000])
    text = tmp_path / "text.png"
    text.write_text("not a picture")
    empty = tmp_path / "empty.png"
    empty.touch()
    thin = tmp_path / "thin.png"
    Image.new("RGB", (1, 101)).save(thin)
    floats = tmp_path / "floats.tiff"
    Image.fromarray(np.ones((4, 4), np.float32)).save(floats)
    vector = tmp_path / "a.svg"
    vector.write_text("<svg/>")
    missing = tmp_path / "missing.png"
    refused = [cut, text, empty, thin, floats, vector, missing, tmp_path, bomb(tmp_path / "b.png"),
               bomb(tmp_path / "c.png", 8_000)]  # fmt: skip
    for path in refused:
        with pytest.raises(AttnvizError) as caught:
            open_picture(path)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


def test_patches_know_where_they_lie(tmp_path):
    two_halves(size=(90, 60)).save(tmp_path / "a.png")
    tokens = patch_tokens(open_picture(tmp_path / "a.png"), (2, 3), first=("[CLS]",))
    assert tokens.labels == ("[CLS]", "r0c0", "r0c1", "r0c2", "r1c0", "r1c1", "r1c2")
    assert tokens.special.tolist() == [True] + [False] * 6
    assert tokens.find("r1c0") == [4]
    assert tokens.where.boxes[4].tolist() == [0, 30, 30, 60]
    assert tokens.where.laid(np.arange(7)).tolist() == [[1, 2, 3], [4, 5, 6]]
    part = tokens.at(np.array([0, 6]))
    assert part.where.laid(np.array([9, 5])).tolist() == [[0, 0, 0], [0, 0, 5]]
    assert part.where != tokens.where
    assert tokens.where.thumbnail.shape == (60, 90, 3)
    assert tokens.where.without_media().thumbnail is None


def test_boxes_cover_their_area():
    boxes = grid_boxes((2, 2), (10, 0, 30, 8))
    assert boxes.tolist() == [[10, 0, 20, 4], [20, 0, 30, 4], [10, 4, 20, 8], [20, 4, 30, 8]]


@pytest.mark.parametrize(
    ("name", "option"), [("a.PNG", "--image"), ("a.jpeg", "--image"), ("a.wav", "--audio")]
)
def test_a_picture_in_place_of_a_text_names_its_option(tmp_path, name, option, capsys):
    """Whatever the file holds: its name says what it is meant as."""
    (tmp_path / name).write_bytes(b"\x89PNG\r\n")
    assert run_command_line(["run", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.rstrip().endswith(f"not as a text. Give it with {option}.")


def test_rows_laid_on_white_by_parts_are_those_of_the_whole(tmp_path, monkeypatch):
    """By the definition of "over" (Porter & Duff 1984), for heights around a part's."""
    monkeypatch.setattr("attnviz.inputs.image.ROWS", 4)
    for height in (3, 4, 5, 9):
        pixels = np.random.default_rng(height).integers(0, 256, (height, 6, 4), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "a.png")
        share = pixels[..., 3:] / 255
        wanted = pixels[..., :3] * share + 255 * (1 - share)
        assert np.abs(shown(tmp_path / "a.png") - wanted).max() <= 1


@pytest.mark.parametrize(("name", "kind"), [("a.webp", "WEBP"), ("a.jpg", "progressive JPEG")])
def test_what_takes_more_memory_to_unpack_may_have_fewer_pixels(tmp_path, name, kind, monkeypatch):
    monkeypatch.setattr("attnviz.inputs.image.MOST_OF", {kind: 99})
    Image.new("RGB", (10, 10)).save(tmp_path / name, progressive=True)
    with pytest.raises(AttnvizError, match=rf"10 × 10\): 99 are the most of a {kind}. Make it sm"):
        open_picture(tmp_path / name)
    Image.new("RGB", (10, 10)).save(tmp_path / "b.png")
    Image.new("RGB", (10, 10)).save(tmp_path / "b.jpg")
    assert open_picture(tmp_path / "b.png").size == open_picture(tmp_path / "b.jpg").size
