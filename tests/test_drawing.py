"""How a picture looks: where its parts are, what they are drawn with."""

import json
import random
import re
from dataclasses import replace
from itertools import combinations, pairwise
from time import perf_counter
from xml.etree import ElementTree

import numpy as np
import pytest
from graphs import grown, neuron, run
from hypothesis import example, given, settings
from hypothesis import strategies as st
from picture import SVG, legend, read
from test_diagram import BINARY, UNARY, layers

import autograd
from autograd import Value, draw, ops, relu, topological_order, values
from autograd.diagram import Diagram, engine, layout, palette, placing
from autograd.diagram.dot import source
from autograd.diagram.estimate import extent
from autograd.diagram.folding import Folding
from autograd.diagram.placing import Label
from autograd.diagram.plane import Curve, Rect
from autograd.diagram.routing import routed
from autograd.diagram.scene import CAPTIONS, Arrow, Box, Cluster, Heat, Line, Scene
from autograd.diagram.sizes import label_size, size
from autograd.diagram.succession import succession
from autograd.diagram.svg import places
from autograd.diagram.widths import width, wrapped


def drawing(scene):
    return Diagram(scene, 30.0, lambda: [("", scene)], Folding([], []))


def turned(diagram, direction="TB"):
    return drawing(replace(diagram._scene, direction=direction))


def random_graph(choice):
    """A graph of up to 40 Values; `choice` is a `random.Random`."""
    inputs = list(values([choice.uniform(-2, 2) for _ in range(choice.randint(1, 3))], "x"))
    count = choice.randint(1, choice.choice([8, 30]))
    steps = grown(
        choice.choice,
        [*UNARY, *BINARY * 2, *[ops.dot] * 4],
        count,
        len(inputs),
        constants=(2.0,),
        uses=6,
        sizes=(2, 4, 6),
        bare=False,
    )
    with np.errstate(all="ignore"):
        nodes = run(steps, inputs)
        for place, node in enumerate(nodes[len(inputs) :], len(inputs)):
            name = choice.choice([*[None] * 4, "n{}", "g.n{}", "g.h.n{}", "k.n{}"])
            node.named(name and name.format(place))
        nodes[-1].backward()
    return nodes[-1]


def random_scene(seed):
    choice = random.Random(seed)
    edges = choice.choice(["partial", "contribution", None])
    diagram = draw(random_graph(choice), expand=choice.random() < 0.3, edges=edges, max_nodes=5000)
    return turned(diagram, choice.choice(["LR", "TB"]))._scene


def placed(scene):
    """Where everything is: the layout and the labels of the arrows."""
    return places(scene, layout.read(engine.layout(source(scene), 30.0)))


def measures(svg):
    root = ElementTree.fromstring(svg)
    return float(root.get("width")), float(root.get("height"))


def holds(rect, curve):
    """Whether a curve runs through a rectangle."""
    return any(rect.left < x < rect.right and rect.top < y < rect.bottom for x, y in curve.walk())


# --- Labels -------------------------------------------------------------------------------------


def test_labels_do_not_cut_their_arrows_and_hardly_ever_cover_anything():
    count = cuts = covered = 0
    for seed in range(100):
        scene = random_scene(seed)
        where, labels = placed(scene)
        rects = list(labels.items())
        for at, (key, label) in enumerate(rects):
            count += 1
            cuts += holds(label, where.curves[key])
            others = [*where.boxes.values(), *(rect for _, rect in rects[:at])]
            covered += any(map(label.meets, others))
    assert count > 500
    assert cuts <= 0.002 * count
    assert covered <= 0.025 * count


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("edges", ["partial", "contribution"])
def test_nothing_covers_anything_in_the_neuron(direction, edges):
    where, labels = placed(turned(draw(neuron(), edges=edges), direction)._scene)
    for key, label in labels.items():
        assert not any(map(label.meets, where.boxes.values()))
        assert not any(label.meets(other) for name, other in labels.items() if name != key)
        for curve in where.curves.values():
            assert not holds(label, curve)


def test_the_neuron_fits_the_cell_of_a_notebook():
    assert measures(draw(neuron()).svg())[0] <= 850


