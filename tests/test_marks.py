"""The place of a mistake, marked in the picture of a report."""

# ruff: noqa: N803, N806 - matrices are capital letters here

import copy
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest
from picture import legend, read
from test_diagram import HOSTILE

import autograd
from autograd import (
    Finding,
    Op,
    Value,
    check_gradient,
    compare,
    dot,
    exp,
    relu,
    sigmoid,
    sin,
    tanh,
    topological_order,
    values,
)
from autograd.compare.case import Case, Grouping
from autograd.compare.inquiry import COMBINED, CONFUSED, SINGLE
from autograd.compare.judge import Judge
from autograd.compare.places import Place
from autograd.diagram import palette, png
from autograd.diagram.legend import EXPLAINS
from autograd.diagram.steps import Mark
from autograd.neuron import Neuron

X, TARGET = np.array([1.0, -2.0, 3.0]), 0.5


def loss(w, b):
    return (relu(dot(X, w) + b) - TARGET) ** 2


def without_mask(w, b):
    upstream = 2.0 * (np.maximum(0.0, np.dot(X, w) + b) - TARGET)
    return upstream * X, upstream


def of_neuron():
    """A report on the gradient of a neuron without the mask of relu."""
    return check_gradient(loss, without_mask, [-3.0, -1.0, 2.0], 1.0)


def causes(report, **options):
    """The marks on causes in the picture of a report: on boxes by their first line, on arrows by
    those of the two boxes, each with its lines and its hint.
    """
    svg = report.draw(**options).svg()
    picture, scene = read(svg), report.draw(**options)._scene
    found = {}
    for box, (name, drawn) in zip(scene.boxes, picture.boxes.items(), strict=True):
        lines = [line.text for line in box.lines if line.color == palette.CAUSE]
        if lines:
            assert drawn.outline["stroke"] == palette.CAUSE
            assert drawn.outline["stroke-width"] == "3"
            assert drawn.lines[-len(lines) :] == lines
            found[name] = (*lines, *drawn.tooltip.splitlines()[-1:])
    for arrow, drawn in zip(scene.arrows, picture.arrows, strict=True):
        lines = [line.text for line in arrow.lines if line.color == palette.CAUSE]
        if lines:
            assert drawn.label[-len(lines) :] == lines
            found[drawn.tail, drawn.head] = (*lines, *drawn.tooltip.splitlines()[-1:])
    assert (EXPLAINS in legend(svg)) == bool(found)
    assert ("Marked: " in picture.description) == bool(found)
    return found


def nodes_of(report):
    """How many places of mistakes the findings hold."""
    return sum(len(finding._causes) for finding in report.findings)


# --- Where it is ----------------------------------------------------------------------------------


def test_a_mistake_at_a_node():
    report = of_neuron()
    place = "(at relu(dot([1, -2, 3], [w0, w1, w2]) + b))"
    hint = f"mistake: the mask of relu is missing {place}"
    assert causes(report) == {"relu": ("mistake: the mask of", "relu is missing", hint)}
    assert read(report.draw().svg()).description.endswith(f". Marked: {hint}.")
    # The numbers have their own marks, as before.
    box = read(report.draw().svg()).boxes["w0"]
    assert (box.lines[-1], box.outline["stroke"]) == ("yours -1 ≠ 0", palette.WRONG)


def test_it_is_seen_in_every_format(tmp_path):
    report = of_neuron()
    source = report.draw().source
    (node,) = [line for line in source.splitlines() if "mistake: the mask" in line]
    assert "mistake: the mask of\\nrelu is missing" in node
    assert (f'color="{palette.CAUSE}"' in node, "penwidth=3" in node) == (True, True)
    assert EXPLAINS in source
    svg = report.draw().svg()
    grounds = re.findall(rf'<path class="ground" d="[^"]*" fill="{palette.CAUSE}"', svg)
    assert len(grounds) == 2
    assert written(svg, "relu is missing") == palette.BACKGROUND
    for suffix in ("html", "png", "svg"):
        report.draw().save(tmp_path / f"marked.{suffix}")
    assert "relu is missing" in (tmp_path / "marked.html").read_text(encoding="utf-8")
    plain = replace(report, findings=()).draw().svg()
    assert (tmp_path / "marked.png").read_bytes() != png.rendered(plain)


