"""Pictures as PNG: read back pixel by pixel, with the font that comes along."""

import re
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import resvg_py
from graphs import neuron

from autograd import Value, draw
from autograd.diagram import palette, png

EMPTY = '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}"/>'


def size(image):
    """Width and height, as the header of the PNG has them."""
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack_from(">II", image, 16)


def pixels(image):
    """The pixels of a PNG of red, green, blue and opacity, 8 bits each, row by row."""
    width, height = size(image)
    assert image[24:26] == b"\x08\x06"
    packed, at = b"", 8
    while at < len(image):
        length, kind = struct.unpack_from(">I4s", image, at)
        packed += image[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, -1)
    above = np.zeros((width, 4), int)
    result = []
    for kind, *row in rows.tolist():
        current = np.array(row).reshape(width, 4)
        if kind == 2:
            current += above
        elif kind:
            left = corner = np.zeros(4, int)
            for x, up in enumerate(above):
                near = left + up - corner
                distances = np.abs([near - left, near - up, near - corner])
                nearest = np.choose(distances.argmin(0), [left, up, corner])
                left = (current[x] + (None, left, None, (left + up) // 2, nearest)[kind]) % 256
                current[x], corner = left, up
        above = current % 256
        result.append(above)
    return np.array(result)


def colours(image):
    distinct = np.unique(pixels(image).reshape(-1, 4), axis=0)
    return {f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue, _ in distinct}


@pytest.fixture
def calls(monkeypatch):
    """The options with which resvg is called, and the SVG."""
    recorded, render = [], resvg_py.svg_to_bytes

    def recording(svg, **options):
        recorded.append({**options, "svg": svg})
        return render(svg, **options)

    monkeypatch.setattr(resvg_py, "svg_to_bytes", recording)
    return recorded


def test_twice_the_size_in_light_colours(tmp_path):
    diagram = draw(Value(1.0, "x"))
    diagram.save(tmp_path / "x.png")
    image = (tmp_path / "x.png").read_bytes()
    assert size(image) == tuple(2 * round(x) for x in png.size(diagram.svg()))
    assert {palette.BACKGROUND, palette.INK, palette.ROOT} <= colours(image)
    assert "prefers-color-scheme: dark" in diagram.svg()
    assert not colours(image) & set(palette.DARK.values())
    assert (pixels(image)[..., 3] == 255).all()


def test_ordinary_names_need_no_fonts_of_the_machine(calls):
    images = [png.rendered(draw(x).svg()) for x in (neuron(), Value(1.0, "x"), Value(1.0, "y"))]
    images.append(png.rendered(draw(Value(1.0, "∂L/∂θ₁ → щ ≤ ∞")).svg()))
    assert all(options["skip_system_fonts"] for options in calls)
    assert images[1] != images[2]  # so the name is there


def test_characters_that_the_font_lacks_come_from_the_machine(calls):
    png.rendered(draw(Value(1.0, "重み")).svg())
    assert not calls[0]["skip_system_fonts"]
    assert set(re.findall('font-family="(.*?)"', calls[0]["svg"])) == {"DejaVu Sans Mono"}


def test_the_characters_of_the_font():
    assert set("\n az~é…·×∂αωЖ→∇≤⊙") <= png._characters()
    assert not set("重א😀\x00\uffff\U0001d687") & png._characters()  # the last is not bold
    assert len(png._characters()) == 3261


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [((1000, 1000), (2000, 2000)), ((2000, 2000), (2958, 2958)), ((3500, 2500), (3500, 2500)),
     ((7000, 2500), (7000, 2500))],
)  # fmt: skip
def test_a_large_picture_is_not_magnified(drawn, expected):
    assert size(png.rendered(EMPTY.format(*drawn))) == expected


def test_a_picture_that_is_too_large(tmp_path):
    with pytest.raises(RuntimeError, match=r"10,000 × 6,000 is too large .*depth=.* as \.svg"):
        png.rendered(EMPTY.format(10_000, 6_000))


def test_without_resvg(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    diagram = draw(neuron())
    with pytest.raises(RuntimeError, match=r"\.png .* resvg_py, .* install it, .* as \.svg"):
        diagram.save(tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []
    data, metadata = diagram._repr_mimebundle_()
    assert list(data) == ["text/plain", "text/html", "image/svg+xml"]
    assert data["image/svg+xml"] == diagram.svg()
    assert metadata == {}
    program = "import sys; sys.modules['resvg_py'] = None; import autograd.__main__"
    subprocess.run([sys.executable, "-c", program], check=True)