def straight(x, y, until, down=False):
    """A horizontal arrow, or a vertical one."""
    points = [(at, y) for at in np.linspace(x, until - 7.0, 4).tolist()]
    curve = Curve(points, (until, y))
    return curve.turned() if down else curve


def spot(x, y):
    """An arrow of no length."""
    return Curve([(x, y)] * 4, (x, y))


def beside(curve, *obstacles, above=True, others=()):
    """Where a label of 40 × 10 is put beside an arrow."""
    curves = {"a": curve, **{f"b{count}": other for count, other in enumerate(others)}}
    return placing.placed([Label("a", 40.0, 10.0)], curves, obstacles, above=above)["a"]


def test_a_label_is_beside_the_middle_of_its_arrow_where_nothing_is_in_its_way():
    line = straight(0.0, 0.0, 100.0)
    best = beside(line)
    below = best.moved(0.0, 15.0)
    assert best.center == pytest.approx(50.0, abs=2.5)
    assert (best.top, best.bottom) == (-12.5, -2.5)
    assert beside(line, above=False) == best
    assert beside(line, Rect(-99.0, -30.0, 199.0, -13.6)) == best
    assert beside(line, Rect(-99.0, -30.0, 199.0, -13.4)) == below
    assert beside(line, others=[spot(50.0, -5.0)]) == below
    assert beside(line, Rect(62.0, -9.0, 72.0, 9.0)).right < 62.0
    # Further away, if that is what it takes.
    walls = [Rect(-99.0, y, 199.0, y + 4.0) for y in (-7.0, 3.0)]
    assert beside(line, *walls) == best.moved(0.0, -7.0)
    # Over other arrows rather than over a box.
    spots = [spot(23.0, y) for y in (5.0, 12.0, 16.0)]
    label = beside(straight(0.0, 0.0, 46.0), Rect(-99.0, -30.0, 199.0, -3.0), others=spots)
    assert label.top == 2.5


def test_a_label_is_to_the_right_of_an_arrow_downwards():
    line = straight(0.0, 0.0, 100.0, down=True)
    label = beside(line, above=False)
    assert (label.left, label.right) == (4.5, 44.5)
    assert label.middle == pytest.approx(50.0, abs=2.5)
    assert beside(line, Rect(5.0, -99.0, 9.0, 199.0), above=False).right == -4.5
    slanted = Curve([(-y, y) for _, y in line.points], (-100.0, 100.0))
    right, left = beside(slanted, above=False), beside(slanted)
    assert right.center + right.middle > 0.0 > left.center + left.middle


def test_a_label_is_at_the_longest_straight_part_of_its_arrow():
    line = straight(0.0, 0.0, 107.0)
    late = [*line.points, (120.0, 0.0), (120.0, 50.0), (140.0, 50.0)]
    label = beside(Curve(late, (147.0, 50.0)))
    assert label.center == pytest.approx(50.0, abs=3.0)
    assert label.bottom == -2.5
    early = [(140.0 - x, y) for x, y in reversed(late)]
    label = beside(Curve(early, (147.0, 0.0)))
    assert label.center == pytest.approx(93.5, abs=3.0)
    assert label.bottom == -2.5


def test_a_label_that_lies_on_something_has_a_second_chance():
    # The best place of the first label is the only one of the second label.
    curves = {"a": straight(0.0, 0.0, 46.0), "b": straight(0.0, -25.0, 46.0)}
    curves |= {"above": spot(23.0, -11.0)}
    curves |= {f"below{count}": spot(23.0, 11.0) for count in range(3)}
    ceiling = Rect(-99.0, -200.0, 199.0, -28.0)
    labels = [Label(key, 40.0, 10.0) for key in "ab"]
    places = placing.placed(labels[:1], curves, [ceiling], above=True)
    assert places["a"].bottom == -2.5
    places = placing.placed(labels, curves, [ceiling], above=True)
    assert places["a"].top == 2.5
    assert (places["b"].top, places["b"].bottom) == (-22.5, -12.5)


# --- Ways ---------------------------------------------------------------------------------------