def test_a_mistake_in_a_local_derivative():
    def difference(a, b):
        return (exp(a) - sin(b)) ** 2

    def flipped(a, b):
        upstream = 2.0 * (np.exp(a) - np.sin(b))
        return upstream * np.exp(a), upstream * np.cos(b)

    report = check_gradient(difference, flipped, 0.3, 0.7)
    hint = "mistake: a sign is flipped (in d(sin(b))/db)"
    assert causes(report) == {("b", "sin"): ("mistake: a sign is", "flipped", hint)}
    (edge,) = [line for line in report.draw().source.splitlines() if "flipped" in line]
    assert "penwidth=3" in edge
    svg = report.draw().svg()
    assert svg.count(f'fill="none" stroke="{palette.CAUSE}" stroke-width="3"') == 1
    assert svg.count(f'rx="3" fill="{palette.CAUSE}"') == 2
    assert written(svg, "flipped") == palette.BACKGROUND


def written(svg, line):
    """The colour of a line of text."""
    (attributes,) = re.findall(rf"<text ([^>]*)>{line}</text>", svg)
    return re.search('fill="([^"]*)"', attributes)[1]


def test_a_derivative_that_is_taken_at_another_value():
    def wrong(a, b):  # the cosine of a, not of the product
        return np.cos(a) * b * np.exp(b), np.cos(a) * a * np.exp(b) + np.sin(a * b) * np.exp(b)

    report = check_gradient(lambda a, b: sin(a * b) * exp(b), wrong, 0.4, 0.7)
    hint = "mistake: the derivative of sin is taken at another value (at a, not at the operand of "
    hint += "sin(a * b))"
    assert causes(report) == {
        "sin": ("mistake: the derivative", "of sin is taken at", "another value", hint)
    }


def test_one_of_two_uses_of_a_value():
    report = check_gradient(
        lambda a, b: exp(b) * (a / (a + b)),
        lambda a, b: (np.exp(b) / (a + b), np.exp(b) * (a / (a + b) - a / (a + b) ** 2)),
        0.6,
        1.7,
    )
    (((*ends,), (*lines, hint)),) = causes(report).items()
    assert ends == ["a", "/"]
    assert lines == ["mistake: of the 2 uses", "of a value only one", "counts (= for +=)"]
    assert hint.startswith("mistake: of the 2 uses of a value only one counts (= for +=) (a in ")


def test_an_operand_that_is_used_twice_is_marked_at_the_one_use():
    x = Value(3.0, "x")
    y = (x / x.exp()).named("y")
    scene = autograd.draw(y, marks={(y, 1): [Mark("here", palette.WRONG)]})._scene
    assert [[line.text for line in arrow.lines][-1] for arrow in scene.arrows].count("here") == 1
    y = (x - x).named("y")
    scene = autograd.draw(y, marks={(y, 1): [Mark("here", palette.WRONG)]})._scene
    assert [len(arrow.lines) for arrow in scene.arrows] == [1, 2]


# --- In several places ----------------------------------------------------------------------------


def layers(sizes=(8, 6), seed=1):
    """Arguments for a network with two hidden layers."""
    random = np.random.default_rng(seed)
    shapes = [(sizes[0], 3), (sizes[0],), sizes[::-1], (sizes[1],), (sizes[1],)]
    return [random.normal(size=shape) for shape in shapes]


def network(W, b, U, c, v):
    return (dot(v, np.tanh(U @ np.tanh(W @ X + b) + c)) - 1.0) ** 2


def wrong_in(*forgotten):
    """Its gradient, without the derivative of tanh in some of the layers."""

    def gradient(W, b, U, c, v):
        h = np.tanh(W @ X + b)
        g = np.tanh(U @ h + c)
        upstream = 2.0 * (v @ g - 1.0)
        dc = upstream * v * (1.0 if 2 in forgotten else 1.0 - g**2)
        db = (U.T @ dc) * (1.0 if 1 in forgotten else 1.0 - h**2)
        return np.outer(db, X), db, np.outer(dc, h), dc, upstream * g

    return gradient


