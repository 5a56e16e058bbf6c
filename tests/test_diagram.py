"""Pictures, read back from the SVG."""

import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import webbrowser
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import wasmtime
from graphs import chain, graphs, neuron
from hypothesis import example, given
from hypothesis import strategies as st
from picture import SVG, legend, read

import autograd
from autograd import Diagram, Op, Value, clip, dot, draw, log, ops, relu, sqrt, values, where
from autograd.diagram import engine, palette
from autograd.diagram.steps import steps
from autograd.notation.names import TURNING, legible
from autograd.reals import kind_of

ROOT = Path(__file__).parents[1]


def boxes_of(value, **options):
    return read(draw(value, **options).svg()).boxes


def arrows_of(value, **options):
    arrows = read(draw(value, **options).svg()).arrows
    return sorted((arrow.tail, arrow.head, *arrow.label) for arrow in arrows)


# --- What a picture shows -----------------------------------------------------------------------


def test_the_neuron():
    picture = read(draw(neuron()).svg())
    assert {name: box.lines for name, box in picture.boxes.items()} == {
        "x0": ["x0", "data 1", "grad -36"],
        "x1": ["x1", "data -2", "grad -12"],
        "x2": ["x2", "data 3", "grad 24"],
        "w0": ["w0", "data -3", "grad 12"],
        "w1": ["w1", "data -1", "grad -24"],
        "w2": ["w2", "data 2", "grad 36"],
        "b": ["b", "data 1", "grad 12"],
        "dot": ["dot", "data 5", "grad 12"],
        "+": ["+", "data 6", "grad 12"],
        "output": ["output", "relu", "data 6", "grad 12"],
        "- 0": ["- 0", "data 6", "grad 12"],
        "loss": ["loss", "** 2", "data 36", "grad 1"],
    }
    assert sorted((x.tail, x.head, *x.label) for x in picture.arrows) == [
        ("+", "output", "1"),
        ("- 0", "loss", "12"),
        ("b", "+", "1"),
        ("dot", "+", "1"),
        ("output", "- 0", "1"),
        ("w0", "dot", "1"),
        ("w1", "dot", "-2"),
        ("w2", "dot", "3"),
        ("x0", "dot", "-3"),
        ("x1", "dot", "-1"),
        ("x2", "dot", "2"),
    ]
    assert picture.title == "loss"
    assert "w1 = -1 (gradient -24)" in picture.description
    assert "output = relu(dot([x0, x1, x2], [w0, w1, w2]) + b) = 6" in picture.description
    assert "loss = (output - 0) ** 2 = 36" in picture.description


def test_kinds_differ_in_shape_and_colour():
    x = Value(2.0, "x")
    product = (x * 3).named("p")
    picture = read(draw((product + x).named("root")).svg())
    leaf, inner, root = (picture.boxes[name] for name in ("x", "p", "root"))
    assert [leaf.marks, inner.marks, root.marks] == [{"leaf"}, {"operation"}, {"operation", "root"}]
    assert float(leaf.outline["rx"]) > 2 * float(inner.outline["rx"])
    assert [palette.ROOT in box.grounds for box in (leaf, inner, root)] == [False, False, True]
    assert len({box.outline["stroke"] for box in (leaf, inner, root)}) == 3
    assert read(draw(x).svg()).boxes["x"].marks == {"leaf", "root"}


def test_every_use_is_an_arrow():
    a = Value(3.0, "a")
    total = (a + a).named("total")
    total.backward()
    picture = read(draw(total).svg())
    assert [(x.tail, x.head, x.label) for x in picture.arrows] == [("a", "total", ["1"])] * 2
    assert picture.boxes["a"].lines == ["a", "data 3", "grad 2"]


def test_what_is_written_on_arrows():
    x, y = Value(3.0, "x"), Value(4.0, "y")
    z = (x * y).named("z")
    z.backward(0.5)
    assert arrows_of(z) == arrows_of(z, edges="partial") == [("x", "z", "4"), ("y", "z", "3")]
    assert arrows_of(z, edges="contribution") == [
        ("x", "z", "0.5 × 4", "= 2"),
        ("y", "z", "0.5 × 3", "= 1.5"),
    ]
    assert arrows_of(z, edges=None) == [("x", "z"), ("y", "z")]
    captions = {
        "partial": "on each arrow: ∂result/∂operand",
        "contribution": "on each arrow: upstream × local = contribution to the operand's gradient",
        None: "",
    }
    for edges, caption in captions.items():
        assert " ".join(legend(draw(z, edges=edges).svg())[2:-2]) == caption


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (lambda x, y: x**2, "** 2"),
        (lambda x, y: x**0.5, "** 0.5"),
        (lambda x, y: x**y, "**"),
        (lambda x, y: 2**x, "2 ** ·"),
        (lambda x, y: (-2) ** (x * 1), "(-2) ** ·"),
        (lambda x, y: x - 0, "- 0"),
        (lambda x, y: 1 / x, "1 / ·"),
        (lambda x, y: x + y, "+"),
        (lambda x, y: x * -2, "* (-2)"),
        (lambda x, y: -x, "-"),
        (lambda x, y: x.square(), "** 2"),
        (lambda x, y: x.exp(), "exp"),
        (lambda x, y: clip(x, 0, 1), "clip(·, 0, 1)"),
        (lambda x, y: autograd.maximum(x, 0), "maximum(·, 0)"),
        (lambda x, y: x.leaky_relu(), "leaky_relu"),
        (lambda x, y: x.leaky_relu(0.5), "leaky_relu(·, 0.5)"),
        (lambda x, y: dot([1, -2], [x, y]), "dot([1, -2], ·)"),
        (lambda x, y: dot([1, x], [y, 2]), "dot([1, ·], [·, 2])"),
        (lambda x, y: autograd.sum([x, y, 3]), "sum([·, ·, 3])"),
        (lambda x, y: autograd.mean([x, y]), "mean"),
        (lambda x, y: x * math.pi, "* 3.141593"),
        (lambda x, y: x * 1e300, "* 1e300"),
        (lambda x, y: Op("mod", math.fmod, [lambda o, x, y: 1.0] * 2)(x, 2.0), "mod(·, 2)"),
    ],
)
def test_constants_stand_in_the_operation(value, shown):
    boxes = boxes_of(value(Value(2.0, "x"), Value(3.0, "y")))
    (result,) = (box for box in boxes.values() if "root" in box.marks)
    assert result.lines[1] == shown
    assert len(boxes) <= 4