def routes(arrows, direction="LR", **boxes):
    """The curves of arrows such as "ab" between boxes, each given by its left upper corner.

    A box is 40 wide and 100 high, and the ways that Graphviz has found are None.
    """
    rects = {key: Rect(x, y, x + 40.0, y + 100.0) for key, (x, y) in boxes.items()}
    scene = made(" ".join(f"{key}:" for key in boxes), arrows)
    where = layout.Layout(rects, {}, dict.fromkeys(arrows.split()))
    if direction == "LR":
        return routed(where, scene).curves
    kept = layout.Layout({key: rect.turned() for key, rect in rects.items()}, {}, {})
    curves = routed(kept, replace(scene, direction="TB")).curves
    return {key: curve.turned() for key, curve in curves.items()}


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_an_arrow_leaves_at_one_side_and_arrives_at_the_other(direction):
    curve = routes("ab", direction, a=(0, 0), b=(200, 70))["ab"]
    assert curve.points[0] == (40.0, 50.0)
    assert curve.tip == (200.0, 120.0)
    assert curve.points[-1] == (193.0, 120.0)
    assert not any(x < 40.0 or x > 200.0 or not 49.9 < y < 120.1 for x, y in curve.walk())


def test_arrows_enter_and_leave_in_the_order_of_the_boxes_at_their_other_ends():
    left = {"a": (0, 0), "b": (0, 200), "c": (0, 400)}
    curves = routes("cz az bz", **left, z=(400, 200))
    assert [curves[key].tip for key in ("az", "bz", "cz")] == [
        (400.0, 236.0),
        (400.0, 250.0),
        (400.0, 264.0),
    ]
    right = {key: (400, y) for key, (_, y) in left.items()}
    curves = routes("zc za zb", **right, z=(0, 200))
    assert [curves[key].points[0] for key in ("za", "zb", "zc")] == [
        (40.0, 236.0),
        (40.0, 250.0),
        (40.0, 264.0),
    ]


def test_however_many_arrows_there_are_they_stay_away_from_corners():
    names = "bcdefghijklmnopq"
    many = {name: (0, 110 * count) for count, name in enumerate(names)}
    curves = routes(" ".join(f"{name}a" for name in names), **many, a=(900, 800))
    ends = [curve.tip[1] for curve in curves.values()]
    assert (min(ends), max(ends)) == (pytest.approx(819.0), pytest.approx(881.0))
    assert ends == sorted(ends)
    many = {name: (900, y) for name, (_, y) in many.items()}
    curves = routes(" ".join(f"a{name}" for name in names), **many, a=(0, 800))
    ends = [curve.points[0][1] for curve in curves.values()]
    assert (min(ends), max(ends)) == (pytest.approx(835.0), pytest.approx(865.0))


def test_the_way_that_graphviz_found_is_kept_where_a_box_is_in_the_way():
    assert routes("ab", a=(0, 0), b=(200, 0), c=(100, 0)) == {"ab": None}
    assert routes("ab", a=(0, 0), b=(200, 0), c=(100, 54)) == {"ab": None}
    assert routes("ab", a=(0, 0), b=(200, 0), c=(100, -54)) == {"ab": None}
    assert routes("ab", a=(0, 0), b=(200, 0), c=(100, 56))["ab"]
    assert routes("ab", a=(0, 0), b=(200, 0), c=(100, -156))["ab"]


def test_the_way_that_graphviz_found_is_kept_where_the_head_is_not_behind_the_tail():
    assert routes("ab", a=(200, 0), b=(0, 200)) == {"ab": None}
    assert routes("ab", a=(0, 0), b=(0, 200)) == {"ab": None}
    assert routes("ab", a=(0, 0), b=(53, 200)) == {"ab": None}
    assert routes("ab", a=(0, 0), b=(54, 200))["ab"]


def bend(curve):
    """From where to where it is not horizontal."""
    points = curve.walk(1.0)
    slopes = [(a[0], b[0]) for a, b in pairwise(points) if abs(a[1] - b[1]) > 1e-6]
    return slopes[0][0], slopes[-1][1]