@pytest.mark.parametrize(
    ("forgotten", "sizes", "where"),
    [((1,), (4, 3), "and all like it)"), ((1, 2), (4, 3), ", everywhere")],
)
def test_a_mistake_in_a_family_or_everywhere_is_marked_at_all_its_nodes(forgotten, sizes, where):
    report = check_gradient(network, wrong_in(*forgotten), *layers(sizes), seconds=30.0)
    count = sum(sizes[layer - 1] for layer in forgotten)
    assert nodes_of(report) == count
    found = causes(report, collapse=())
    assert len(found) == count
    assert {name.partition("#")[0] for name in found} == {"tanh"}
    for *lines, hint in found.values():
        assert lines == ["mistake: the derivative", "of tanh is forgotten"]
        assert hint.startswith("mistake: the derivative of tanh is forgotten")
        assert hint.endswith(where)


def test_it_is_seen_on_a_folded_box():
    report = check_gradient(network, wrong_in(1), *layers(), seconds=30.0)
    (name,) = found = causes(report)
    assert name == "tanh(dot(W, ·) + b)"
    *lines, hint = found[name]
    assert lines == ["mistake: the derivative", "of tanh is forgotten"]
    assert hint.endswith("and all like it)")
    # Beside a number that was compared, and whatever it is folded into.
    scene = report.draw(collapse=["W", "b"])._scene
    assert any(line.color == palette.CAUSE for box in scene.boxes for line in box.lines)


def test_a_mark_inside_a_group_and_the_numbers_in_it():
    w, b = Value(-0.7, "net.w"), Value(0.2, "net.b")
    out = relu(w * 3.0 + b).named("net.out")
    y = ((out + 1.5) ** 2.0).named("y")
    report = compare(y, {w: 9.0, b: 3.0})
    assert len(report.findings) == 1
    (name,) = found = causes(report, collapse="net")
    assert name == "net"
    assert found["net"][:2] == ("mistake: the mask of", "relu is missing")
    box = read(report.draw(collapse="net").svg()).boxes["net"]
    assert "net.w: yours 9 ≠ 0, and 1 more" in box.lines


def test_a_mark_on_an_arrow_of_several_uses_and_inside_a_box():
    w = values([1.0, 2.0], "net.w")
    products = [w[0] * w[1], w[1] * w[0]]
    out = (products[0] + products[1]).named("net.out")
    y = (out * w[0]).named("y")
    mark = Mark("mistake: here", palette.CAUSE, "mistake: here it is")
    marks = {(products[0], 0): [mark], (y, 1): [mark]}
    picture = read(autograd.draw(y, marks=marks, collapse="net").svg())
    assert picture.boxes["net"].lines[-1] == "mistake: here"
    assert picture.boxes["net"].tooltip.splitlines()[-1] == mark.hint
    (arrow,) = picture.arrows
    assert arrow.label == ["2 uses", "mistake: here"]
    assert arrow.tooltip.splitlines()[-1] == mark.hint
    scene = autograd.draw(y, marks={products[1]: [mark]}, collapse="net")._scene
    assert [box.color for box in scene.boxes] == [palette.CAUSE, None]
    cut = read(autograd.draw(y, marks={(y, 1): [mark]}, depth=0).svg())
    assert [arrow.label for arrow in cut.arrows if arrow.label] == [["mistake: here"]]


def test_a_mark_where_a_dot_product_is_expanded():
    a, b = values([1.0, 2.0], "a"), values([3.0, 4.0], "b")
    y = dot(a, b).named("y")
    mark = Mark("mistake: here", palette.CAUSE, "mistake: here it is")
    picture = read(autograd.draw(y, marks={y: [mark], (y, 1): [mark]}, expand=True).svg())
    assert [name for name, box in picture.boxes.items() if mark.text in box.lines] == ["y"]
    assert [x.tail for x in picture.arrows if mark.text in x.label] == ["a1"]


# --- Several, and none ----------------------------------------------------------------------------


def test_several_mistakes_that_give_the_same_numbers():
    a = Value(1.0, "a")
    y = ((a * 2.0) ** 2).named("y")
    report = compare(y, {a: 4.0, "a * 2": 4.0})
    assert [finding.certain for finding in report.findings] == [False, False]
    hint = "perhaps: the factor 2 is missing (at a * 2)"
    assert causes(report) == {"* 2": ("perhaps: the factor 2 is", "missing", hint)}
    lines = read(report.draw().svg()).boxes["* 2"].lines
    assert lines[-3:] == ["yours 4 = 4", "perhaps: the factor 2 is", "missing"]