def test_long_constants_are_shortened():
    x = values(range(40), "x")
    (result,) = (b for b in boxes_of(dot([0.5] * 40, x)).values() if "root" in b.marks)
    assert len(result.lines[1]) <= 32
    assert result.lines[1].endswith("…")


@pytest.mark.parametrize(
    ("value", "roles"),
    [
        (lambda a, b: a - b, ["left", "right"]),
        (lambda a, b: a / b, ["left", "right"]),
        (lambda a, b: a**b, ["left", "right"]),
        (lambda a, b: autograd.atan2(a, b), ["y", "x"]),
        (lambda a, b: where(a, b, 0.0), ["condition", "x"]),
        (lambda a, b: clip(0.5, a, b), ["lower", "upper"]),
        (lambda a, b: a + b, []),
        (lambda a, b: autograd.maximum(a, b), []),
        (lambda a, b: dot([a], [b]), []),
        (lambda a, b: 1 - a + 0 * b, []),
    ],
)
def test_roles_where_they_matter(value, roles):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    arrows = read(draw(value(a, b)).svg()).arrows
    shown = [(x.tail, x.label[0].split(": ")[0]) for x in arrows if ":" in x.label[0]]
    assert shown == list(zip("ab", roles, strict=False))
    bare = [line for x in read(draw(value(a, b), edges=None).svg()).arrows for line in x.label]
    assert bare == roles


def test_an_operation_whose_parameters_cannot_be_named():
    blend = Op("blend", lambda x, y: x + y, [lambda *all: 1.0, lambda *all: 2.0])
    builtin = Op("builtin", lambda x, y: x + y, [max, max])
    for op, partials in [(blend, ("1", "2")), (builtin, ("3", "3"))]:
        c = op(Value(1.0, "a"), Value(2.0, "b")).named("c")
        assert arrows_of(c) == [
            (x, "c", partial) for x, partial in zip("ab", partials, strict=True)
        ]


def test_a_dead_relu_is_grey_and_dashed():
    x, w = Value(1.0, "x"), Value(-2.0, "w")
    h = relu((x * w).named("z")).named("h")
    y = (h + w).named("y")
    y.backward()
    picture = read(draw(y).svg())
    assert {name for name, box in picture.boxes.items() if "dead" in box.marks} == {"x", "z"}
    for box in picture.boxes.values():
        dead = "dead" in box.marks
        assert bool(box.outline.get("stroke-dasharray")) == dead
        assert (box.outline["stroke"] == palette.DEAD) == dead
        assert (box.outline["fill"] == palette.DEAD_FILL) == dead
        assert (palette.DEAD_FILL in box.grounds) == dead
    dead = {(x.tail, x.head) for x in picture.arrows if "dead" in x.marks}
    assert dead == {("z", "h"), ("x", "z"), ("w", "z")}
    assert all(bool(x.dashes) == ("dead" in x.marks) for x in picture.arrows)


def test_what_a_selection_cuts_contributes_nothing():
    x = Value(0.0, "x")
    with np.errstate(all="ignore"):
        y = where(x > 0, log(x).named("log"), 1.0).named("y")
    y.backward(math.inf)
    assert arrows_of(y, edges="contribution") == [
        ("log", "y", "inf × 0", "= 0"),
        ("x", "log", "0 × inf", "= 0"),
    ]
    assert boxes_of(y)["x"].marks == {"leaf", "dead"}


def test_nan_is_not_dead():
    x = Value(0.0, "x")
    with np.errstate(all="ignore"):
        y = (sqrt(x).named("sqrt") * 0.0).named("y")
    y.backward()
    picture = read(draw(y, edges="contribution").svg())
    assert picture.boxes["x"].lines[-1] == "grad nan"
    assert picture.boxes["x"].marks == {"leaf"}
    assert picture.boxes["x"].grounds == [palette.NAN]
    assert legend(draw(y).svg())[-1] == "nan"
    assert sorted((x.tail, *x.label, *x.marks) for x in picture.arrows) == [
        ("sqrt", "1 × 0", "= 0", "dead"),
        ("x", "0 × inf", "= nan"),
    ]


def test_what_is_alive_by_a_way_that_is_not_drawn():
    x = Value(2.0, "x")
    y = (x * 0.0).named("p") + x.sin().exp().exp()
    y.backward()
    assert boxes_of(y, depth=2)["x"].marks == boxes_of(y)["x"].marks == {"leaf"}


def test_the_shade_has_the_sign_and_the_size_of_the_gradient():
    w = values([0, 1e-9, 0.1, 0.4, 1, -1, -0.1], "w")
    loss = dot([0.0, 1e-9, 0.1, 0.4, 1, -1, -0.1], w)
    loss.backward()
    dead, *grounds = [box.grounds for box in boxes_of(loss).values()][:7]
    assert dead == [palette.DEAD_FILL]
    shades = [palette.POSITIVE.index(ground) for (ground,) in grounds[:4]]
    assert shades == sorted(shades)
    assert shades[0] < shades[2] < shades[3] == len(palette.POSITIVE) - 1
    assert grounds[4:] == [[palette.NEGATIVE[-1]], [palette.NEGATIVE[shades[1]]]]
    assert legend(draw(loss).svg())[-2:] == ["grad -1", "1"]