def test_an_arrow_bends_where_there_are_more_of_them():
    boxes = {"a": (0, 0), "b": (0, 200), "z": (400, 300)}
    assert bend(routes("az", **boxes)["az"]) == (355.0, 393.0)
    assert bend(routes("az bz", **boxes)["az"]) == (355.0, 393.0)
    assert bend(routes("az ab", **boxes)["az"]) == (40.0, 78.0)
    # Elsewhere if a box is in the way.
    assert bend(routes("az", **boxes, c=(200, 0))["az"]) == (40.0, 78.0)
    begin, end = bend(routes("az", a=(0, 0), z=(400, 300), c=(240, 0), d=(140, 300))["az"])
    assert (begin, end) == (40.0, 393.0)
    near = {"a": (0, 0), "b": (400, 0), "z": (80, 200)}
    assert bend(routes("az", **near)["az"]) == (40.0, 73.0)
    assert bend(routes("az ab", **near)["az"]) == (40.0, 73.0)


# --- Order --------------------------------------------------------------------------------------


def leaves_in_order(scene):
    """Whether the leaves that one box uses, and no other, are in order, if at the same rank."""
    where, _ = placed(scene)
    leaves = {box.key for box in scene.boxes if box.kind == "leaf"}
    used = [arrow.tail for arrow in scene.arrows]
    operands = {}
    for arrow in scene.arrows:
        if arrow.tail in leaves and used.count(arrow.tail) == 1:
            operands.setdefault(arrow.head, []).append(where.boxes[arrow.tail])
    across = "middle" if scene.direction == "LR" else "center"
    places = [[getattr(rect, across) for rect in rects] for rects in operands.values()]
    return all(line == sorted(line) for line in places)


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_inputs_are_in_the_order_of_their_use(direction):
    scene = turned(draw(neuron()), direction)._scene
    where, _ = placed(scene)
    across = "middle" if direction == "LR" else "center"
    boxes = {box.lines[0].text: getattr(where.boxes[box.key], across) for box in scene.boxes}
    for names in (["x0", "x1", "x2", "w0", "w1", "w2"], ["dot", "b"]):
        assert [boxes[name] for name in names] == sorted(boxes[name] for name in names)
    assert leaves_in_order(turned(draw(layers()), direction)._scene)


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_the_leaves_of_trees_are_in_order(direction):
    for seed in range(40):
        choice = random.Random(seed)

        def tree(depth, choice=choice):
            if not depth or choice.random() < 0.3:
                return Value(choice.uniform(-1, 1))
            operands = [tree(depth - 1) for _ in range(choice.choice([1, 2, 2, 3, 4]))]
            return relu(*operands) if len(operands) == 1 else autograd.sum(operands)

        assert leaves_in_order(turned(draw(tree(3)), direction)._scene)


# --- Frames that arrows lead to and fro between ---------------------------------------------------


FRAMES = st.sampled_from(["", "g0.", "g1.", "g2.", "g3.", "g0.h.", "g1.h.", "g1.k."])


@st.composite
def framed(draw):
    """A product of many products, each of any two before, in frames that are mixed up."""
    count = draw(st.integers(1, 5))
    nodes = [Value(1.0, f"{draw(FRAMES)}a{i}x") for i in range(count)]
    for step in range(draw(st.integers(1, 30))):
        frame = draw(FRAMES)
        # Often a chain, so that it leaves frames and comes back to them.
        a, b = draw(st.sampled_from([nodes[-1], *nodes])), draw(st.sampled_from(nodes))
        nodes.append((a * b).named(f"{frame}n{step}x"))
        if draw(st.booleans()):
            nodes.insert(0, Value(1.0, f"{draw(FRAMES)}b{step}x"))
    return nodes[-1]


FOLDED = st.sampled_from([(), None, ["g0"], ["g0.h", "g1"]])


def pictured(root, collapse, direction="LR"):
    """The picture in which those of the groups are folded that there are, or what is too large."""
    groups = {(value.name or "").rpartition(".")[0] for value in topological_order(root)}
    there = {".".join(group.split(".")[:depth]) for group in groups for depth in (1, 2)}
    folded = collapse and there & {*collapse}
    return draw(root, collapse=folded, direction=direction, edges=None)


