"""Draw shapes.png: a red ball left of a blue box, a green box above, a black bar below.

Run it in a checkout: python samples/images/draw_shapes.py. Tests draw it again and compare.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (320, 240)
GROUND = (222, 214, 200)
# What lies where: left, top, right, bottom in pixels.
BOXES = {
    "red": (40, 80, 120, 160),
    "blue": (200, 80, 280, 160),
    "green": (120, 10, 200, 50),
    "black": (100, 200, 220, 225),
}
COLOURS = {
    "red": (214, 40, 40),
    "blue": (40, 80, 200),
    "green": (40, 150, 60),
    "black": (20, 20, 20),
}


def draw() -> Image.Image:
    """The picture."""
    image = Image.new("RGB", SIZE, GROUND)
    pen = ImageDraw.Draw(image)
    for name, (left, top, right, bottom) in BOXES.items():
        shape = pen.ellipse if name == "red" else pen.rectangle
        shape((left, top, right - 1, bottom - 1), fill=COLOURS[name])
    return image


if __name__ == "__main__":
    draw().save(Path(__file__).with_name("shapes.png"), optimize=True)