@pytest.mark.parametrize("grad", [math.inf, -math.inf, math.nan, 1e308, 5e-324])
def test_any_gradient_is_drawn(grad):
    x = Value(1.0, "x")
    y = x * 1.5
    x.grad = grad
    assert boxes_of(y)["x"].lines[-1].startswith("grad ")


@given(st.floats())
def test_numbers_are_near_on_the_picture_and_exact_in_the_tooltip(number):
    x = Value(number, "x")
    box = boxes_of(x)["x"]
    near, exact = Decimal(box.lines[1].removeprefix("data ")), Decimal(repr(number))
    if math.isfinite(number):
        assert abs(near - exact) <= abs(exact) / 10_000 + Decimal("5e-324")
    else:
        assert str(near) == str(exact)
    (data,) = [x for x in box.tooltip.splitlines() if x.startswith("data ")]
    assert repr(float(data.removeprefix("data "))) == repr(number)


def test_tooltips_and_formulas():
    a, b = Value(1 / 3, "a"), Value(-2.5, "b")
    y = (relu(a * b + 1) / (a - -1.5) ** -2).named("y")
    y.backward()
    picture = read(draw(y).svg())
    assert picture.boxes["a"].tooltip == f"a = {1 / 3!r}\ndata {1 / 3!r}\ngrad {a.grad!r}"
    formula = "y = relu(a * b + 1) / (a - (-1.5)) ** -2"
    assert picture.boxes["y"].tooltip == f"{formula}\ndata {y.data!r}\ngrad 1"
    (arrow,) = (x for x in picture.arrows if x.label[0].startswith("left: "))
    assert arrow.tooltip == (
        f"∂y/∂(relu(a * b + 1)) = {y.partials[0]!r}\nupstream 1 × local = {y.partials[0]!r}"
    )


def test_expanded_it_is_what_multiplications_and_additions_make():
    x, w = values([1.5, -2.0, 3.0], "x"), values([0.3, 0.7, -0.2], "w")
    y = (dot(x, w) + autograd.sum([x[0], w[1], 2.0, 3.0, x[0]])).named("y")
    y.backward(2.0)

    def chopped(x, w):
        products = x[0] * w[0] + x[1] * w[1] + x[2] * w[2]
        return (products + (x[0] + w[1] + 2.0 + 3.0 + x[0])).named("y")

    twin = chopped(values([1.5, -2.0, 3.0], "x"), values([0.3, 0.7, -0.2], "w"))
    twin.backward(2.0)

    def shown(picture):
        boxes = sorted(box.lines for box in picture.boxes.values())
        return boxes, sorted(
            (x.tail.split("#")[0], x.head.split("#")[0], *x.label) for x in picture.arrows
        )

    assert shown(read(draw(y, expand=True).svg())) == shown(read(draw(twin).svg()))
    assert len(boxes_of(y)) == 6 + 3


def test_the_parts_of_an_expanded_dot_are_as_it_is():
    x, w = autograd.values([1.0, 2.0, 3.0]), autograd.values([-1.0, -1.0, -1.0])
    for root, flags in ((dot(x, w), (True, True)), (autograd.relu(dot(x, w)), (False, False))):
        made, _ = steps([root], expand=True, marks={})
        parts = [step for step in made if step.op and step.op.name in ("multiply", "add")]
        assert [step.op.name for step in parts] == ["multiply"] * 3 + ["add"] * 2
        assert {(step.reached, step.alive) for step in parts} == {flags}


def test_expanding_constants_and_short_ones():
    x = Value(2.0, "x")
    y = dot([1.0, x, 3.0], [4.0, 5.0, 6.0]).named("y")
    boxes = boxes_of(y, expand=True)
    assert [box.lines for box in boxes.values()] == [
        ["x", "data 2"],
        ["* 5", "data 10"],
        ["4 + ·", "data 14"],
        ["y", "+ 18", "data 32"],
    ]
    assert boxes_of(dot([x], [3]), expand=True)["y"].lines[1] == "* 3"
    assert boxes_of(autograd.sum([x]), expand=True)["y"].lines[1] == "sum"


# --- Groups and parts ---------------------------------------------------------------------------


def layers():
    x = values([1.0, -2.0], "x")
    hidden = []
    for i in range(2):
        w = values([0.5 * i + 0.1, -1.0], f"layer1.neuron{i}.w")
        hidden.append(relu(dot(x, w) + 0.1).named(f"layer1.neuron{i}.out"))
    v = values([2.0, -1.5], "layer2.v")
    return dot(hidden, v).named("y")


def test_dots_in_names_make_frames():
    picture = read(draw(layers()).svg())
    assert sorted(picture.frames) == ["layer1", "layer1.neuron0", "layer1.neuron1", "layer2"]
    # Inside their group they are called by the rest of the name; the whole one is in the tooltip.
    assert [name for name in picture.boxes if name.startswith("out")] == ["out", "out#2"]
    assert picture.boxes["out"].tooltip.startswith("layer1.neuron0.out = relu(")


def inside(svg, frame):
    """The first lines of the boxes that lie within a frame."""

    def extent(group):
        x, y, width, height = (
            float(group.find(f"{SVG}rect").get(name)) for name in ("x", "y", "width", "height")
        )
        return x, y, x + width, y + height

    groups = list(ElementTree.fromstring(svg).iter(f"{SVG}g"))
    (whole,) = (g for g in groups if g.findtext(f"{SVG}title") == frame)
    left, top, right, bottom = extent(whole)
    result = []
    for group in groups:
        if group.get("class", "").startswith("node"):
            a, b, c, d = extent(group)
            if left <= a and top <= b and c <= right and d <= bottom:
                result.append(group.findtext(f"{SVG}text"))
    return sorted(result)