def mixed():
    """Graphviz finds no way for an arrow of these frames if it ranks each by itself."""
    a, b = Value(1.0, "g1z.a3z"), Value(1.0, "g2z.a1z")
    first = (a * b).named("g1z.n3z")
    second = (a * first).named("g0z.n6z")
    third = (second * b).named("g2z.n16z")
    fourth = (third * Value(1.0, "g1z.a2z")).named("g1z.n24z")
    return (fourth * (b * Value(1.0, "g3z.a0z"))).named("g1z.n29z")


@settings(max_examples=60)
@given(framed(), FOLDED, st.sampled_from(["LR", "TB"]))
@example(mixed(), (), "LR")
def test_however_frames_are_mixed_every_arrow_has_a_way(root, collapse, direction):
    diagram = pictured(root, collapse, direction)
    scene = diagram._scene
    assert diagram.svg()
    text = engine.layout(source(scene), 30.0)
    assert all("pos" in edge for edge in json.loads(text).get("edges", ()))
    boxes = layout.read(text).boxes
    if direction == "TB":
        boxes = {key: rect.turned() for key, rect in boxes.items()}
    if collapse == ():  # otherwise two boxes may lead to each other
        assert all(boxes[arrow.tail].right < boxes[arrow.head].left for arrow in scene.arrows)
    assert not any(a.meets(b) for a, b in combinations(boxes.values(), 2))


def test_frames_are_ranked_together_only_if_no_order_suits_all_arrows():
    assert "newrank" in source(draw(mixed())._scene)
    assert "newrank" not in source(draw(layers())._scene)
    x, y = Value(1.0, "g.h.x"), Value(1.0, "g.k.y")
    there, back = (x * y).named("g.h.z"), (x + y).named("g.k.z")
    assert "newrank" in source(draw((there * back).named("g.out"))._scene)
    assert "newrank" not in source(draw((there * y).named("g.out"))._scene)


def test_an_arrow_for_which_graphviz_finds_no_way_is_drawn_all_the_same():
    x = Value(1.0, "x")
    for direction in ("LR", "TB"):
        scene = turned(draw(x * 2.0), direction)._scene
        content = json.loads(engine.layout(source(scene), 30.0))
        where = layout.read(json.dumps(content)).boxes
        del content["edges"][0]["pos"]
        curve = layout.read(json.dumps(content)).curves["arrow0"]
        if direction == "TB":
            curve, where = curve.turned(), {key: rect.turned() for key, rect in where.items()}
        tail, head = where["box0"], where["box1"]
        assert curve.points[0] == (tail.right, tail.middle)
        assert curve.tip == (head.left, head.middle)
        assert curve.points[-1] == (head.left - 7.0, head.middle)


# --- Succession ---------------------------------------------------------------------------------


def made(groups, arrows):
    """A scene of boxes in groups such as "f.g", and of arrows such as "ab", from a to b."""
    names = dict(pair.split(":") for pair in groups.split())
    boxes = [
        Box(key, "leaf", [Line("name", key)], "", tuple(filter(None, group.split("."))))
        for key, group in names.items()
    ]
    return Scene("", "", "", [], boxes, [Arrow(x, *x, [], "") for x in arrows.split()])