def test_several_mistakes_at_one_node_are_counted():
    report = of_neuron()
    (finding,) = report.findings
    (cause,) = finding._causes
    several = [
        Finding("one", certain=False, _causes=[cause._replace(kind="one", sentence="one here")]),
        Finding("two", certain=False, _causes=[cause._replace(kind="two", sentence="two here")]),
        Finding("two", certain=False, _causes=[cause._replace(kind="two", sentence="two here")]),
    ]
    object.__setattr__(report, "findings", several)
    box = read(report.draw().svg()).boxes["relu"]
    assert box.lines[-2:] == ["perhaps: one", "and 1 more"]
    assert box.tooltip.splitlines()[-2:] == ["perhaps: one here", "perhaps: two here"]


def test_two_mistakes_at_once_are_marked_each_at_its_place():
    def both(a, b):  # neither the mask of relu nor the derivative of tanh
        s = 1.0 / (1.0 + np.exp(-max(a * b, 0.0)))
        return s * (1.0 - s) * b + 1.0, s * (1.0 - s) * a - 1.0

    report = check_gradient(
        lambda a, b: sigmoid(relu(a * b)) + tanh(a - b), both, 0.3, 0.8, seconds=30.0
    )
    assert len(report.findings) == 1
    assert {key: lines[:2] for key, lines in causes(report).items()} == {
        "relu": ("mistake: the mask of", "relu is missing"),
        "tanh": ("mistake: the derivative", "of tanh is forgotten"),
    }


def test_where_no_mistake_is_named_nothing_is_marked():
    root, *_ = Neuron().record()
    for report in (
        compare(root, {"w": [12.0, -24.0, 36.0], "b": 12.0}),
        check_gradient(lambda a, b: a * b, lambda a, b: (b * np.cos(b + a), a * 5.3 + b), 0.3, 0.8),
        check_gradient(lambda a: exp(a) + a, lambda a: 0.37 * (np.exp(a) + 1.0), 0.4),
    ):
        assert nodes_of(report) == 0
        assert causes(report) == {}


def test_a_whole_gradient_is_marked_by_its_verdicts_alone():
    report = check_gradient(
        lambda a, b: sin(a) * exp(b) + a * b,
        lambda a, b: (2.0 * (np.cos(a) * np.exp(b) + b), np.sin(a) * np.exp(b) + a),
        0.4,
        0.7,
    )
    assert "the gradient of a" in report.diagnosis[0]
    assert causes(report) == {}


def test_a_relation_of_a_local_derivative_is_marked_on_its_arrow():
    def function(a, b):
        return sin(a * b) * exp(a) + b * a**3

    def wrong(a, b):
        flow = 1.7 * np.cos(a * b) * np.exp(a)
        return flow * b + np.sin(a * b) * np.exp(a) + 3 * b * a * a, flow * a + a**3

    report = check_gradient(function, wrong, 0.3, 0.7)
    assert report.diagnosis[0].startswith(
        "The local derivative d(sin(a * b) * exp(a))/d(sin(a * b)) is 1.7"
    )
    ((ends, (*lines, hint)),) = causes(report).items()
    assert ends == ("sin", "*#2")
    assert lines[0] == "mistake: the local"
    assert hint.startswith("mistake: the local derivative d(sin(a * b) * exp(a))/d(sin(a * b)) is")


def test_beside_derivatives_of_inner_steps():
    w, b = values([-3.0, -1.0, 2.0], "w"), Value(1.0, "b")
    output = relu(dot(X, w) + b).named("output")
    root = ((output - 0.5) ** 2).named("loss")
    report = compare(root, {"output": 5.5, "w": [5.5, -11.0, 16.5], "b": 5.5})
    assert causes(report) == {
        "loss": (
            "mistake: the factor 2 is",
            "missing",
            "mistake: the factor 2 is missing (at loss)",
        )
    }
    boxes = read(report.draw().svg()).boxes
    assert boxes["output"].lines[-1] == "yours 5.5 ≠ 11"
    assert boxes["output"].outline["stroke"] == palette.WRONG


# --- What is written ------------------------------------------------------------------------------