def test_an_operation_without_a_name_is_where_its_uses_are():
    svg = draw(layers()).svg()
    assert inside(svg, "layer1.neuron0") == ["+ 0.1", "dot", "out", "w0", "w1"]
    assert inside(svg, "layer1") == sorted(2 * ["+ 0.1", "dot", "out", "w0", "w1"])
    assert inside(svg, "layer2") == ["v0", "v1"]


def test_a_collapsed_group_is_one_box():
    y = layers()
    y.backward()
    picture = read(draw(y, collapse="layer1.neuron1").svg())
    assert sorted(picture.frames) == ["layer1", "layer1.neuron0", "layer2"]
    assert picture.boxes["neuron1"].lines == ["neuron1", "5 Values", "data 2.7", "grad -1.5"]
    assert picture.boxes["neuron1"].marks == {"group"}
    assert len(picture.boxes) == 2 + 5 + 1 + 2 + 1
    assert {(x.tail, x.head, *x.label) for x in picture.arrows if "neuron1" in x} == {
        ("x0", "neuron1", "1 use"),  # not a derivative of the number that the box shows
        ("x1", "neuron1", "1 use"),
        ("neuron1", "y", "-1.5"),
    }
    outer = read(draw(y, collapse=["layer1", "layer1.neuron0"]).svg())
    assert outer.frames == ["layer2"]
    assert sorted(outer.boxes) == ["layer1", "v0", "v1", "x0", "x1", "y"]
    assert sorted((x.tail, x.head, *x.label) for x in outer.arrows) == [
        ("layer1", "y", "2 uses"),
        ("v0", "y", "2.2"),
        ("v1", "y", "2.7"),
        ("x0", "layer1", "2 uses"),
        ("x1", "layer1", "2 uses"),
    ]
    (both,) = (x.tooltip for x in outer.arrows if x.tail == "layer1")
    assert "∂y/∂layer1.neuron0.out = 2" in both
    assert "∂y/∂layer1.neuron1.out = -1.5" in both


def test_a_collapsed_group_may_hold_the_root_or_everything():
    x = Value(1.0, "net.x")
    picture = read(draw((x * 2).named("net.y"), collapse="net").svg())
    assert picture.boxes["net"].marks == {"group", "root"}
    assert (len(picture.boxes), picture.arrows) == (1, [])


def test_a_group_that_is_not_there():
    message = r"no group or array 'layer3' to collapse; there are: 'layer1', 'layer1.neuron\*', "
    with pytest.raises(ValueError, match=message):
        draw(layers(), collapse="layer3")
    with pytest.raises(ValueError, match=r"no group or array 'x' to collapse; there are: none$"):
        draw(Value(1.0, "x"), collapse=["x"])


@pytest.mark.parametrize("name", [".", "..", "a.", ".a", "a..b", "...x", "a.b."])
def test_dots_that_do_not_separate_are_part_of_the_name(name):
    picture = read(draw(Value(1.0, name)).svg())
    assert (picture.frames, list(picture.boxes)) == ([], [name])


def test_groups_in_groups_in_groups():
    name = ".".join("abcdefgh" * 40)
    picture = read(draw(Value(1.0, name)).svg())
    assert len(picture.frames) == 32
    assert name in next(iter(picture.boxes.values())).tooltip


def test_depth():
    loss = neuron()
    names = ["loss", "- 0", "output", "+"]
    for depth, name in enumerate(names[:-1]):
        picture = read(draw(loss, depth=depth).svg())
        assert set(picture.boxes) == {*names[: depth + 1], "…"}
        (cut,) = (x for x in picture.arrows if "cut" in x.marks)
        assert (cut.tail, cut.head) == ("…", name)
        assert cut.dashes
    picture = read(draw(loss, depth=3).svg())
    assert set(picture.boxes) == {*names, "… 2 operands"}
    assert picture.boxes["… 2 operands"].tooltip.splitlines()[-1] == "b"
    assert picture.boxes["… 2 operands"].marks == {"cut"}
    whole = read(draw(loss).svg())
    assert read(draw(loss, depth=5).svg()) == whole
    # The nearest way counts, and an arrow between two Values that are shown is shown.
    x = Value(2.0, "x")
    y = ((x * 3).named("p").exp().named("e") + x).named("y")
    assert arrows_of(y, depth=1) == [("e", "y", "1"), ("x", "y", "1"), ("…", "e", "403.4288")]


def test_depth_counts_a_collapsed_group_as_one():
    boxes = boxes_of(layers(), collapse="layer1", depth=1)
    assert set(boxes) == {"y", "layer1", "v0", "v1", "… 4 operands"}
    assert boxes["layer1"].lines[1] == "2 units, 10 Values"
    assert "layer1" in boxes_of(layers(), collapse=["layer1", "layer2"], depth=2)
    with pytest.raises(ValueError, match="no group or array 'layer3'"):
        draw(layers(), collapse="layer3", depth=0)


def test_marks_are_boxes():
    total = autograd.sum([autograd.sum(values([1.0, 2.0])) for _ in range(3)])
    assert len(boxes_of(total, depth=1, max_nodes=7)) == 7
    with pytest.raises(ValueError, match="would have 7 boxes, more than max_nodes=6"):
        draw(total, depth=1, max_nodes=6)


def test_depth_of_an_expanded_dot():
    loss = dot(values([1.0, 2.0, 3.0], "x"), values([4.0, 5.0, 6.0], "w")).named("s")
    assert set(boxes_of(loss, expand=True, depth=1)) == {
        "s",
        "+",
        "*",
        "… 2 operands",
        "… 2 operands#2",
    }
    assert set(boxes_of(loss, expand=True, depth=0)) == {"s", "… 2 operands"}