@pytest.mark.parametrize(
    ("groups", "arrows", "pairs"),
    [
        # The weights of a layer are behind the input, of several operands behind the last.
        ("x: v:f w:f y:f", "xy vy wy", "xv xw"),
        ("x: a: b: w:f y:f", "xa ab xy ay by wy", "bw"),
        ("x: a: b: w:f y:f", "xa ab by ay xy wy", "bw"),
        ("a: b: w:f y:f", "ay by wy", "bw"),
        ("b: a: w:f y:f", "ay by wy", "aw"),
        # What is in a frame has no part in it, nor what only uses the frame, nor another frame.
        ("x: w:f y:f z:f", "xy wy yz", "xw"),
        ("w:f y:f z:", "wy yz", ""),
        ("x: w:f y:f v:g z:g", "xy wy vz", "xw"),
        # Only the leaves, those that are used from outside included.
        ("x: y:f z:f", "xy yz", ""),
        ("x: w:f y:f z:", "xy wz yz", "xw"),
        # Nested frames are one.
        ("x: w:f.g y:f.g v:f.h z:f.h", "xy wy yz vz", "xw xv"),
        ("x: w:f y:f v:f.h z:f.h", "xy wy yz vz", "xw xv"),
        # A frame that stands behind another comes later than its own arrows say.
        ("x: w:f y:f a: b: c: v:g z:g", "xa ab bc cy wy yz bz vz", "cw yv"),
        ("x: a: b: w:f y:f v:g z:g", "xa ab by wy wz az vz", "bw wv"),
        # A frame follows nothing that it leads back to, however long the way is.
        ("w:f y:f v:g z:g", "wy yz vz", "yv"),
        ("w:f y:f a: z:f v:f", "wy ya az vz", ""),
        ("x: w:f y:f a: z:f v:f", "xy wy ya az vz", "xw xv"),
        ("w:f y:f v:g z:g u:f t:f", "wy yz vz zt ut", ""),
        ("x: w:f y:f v:g z:g u:f t:f", "xy wy yz vz zt ut xz", "xw xv xu"),
        ("w:f y:g v:g z:f", "wy vz", ""),
    ],
)
def test_the_leaves_of_a_frame_follow_its_last_operand(groups, arrows, pairs):
    assert sorted(succession(made(groups, arrows))) == sorted(map(tuple, pairs.split()))


@settings(max_examples=100)
@given(framed(), FOLDED)
def test_succession_makes_no_circle(root, collapse):
    scene = pictured(root, collapse)._scene
    pairs = succession(scene)
    behind = {box.key: set() for box in scene.boxes}
    for tail, head in [*((x.tail, x.head) for x in scene.arrows), *pairs]:
        behind[head].add(tail)
    for tail, head in pairs:
        seen, front = {tail}, [tail]
        while front:
            new = behind[front.pop()] - seen
            seen |= new
            front += new
        assert head not in seen


def test_succession_takes_no_time_for_many_frames():
    node = Value(1.0, "x")
    for count in range(2000):
        node = (node * Value(1.0, f"f{count}.w")).named(f"f{count}.y")
    scene = draw(node, collapse=(), direction="LR", max_nodes=5000)._scene
    start = perf_counter()
    assert len(succession(scene)) == 2000
    assert perf_counter() - start < 1.0  # 0.04 s; the square of that many boxes takes far longer


# --- Sizes --------------------------------------------------------------------------------------


def test_an_estimate_of_the_size_is_seldom_too_small_and_never_far_too_large():
    ratios = []
    for seed in range(150):
        scene = random_scene(seed)
        real = measures(drawing(scene).svg())
        ratios.append(np.divide(extent(scene), real))
    assert np.mean(np.array(ratios) >= 1.0) >= 0.94
    assert np.mean(np.array(ratios) <= 2.5) >= 0.98
    assert np.max(ratios) < 6.0


def test_an_estimate_takes_no_time_for_a_deep_graph():
    node = Value(1.0)
    for _ in range(5000):
        node = node * 1.01
    wide, high = extent(draw(node, collapse=(), direction="LR", max_nodes=10_000)._scene)
    assert wide > 100 * 5000
    assert high < 500


# --- What may be in a scene ---------------------------------------------------------------------