def test_long_words_are_cut_and_do_not_blow_up_a_box():
    def wrong(a):  # the input where the output belongs
        z = a * 2.0
        return np.exp(np.tanh(z)) * (1.0 - z**2) * 2.0

    report = check_gradient(lambda a: exp(tanh(a * 2.0)), wrong, 0.4)
    words = "mistake: the input of tanh is used where its output belongs"
    ((_, (*lines, hint)),) = causes(report).items()
    assert lines == ["mistake: the input of", "tanh is used where its", "output belongs"]
    assert hint == f"{words} (at tanh(a * 2))"
    svg = report.draw().svg()
    widths = [float(x) for x in re.findall(r'class="card"[^>]* width="([\d.]+)"', svg)]
    assert max(widths) < 230

    square = Op("square_" * 20, lambda z: z * z, [lambda out, z: 2.0 * z])
    x, other = Value(0.75, "x"), Value(0.25, "other")
    report = compare((square(x) * other).named("root"), {x: 0.25, other: 0.5625})
    ((_, (*lines, hint)),) = causes(report).items()
    assert lines == [
        "mistake: the derivative",
        "of",
        "square_square_square_squ …",
    ]
    assert "square_" * 20 in hint


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names(name):
    square = Op("]]></svg>&\\n\ud800\0", lambda z: z * z, [lambda out, z: 2.0 * z])
    x, other = Value(0.75, name), Value(0.25, "other")
    report = compare((square(x) * other).named("root"), {x: 0.25, other: 0.5625})
    ((_, (*lines, hint)),) = causes(report).items()
    assert lines == ["mistake: the derivative", "of ]]></svg>&\\n�␀ is", "forgotten"]
    assert hint.startswith("mistake: the derivative of ]]></svg>&\\n�␀ is forgotten (at ")
    assert report.draw().source.count("mistake: ") == 1


# --- The places as data ---------------------------------------------------------------------------


def test_places_are_no_part_of_what_a_finding_shows():
    report = of_neuron()
    (finding,) = report.findings
    assert finding._causes
    assert "Place" not in repr(finding)
    assert finding == Finding(**{x: getattr(finding, x) for x in FIELDS})
    assert hash(finding) == hash(Finding(**{x: getattr(finding, x) for x in FIELDS}))
    assert finding.to_dict().keys() == {*FIELDS, "sentence"} - {"template"}


FIELDS = ("kind", "argument", "place", "number", "certain", "template")


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_a_copy_of_a_report_draws_the_same(again):
    report = of_neuron()
    assert again(report).draw().svg() == report.draw().svg()


def test_a_place_that_is_not_in_the_graph_is_not_drawn():
    report = of_neuron()
    (finding,) = report.findings
    (cause,) = finding._causes
    elsewhere = [cause._replace(place=x) for x in (Place("tanh", 3), (Place("relu", 7), 0))]
    beyond = cause._replace(place=(Place("relu", 0), 5))
    object.__setattr__(report, "findings", [Finding("x", _causes=[*elsewhere, beyond])])
    assert causes(report) == {}


def test_what_is_outdated_is_told_first():
    report = of_neuron()
    root = report._root
    inner = next(x for x in topological_order(root) if x.op is autograd.ops.relu).operands[0]
    inner.data = 7.0
    boxes = read(report.draw().svg()).boxes
    assert boxes["relu"].lines[-1].startswith("outdated")


def test_every_mistake_that_has_a_place_in_words_is_made_there():
    W, b = values([[0.4, -0.7], [1.1, 0.3]], "W"), values([0.2, -0.5], "b")
    x, up = np.array([[0.7, -1.2], [0.4, 0.9]]), np.array([[0.6, -0.4], [1.3, 0.8]])
    root = (np.tanh(relu(x @ W + b) * 2.0 + W.sum()) * up).sum() ** 2.0
    wrt = [*W.ravel(), *b]
    judge = Judge(root)
    right = [judge.number(x) for x in wrt]
    parts = [Grouping("gradient", ["W"] * 4 + ["b"] * 2)]
    case = Case(judge, [(root, x) for x in wrt], parts, [1.5 * x for x in right])
    seen, placed = 0, 0
    for tier in (*SINGLE, *CONFUSED, *COMBINED):
        for mistakes, _ in tier.candidates(case, None):
            for mistake in mistakes:
                seen += 1
                made = [x if isinstance(x, Place) else x[0] for x in mistake.made]
                assert {*made} <= judge.nodes.keys()
                told = [part for part in mistake.where if not isinstance(part, str)]
                if told or mistake.where[:1] == (", everywhere",):
                    placed += 1
                    assert mistake.made, mistake
                    places = [y for y in told for y in ([y] if isinstance(y, Place) else y)]
                    assert not places or not {*places}.isdisjoint(made), mistake
    assert 0 < placed < seen