# --- Names are data -----------------------------------------------------------------------------

HOSTILE = [
    "a{b}", "a|b", "<b>x</b>", r"\N", r"\G\E\T\H\L\l\r\n", "&lt;", "&amp;lt;", "&#60;", "&", "&&;",
    "\"", "'", "\\", "\\\\", "\\\"", "a\\", "\n", "a\nb\r\nc", "\0", "a\0b", "\t", "\x7f", "\x85",
    "😀", "👩‍👩‍👧", "日本語", "עברית", "x" * 300, "<" * 300, "   ", " a  b ", "-->",
    "]]>", "<![CDATA[x]]>", "<!--", "<script>alert(1)</script>",
    "</title><script>alert(1)</script>", "</svg>", "</style>",
    '" onload="alert(1)', "javascript:alert(1)", "box0", "arrow0", "node", "digraph", "subgraph",
    "<>", "<x>", "HTML<", '"];x [label="', '"]; } digraph { evil', "# comment", "// x", "/* x */",
    "%s %d {}", "$title", "\ud800", "\ufffe", "\uffff", "\u2028", "\u202eabc", "{{}}",
    "#1 #2", "\\u0041",
]  # fmt: skip


def check_name(name):
    x = Value(1.0, name)
    y = (x * 2).named(name)
    y.backward()
    diagram = draw(y)
    picture = read(diagram.svg())
    expected = legible(name)
    assert picture.title == expected
    boxes = list(picture.boxes.values())
    assert [box.marks for box in boxes] == [{"leaf"}, {"operation", "root"}]
    assert len(picture.arrows) == 1
    assert boxes[0].tooltip == f"{expected} = 1\ndata 1\ngrad 2"
    if not picture.frames:
        assert "".join(boxes[0].lines[:-2]) == expected
    for box in boxes:
        assert all(len(line) <= 33 for line in box.lines)
    # Nothing but the elements that a picture consists of.
    tags = {
        element.tag.removeprefix(SVG) for element in ElementTree.fromstring(diagram.svg()).iter()
    }
    assert tags <= {"svg", "g", "title", "style", "path", "polygon", "text", "tspan", "rect"}
    assert "style=" not in diagram.svg()


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names(name):
    check_name(name)


@given(
    st.text(st.characters(codec=None), min_size=1)
    | st.text(st.sampled_from("<>&\\\"'{|}lNn;.\n"), min_size=1)
)
@example("a.b")
def test_any_name(name):
    check_name(name)


@given(st.text(st.characters(codec=None)))
def test_what_is_replaced(name):
    for before, after in zip(name, legible(name), strict=True):
        kind = unicodedata.category(before)
        invalid = kind in ("Cc", "Cs", "Zl", "Zp") or before in "\ufffe\uffff" + TURNING
        assert (before != after) == invalid
    ElementTree.fromstring(f"<x>{legible(name).translate({38: None, 60: None})}</x>")


def test_control_characters_have_pictures():
    assert legible("a\0b\n\t\x7f\x85\ud800") == "a␀b␊␉␡��"


@pytest.mark.parametrize("name", [name for name in HOSTILE if "." not in name], ids=ascii)
def test_hostile_group_names(name):
    diagram = draw((Value(1.0, f"{name}.x") * 2).named(f"{name}.y"))
    picture = read(diagram.svg())
    assert picture.frames == [legible(name)]
    assert set(picture.boxes) == {"x", "y"}
    whole = read(draw(Value(1.0, f"{name}.x"), collapse=name).svg())
    assert [box.marks for box in whole.boxes.values()] == [{"group", "root"}]


def test_a_hostile_operation():
    op = Op('<b>"\\N|', lambda x: x, [lambda out, x: 1.0], text='</svg>&"#1\\')
    picture = read(draw(op(Value(1.0, "x"))).svg())
    assert picture.boxes["y"].lines[1] == '<b>"\\N|'


@pytest.mark.parametrize(
    "name", ["a\x01b", "bad\ufffe", "", "\n", "a\0b", "\ud800", " ", "x" * 300]
)
def test_any_name_of_an_operation(name):
    for text, constants in [(None, ()), (f"#1{name}#2", (2.0,)), (f"{name}", (2.0,))]:
        op = Op(name, lambda *x: 1.0, [lambda out, *x: 1.0] * (1 + len(constants)), text=text)
        picture = read(draw(op(Value(1.0, "x"), *constants).named("y")).svg())
        assert len(picture.boxes["y"].lines) == 3


# --- Whole graphs -------------------------------------------------------------------------------

UNARY = [ops.exp, ops.sin, ops.tanh, ops.relu, ops.abs, ops.negative]
BINARY = [ops.add, ops.subtract, ops.multiply]


def swept(root):
    with np.errstate(all="ignore"):
        root.backward()
    return root


DRAWN = graphs(
    [*UNARY, *BINARY * 2, *[ops.dot] * 6],  # as many of each kind
    st.lists(st.floats(-2, 2), min_size=1, max_size=3).map(lambda x: list(values(x, "x"))),
    (2.0,),
    names=[*[None] * 4, "n{}", "g.n{}", "g.h.n{}", "k.n{}"],
    most=8,
    uses=6,
    sizes=(2, 4, 6),
).map(swept)