def folded(direction="LR"):
    """A picture of a network that is folded."""

    weights = Heat("w 2 × 3", [[1, None, -3], [0, 2, 4]], [[4, -1, -4], [0, 0, None]])
    count, data = Line("count", "9 Values"), Line("data", "data 3")
    grads = Line("grad", "grad 1"), Line("grad", "grad nan")
    contents = [
        ("leaf", "x", [count], {"count": 3, "heats": [Heat("x", [[1, 2, -2]])]}),
        ("group", "layer1", [count], {"count": 9, "opens": "a<b>", "heats": [weights]}),
        ("operation", "sum", [data], {"group": ("g",)}),
        ("operation", "a", [data, grads[0]], {"root": True, "tint": 4}),
        ("operation", "b", [data, grads[1]], {"root": True, "tint": None}),
    ]
    boxes = [
        Box(f"box{count}", kind, [Line("name", name), *lines], "tip", **more)
        for count, (kind, name, lines, more) in enumerate(contents)
    ]
    arrows = [
        Arrow(f"arrow{tail}{head}", f"box{tail}", f"box{head}", [Line("label", "3 uses")], "tip")
        for tail, head in [(0, 1), (1, 2), (2, 3), (2, 4)]
    ]
    clusters = [Cluster("group0", ("g",), "g", "g", closes="c&d")]
    caption = CAPTIONS["partial"]
    return drawing(Scene("net", "a net", caption, clusters, boxes, arrows, 12.5, True, direction))


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_a_folded_network(direction):
    svg = folded(direction).svg()
    root = ElementTree.fromstring(svg)
    groups = {group.get("data-key"): group for group in root.iter(f"{SVG}g")}
    assert groups["box1"].get("data-open") == "a<b>"
    assert groups["group0"].get("data-close") == "c&d"
    signs = [key for key, group in groups.items() if group.find(f"{SVG}polygon") is not None]
    assert sorted(signs) == ["box1", "group0"]
    stack = f"{SVG}rect[@class='behind']"
    behind = [key for key, group in groups.items() if group.find(stack) is not None]
    assert sorted(behind) == ["box0", "box1"]
    picture = read(svg)
    assert [name for name, box in picture.boxes.items() if "root" in box.marks] == ["a", "b"]
    assert picture.boxes["x"].heats == ["x", "data"]
    assert picture.boxes["layer1"].heats == ["w 2 × 3", "data", "grad"]
    cells = [cell for cell in groups["box1"].iter() if cell.get("class") == "cells"]
    drawn = {}
    for cell in cells:
        drawn[cell.get("fill")] = drawn.get(cell.get("fill"), 0) + cell.get("d").count("M")
    assert drawn == {
        palette.ZERO: 3,
        palette.NAN: 2,
        palette.POSITIVE[0]: 1,
        palette.POSITIVE[1]: 1,
        palette.POSITIVE[3]: 2,
        palette.NEGATIVE[0]: 1,
        palette.NEGATIVE[2]: 1,
        palette.NEGATIVE[3]: 1,
    }
    assert legend(svg)[-3:] == ["grad -12.5", "12.5", "nan"]
    assert "style=" not in svg


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_everything_is_within_the_picture(direction):
    for diagram in (folded(direction), turned(draw(layers()), direction)):
        root = ElementTree.fromstring(diagram.svg())
        width, height = (float(root.get(side)) for side in ("width", "height"))
        for rect in root.iter(f"{SVG}rect"):
            x, y, wide, high = (float(rect.get(at, 0)) for at in ("x", "y", "width", "height"))
            assert x >= 0.0
            assert y >= 0.0
            assert x + wide <= width
            assert y + high <= height


def test_wide_heat_maps_are_one_above_the_other():
    wide = Heat("w", [[0] * 20] * 3, [[0] * 20] * 3)
    narrow = replace(wide, data=[[0] * 5] * 12, grad=[[0] * 5] * 12)
    box = Box("box0", "group", [Line("name", "w")], "")
    wide, narrow = (size(replace(box, heats=[heat])) for heat in (wide, narrow))
    assert wide[0] < 200
    assert narrow[0] < 140
    assert narrow[1] < 200


def test_a_mark_is_conspicuous_and_agreement_is_not():
    w = values([1.0, 2.0], "w")
    loss = (w[0] * w[1]).named("loss")
    svg = autograd.compare(loss, {w[0]: 3.0, w[1]: 1.0}).draw().svg()
    boxes = read(svg).boxes
    assert boxes["w0"].lines[-1] == "yours 3 ≠ 2"
    assert boxes["w0"].grounds == [palette.tint(4), palette.WRONG]
    assert (boxes["w0"].outline["stroke"], boxes["w1"].outline["stroke"]) == (
        palette.WRONG,
        palette.RIGHT,
    )
    assert boxes["w1"].grounds == [palette.tint(3)]
    texts = re.findall(r"<text ([^>]*)>yours 3 ≠ 2</text>", svg)
    assert len(texts) == 2  # on the arrow and in the box
    assert all(f'fill="{palette.BACKGROUND}"' in text for text in texts)