@given(DRAWN, st.booleans())
def test_boxes_and_arrows_are_the_values_and_uses(root, expand):
    shown, _ = steps([root], expand=expand, marks={})
    picture = read(draw(root, expand=expand, collapse=()).svg())
    uses = [x for step in shown for x in step.operands if not isinstance(x, float)]
    assert len(picture.boxes) == len(shown)
    assert len(picture.arrows) == len(uses)
    if not expand:
        assert len(shown) == len(autograd.topological_order(root))
        for node, box in zip(autograd.topological_order(root), picture.boxes.values(), strict=True):
            _, data, _, grad = box.tooltip.split()[-4:]
            assert [float(data), float(grad)] == pytest.approx(
                [node.data, node.grad], rel=0.0, nan_ok=True
            )


@given(DRAWN, st.booleans())
def test_the_contributions_of_all_uses_make_the_gradient(root, expand):
    """On the picture alone: what the arrows say adds up to what the boxes say."""
    picture = read(draw(root, expand=expand, collapse=(), edges="contribution").svg())
    total = defaultdict(list)
    for arrow in picture.arrows:
        upstream, local, contribution = (
            float(x)
            for x in re.search(r"= (\S+)\nupstream (\S+) × local = (\S+)$", arrow.tooltip).group(
                2, 1, 3
            )
        )
        assert contribution == pytest.approx(upstream * local, nan_ok=True)
        total[arrow.tail].append(contribution)
    for name, box in picture.boxes.items():
        if "root" not in box.marks:
            grad = float(box.tooltip.rpartition("grad ")[2])
            assert math.fsum(total[name]) == pytest.approx(grad, rel=1e-9, abs=1e-12)
        if "dead" in box.marks:
            assert not any(total[name])


@given(DRAWN, st.integers(0, 4))
def test_a_part_is_a_part(root, depth):
    part = read(draw(root, depth=depth, collapse=()).svg())
    whole = read(draw(root, collapse=()).svg())
    tooltips = {box.tooltip for box in whole.boxes.values()}
    kept = [box for box in part.boxes.values() if "cut" not in box.marks]
    if not any("…" in box.tooltip for box in kept):
        assert {box.tooltip for box in kept} <= tooltips
    assert len(kept) <= len(whole.boxes)
    cut = [arrow for arrow in part.arrows if "cut" in arrow.marks]
    assert len(cut) == len(part.boxes) - len(kept)
    assert bool(cut) == (len(kept) < len(whole.boxes))


def test_a_diagram_keeps_the_numbers_of_its_moment():
    x = Value(2.0, "x")
    y = x * x
    diagram = draw(y)
    x.data, x.name = 5.0, "renamed"
    y.backward()
    y.forward()
    assert read(diagram.svg()).boxes["x"].lines == ["x", "data 2"]


def test_the_same_graph_gives_the_same_bytes():
    program = (
        "from autograd import draw; from autograd.neuron import Neuron; import sys;"
        "from test_diagram import layers;"
        "d = draw(layers(), collapse=['layer2', 'layer1.neuron0'], edges='contribution');"
        "sys.stdout.write(d.source + d.svg())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1


def test_golden_picture():
    a = Value(2.0, "a")
    total = a + a
    total.backward()
    golden = (ROOT / "tests" / "golden" / "a_plus_a.svg").read_text(encoding="utf-8")
    assert draw(total).svg() == golden


# --- Size and time ------------------------------------------------------------------------------


def test_too_many_boxes():
    assert len(boxes_of(chain(999), collapse=())) == 1000
    message = (
        r"would have 1001 boxes, more than max_nodes=1000: collapse .*depth=.* raise max_nodes"
    )
    with pytest.raises(ValueError, match=message):
        draw(chain(1000), collapse=())
    assert len(boxes_of(chain(1500), collapse=(), max_nodes=2000)) == 1501
    with pytest.raises(ValueError, match="would have 2 boxes, more than max_nodes=1:"):
        draw(chain(1), max_nodes=1)
    assert len(boxes_of(chain(5000), depth=10, collapse=())) == 12


def test_collapsing_makes_fewer_boxes():
    node = chain(2000, start=Value(1.0, "long.x"))
    assert list(boxes_of(node.named("long.y"), collapse="long")) == ["long"]


def test_depth_is_no_limit():
    assert draw(chain(20_000), collapse=(), max_nodes=10**6).source.count(" -> ") == 20_000
    with pytest.raises(RuntimeError, match="too deep for Graphviz: collapse groups or draw a part"):
        draw(chain(30_000), collapse=(), max_nodes=10**6).svg()


def tangle(size):
    """A graph that takes Graphviz long."""
    random = np.random.default_rng(1)
    nodes = [Value(1.0)]
    for count in range(1, size):
        i, j = random.integers(0, count, 2)
        nodes.append(nodes[i] + nodes[j])
    return autograd.sum(nodes)


def test_time_runs_out():
    diagram = draw(tangle(900), collapse=(), timeout=0.2)
    start = time.perf_counter()
    with pytest.raises(
        TimeoutError, match=r"longer than timeout=0.2 seconds: collapse .*depth=.* raise t"
    ):
        diagram.svg()
    assert time.perf_counter() - start < 15.0
    shown, _ = diagram._repr_mimebundle_()
    assert list(shown) == ["text/plain"]
    assert "TimeoutError: laying out the picture takes longer than" in shown["text/plain"]
    assert (
        draw(neuron(), timeout=math.inf).svg() == draw(neuron()).svg()
    )  # and nothing is left over


def test_time_that_runs_out_before_the_engine_has_begun(monkeypatch):
    render = engine._render

    def late(*arguments):
        time.sleep(0.3)
        return render(*arguments)

    monkeypatch.setattr(engine, "_render", late)
    start = time.perf_counter()
    with pytest.raises(TimeoutError):
        draw(tangle(900), collapse=(), timeout=0.1).svg()
    assert time.perf_counter() - start < 15.0


@pytest.fixture
def interruptible():
    """Ctrl-C interrupts, also where these tests are a background job, which ignores it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("interruptible")
def test_a_picture_can_be_interrupted():
    diagram = draw(tangle(900), collapse=())
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    start = time.perf_counter()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        diagram.svg()
    assert time.perf_counter() - start < 15.0


def test_one_that_takes_long_does_not_hold_up_the_others():
    expected = draw(neuron()).svg()
    slow = draw(tangle(900), collapse=(), timeout=1.0)
    thread = threading.Thread(target=slow._repr_mimebundle_)
    thread.start()
    time.sleep(0.2)
    start = time.perf_counter()
    while thread.is_alive():  # when the slow one is stopped, that stops no other
        assert draw(neuron(), timeout=5.0).svg() == expected
    assert time.perf_counter() - start < 15.0
    thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_process_draws():
    program = (
        "import os, threading, time; from test_diagram import *;"
        "slow = draw(tangle(900), collapse=(), timeout=1);"
        "thread = threading.Thread(target=slow._repr_mimebundle_);"
        "thread.start(); time.sleep(0.3); pid = os.fork();"
        "pid or os._exit(len(draw(neuron()).svg()) < 1000);"
        "status = os.waitpid(pid, 0)[1]; thread.join(); raise SystemExit(status)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
        check=False,
    )
    assert run.returncode == 0


def test_when_graphviz_fails(monkeypatch):
    deep = "".join(f"subgraph cluster{i} {{" for i in range(2000)) + "a" + "}" * 2000
    with pytest.raises(RuntimeError, match="the graph is too deep for Graphviz"):
        engine.layout(f"digraph {{ {deep} }}", 30.0)
    with pytest.raises(RuntimeError, match="Graphviz cannot lay out the picture: Failed to parse"):
        engine.layout("digraph {", 30.0)

    def fail(*arguments):
        raise wasmtime.WasmtimeError("no memory\nbacktrace")

    monkeypatch.setattr(engine, "_render", fail)
    with pytest.raises(RuntimeError, match=r"Graphviz failed, .* for lack of memory: no memory$"):
        engine.layout("digraph {}", 30.0)


def test_several_threads_draw_at_once():
    results, expected = [], draw(neuron()).svg()
    threads = [
        threading.Thread(target=lambda: results.append(draw(neuron()).svg())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


# --- Where it goes ------------------------------------------------------------------------------


def test_the_words_for_a_diagram():
    diagram = draw(neuron())
    assert isinstance(diagram, Diagram)
    assert repr(diagram) == "<Diagram of loss: 12 boxes, 11 arrows>"
    assert repr(draw(Value(1.0, "x"))) == "<Diagram of x: 1 box, 0 arrows>"


def test_saved_files(tmp_path):
    diagram = draw(neuron())
    for name in ("a.svg", "B.SVG"):
        diagram.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == diagram.svg()
    diagram.save(str(tmp_path / "a.dot"))
    assert (tmp_path / "a.dot").read_text(encoding="utf-8") == diagram.source
    diagram.save(tmp_path / "a.html")
    assert "<!doctype html>" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert sorted(x.name for x in tmp_path.iterdir()) == ["B.SVG", "a.dot", "a.html", "a.svg"]


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
def test_saved_by_the_program(tmp_path):
    for name in ("plain", *HOSTILE[:20]):
        draw(Value(1.0, name)).save(tmp_path / "x.pdf")
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF-")
    with pytest.raises(TimeoutError, match=r"longer than timeout=0.2 seconds"):
        draw(tangle(900), collapse=(), timeout=0.2).save(tmp_path / "slow.pdf")
    assert not (tmp_path / "slow.pdf").exists()


def test_without_the_program(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    diagram = draw(neuron())
    for suffix in (".svg", ".html", ".png"):
        diagram.save(tmp_path / f"x{suffix}")
    with pytest.raises(RuntimeError, match=r"\.pdf .* not installed: install Graphviz .* as \.svg"):
        diagram.save(tmp_path / "y.pdf")
    assert sorted(x.name for x in tmp_path.iterdir()) == ["x.html", "x.png", "x.svg"]


@pytest.mark.parametrize("name", ["x", "x.bmp", "x.svg.gz", "x.htm", ".svg", "svg"])
def test_unknown_suffixes(name, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.svg, \.html, \.dot, \.png, \.pdf"):
        draw(neuron()).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_files_that_cannot_be_written(tmp_path, monkeypatch):
    diagram = draw(neuron())
    with pytest.raises(FileNotFoundError, match=r"'.*no/x\.svg'$"):
        diagram.save(tmp_path / "no" / "x.svg")
    (tmp_path / "d.svg").mkdir()
    with pytest.raises(IsADirectoryError, match=r"d\.svg'$"):
        diagram.save(tmp_path / "d.svg")
    with pytest.raises(TypeError):
        diagram.save(3)
    (tmp_path / "x.svg").write_text("before")

    def full(path, content):
        with open(path, "wb") as file:
            file.write(content[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        diagram.save(tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text() == "before"
    assert sorted(x.name for x in tmp_path.iterdir()) == ["d.svg", "x.svg"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on this system")
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path):
    diagram = draw(neuron())
    pipe, link = tmp_path / "pipe", tmp_path / "x.svg"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    diagram.save(link)
    reader.join()
    assert received == [diagram.svg()]
    assert pipe.is_fifo()


def test_links_and_modes_stay(tmp_path):
    diagram = draw(neuron())
    real, link = tmp_path / "real.svg", tmp_path / "link.svg"
    real.write_text("before")
    real.chmod(0o600)
    link.symlink_to(real)
    diagram.save(link)
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == diagram.svg()
    assert real.stat().st_mode & 0o777 == 0o600


def test_show(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    draw(neuron()).show()
    (url,) = opened
    path = Path(url.removeprefix("file://"))
    assert "<svg" in path.read_text(encoding="utf-8")
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    with pytest.raises(RuntimeError, match=r"no program here to open .*diagram\.html"):
        draw(neuron()).show()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"edges": "all"},
            ValueError,
            "edges must be 'partial', 'contribution' or None, not 'all'",
        ),
        ({"edges": ["partial"]}, ValueError, "edges must be"),
        ({"edges": True}, ValueError, "edges must be"),
        ({"depth": -1}, ValueError, "depth must be at least 0, not -1"),
        ({"depth": 1.5}, TypeError, "depth must be a whole number, not 1.5"),
        ({"edges": np.array([1, 2])}, ValueError, "edges must be"),
        ({"depth": True}, TypeError, "depth must be a whole number"),
        ({"expand": 3}, TypeError, "expand must be True, False, the name of a group or several"),
        ({"expand": "h"}, ValueError, "no group or array 'h' to expand; .*: 'loss', .* 'w', 'x'$"),
        ({"direction": "RL"}, ValueError, "direction must be 'LR', 'TB' or None, not 'RL'"),
        ({"direction": 1}, ValueError, "direction must be 'LR', 'TB' or None, not 1"),
        ({"max_nodes": 0}, ValueError, "max_nodes must be at least 1, not 0"),
        ({"max_nodes": None}, TypeError, "max_nodes must be a whole number, not None"),
        ({"timeout": 0}, ValueError, "timeout must be a positive number of seconds, not 0"),
        ({"timeout": math.nan}, ValueError, "timeout must be a positive number"),
        ({"timeout": "1"}, TypeError, "timeout must be a real number"),
        ({"collapse": 3}, TypeError, "the name of a group or several, or .* for nothing, not 3"),
        ({"collapse": [3]}, TypeError, "collapse must be the name of a group or several"),
        ({"collapse": [""]}, ValueError, "no group or array ''"),
    ],
)
def test_options(options, error, message):
    with pytest.raises(error, match=message):
        draw(neuron(), **options)


def test_numpy_numbers_are_numbers():
    x = Value(1.0, "x")
    y = (x * 2).named("y")
    y.backward(np.float64(2.0))
    diagram = draw(y, depth=np.int64(1), max_nodes=np.int32(2), timeout=np.float64(9.0))
    assert read(diagram.svg()).boxes["x"].tooltip.endswith("grad 4")


@pytest.mark.parametrize("thing", [1.0, None, "x", [1.0], (Value(1.0), "x"), [[Value(1.0)]]])
def test_only_values_are_drawn(thing):
    wrong = thing[-1] if isinstance(thing, list | tuple) else thing
    with pytest.raises(TypeError, match=f"draw takes a Value, not {kind_of(wrong)}"):
        draw(thing)


def test_several_roots():
    x = Value(3.0, "x")
    a, b = (x * 2).named("a"), (x + 1).named("b")
    picture = read(draw([a, b, a]).svg())
    assert picture.title == "a, b"
    assert "Computation graph of a, b, 3 Values" in picture.description
    assert {name for name, box in picture.boxes.items() if "root" in box.marks} == {"a", "b"}
    assert sorted((x.tail, x.head) for x in picture.arrows) == [("x", "a"), ("x", "b")]
    # One may be a part of another, and the roots may be an array.
    c = (a * a).named("c")
    assert {x for x, box in boxes_of([c, a]).items() if "root" in box.marks} == {"a", "c"}
    y = values([1.0, 2.0], "y") * x
    assert len(boxes_of(y)) == len(boxes_of(y.reshape(1, 2))) == 5
    assert sorted(boxes_of((a, b), depth=0)) == ["a", "b", "…", "…#2"]
    with pytest.raises(ValueError, match="nothing to draw: the sequence of Values is empty"):
        draw([])


# --- Colours ------------------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return np.dot(linear, [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    """WCAG's contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_everything_can_be_read_in_light_and_dark():
    colored = (palette.RIGHT, palette.WRONG, palette.DOUBTFUL)
    shades = [palette.ZERO, palette.NAN, palette.HATCH, *palette.NEGATIVE, *palette.POSITIVE]
    pairs = [(palette.INK, fill) for fill in [*shades, palette.CARD, palette.HEADING]]
    pairs += [(text, palette.CARD) for text in (palette.LEAF, palette.MUTED, palette.RIGHT)]
    pairs += [(palette.BACKGROUND, fill) for fill in (*colored, palette.ROOT)]
    pairs += [
        (text, paper)
        for text in (palette.INK, palette.MUTED, palette.DEAD, palette.ROOT, palette.RIGHT)
        for paper in (palette.BACKGROUND, palette.CLUSTER_FILL)
    ]
    pairs.append((palette.DEAD, palette.DEAD_FILL))
    pairs += [(text, palette.DEAD_FILL) for text in colored]
    for text, fill in pairs:
        assert contrast(text, fill) >= 4.5, (text, fill)
        assert contrast(palette.DARK[text], palette.DARK[fill]) >= 4.5, (text, fill)


def test_the_sign_of_a_gradient_shows_in_grey_print():
    for negative, positive in zip(palette.NEGATIVE, palette.POSITIVE, strict=True):
        assert luminance(positive) > 1.1 * luminance(negative)
    for shades in (palette.NEGATIVE, palette.POSITIVE):
        light = [
            luminance(shade) for shade in [palette.ZERO, *shades][shades is palette.POSITIVE :]
        ]
        assert light == sorted(light, reverse=True)


def test_every_colour_has_one_for_the_dark():
    for diagram in (draw(layers()), draw(neuron(), depth=1), draw(layers(), collapse="layer1")):
        root = ElementTree.fromstring(diagram.svg())
        used = {x.get(part) for x in root.iter() for part in ("fill", "stroke")} - {None, "none"}
        assert used <= set(palette.DARK)