def test_the_legend():
    x = Value(3.0, "x")
    y = (x * x).named("y")
    flow = ["values", "gradients"]
    caption = [CAPTIONS["partial"]]
    hint = ["no gradients yet: call backward()"]
    assert legend(draw(y).svg()) == flow + caption + hint
    assert legend(draw(y, edges=None).svg()) == flow + hint
    assert legend(draw(x).svg()) == []
    y.backward()
    assert legend(draw(y).svg()) == [*flow, *caption, "grad -6", "6"]
    assert legend(draw(x).svg()) == []
    # It does not make the picture much wider.
    assert measures(draw(y, edges="contribution").svg())[0] < 320


NO_GRADIENTS = "no gradients yet: call backward()"
HEAT = Heat("w", [[1, 2]], [[0, -4]])


@pytest.mark.parametrize(
    ("box", "scene", "lines"),
    [
        # A single box says everything itself, but for its shades.
        ({}, {}, []),
        ({"tint": None}, {}, []),
        ({}, {"swept": False}, []),
        ({"heats": [HEAT]}, {}, ["grad -2", "2"]),
        ({"heats": [replace(HEAT, grad=())]}, {"swept": False}, [NO_GRADIENTS]),
        # The shades of gradients are explained, unless all are 0; that of nan wherever it is.
        ({"heats": [HEAT]}, {"largest": 0.0}, []),
        ({"heats": [replace(HEAT, grad=[[0, None]])]}, {}, ["grad -2", "2", "nan"]),
        ({"heats": [replace(HEAT, data=[[1], [None]])]}, {}, ["grad -2", "2", "nan"]),
        ({"heats": [HEAT], "tint": None}, {}, ["grad -2", "2", "nan"]),
        # A report that compares gradients need not be told to compute them.
        ({"heats": [HEAT], "color": palette.WRONG}, {"swept": False}, []),
        ({"heats": [HEAT], "color": palette.WRONG}, {}, ["grad -2", "2"]),
    ],
)
def test_the_legend_of_a_single_box(box, scene, lines):
    boxes = [Box("box0", "leaf", [Line("name", "w")], "", **box)]
    whole = replace(Scene("", "", "", [], boxes, [], 2.0), **scene)
    assert legend(drawing(whole).svg()) == lines


def test_the_legend_of_a_report_before_backward_and_of_gradients_that_are_0():
    x = Value(3.0, "x")
    y = (x * x).named("y")
    before = ["values", "gradients", CAPTIONS["partial"]]
    assert legend(autograd.compare(y, {x: 6.0}).draw().svg())[:3] == before
    assert NO_GRADIENTS not in legend(autograd.compare(y, {x: 6.0}).draw().svg())
    zero = (x * 0.0).named("zero")
    x.grad = zero.grad = 0.0
    scene = replace(draw(zero)._scene, swept=True)
    assert legend(drawing(scene).svg()) == before


@pytest.mark.parametrize(
    ("text", "letters", "lines"),
    [
        ("ab cd e", 2, ["ab ", "cd ", "e"]),
        ("ab cd e", 4, ["ab ", "cd e"]),
        ("ab cd e", 5, ["ab cd ", "e"]),
        ("abc d", 1, ["a", "b", "c ", "d"]),
        ("abcdef g", 4, ["abcd", "ef g"]),
        ("", 9, [""]),
    ],
)
def test_text_is_broken_between_words_where_it_can_be(text, letters, lines):
    assert wrapped(text, (letters + 0.01) * 0.61) == lines


@given(st.text(), st.floats(1.5, 20.0))
def test_broken_text_is_all_there_and_not_too_wide(text, widest):
    lines = wrapped(text, widest)
    assert "".join(lines) == text
    assert all(width(line.rstrip(" ")) <= widest + 1e-9 for line in lines)


def test_a_curve():
    curve = Curve([(0.0, 0.0), (10.0, 0.0), (20.0, 0.0), (30.0, 0.0)], (37.0, 0.0))
    points = curve.walk()
    assert (points[0], points[-1]) == ((0.0, 0.0), (37.0, 0.0))
    assert max(b[0] - a[0] for a, b in pairwise(points)) <= 7.0
    assert Rect(0.0, 0.0, 2.0, 1.0).turned() == Rect(0.0, 0.0, 1.0, 2.0)
    assert label_size([]) == (0.0, 0)
