"""Large graphs, folded until they can be taken in."""

import math
import time
from collections import Counter, defaultdict

import networks
import numpy as np
import pytest
from graphs import chain, neuron
from hypothesis import given
from hypothesis import strategies as st
from picture import read
from test_diagram import DRAWN, HOSTILE, layers

import autograd
from autograd import Value, dot, draw, maximum, mean, relu, values, where
from autograd.diagram.album import LARGEST, MOST_ARROWS, MOST_BOXES
from autograd.diagram.alike import Pile, arrays
from autograd.diagram.boxes import Boxes
from autograd.diagram.folding import Folding
from autograd.diagram.heat import FEWER, MOST, shade, shades
from autograd.diagram.scene import SHADES
from autograd.diagram.steps import Step, steps
from autograd.diagram.telling import Telling


def folding_of(*roots):
    return Folding(*steps(roots, expand=False, marks={}))


def named(label, *indices):
    return [f"{label}{'_'.join(map(str, index))}" for index in indices]


# --- Which names are elements of an array -------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "array", "index"),
    [
        (["w0", "w1"], "w", [(0,), (1,)]),
        (["w_0", "w_1"], "w", [(0,), (1,)]),
        (["w0_0", "w0_1"], "w", [(0, 0), (0, 1)]),
        (["w[0]", "w[1]"], "w", [(0,), (1,)]),
        (["w[0][1]", "w[1][0]"], "w", [(0, 1), (1, 0)]),
        (["w[0, 1]", "w[0,2]"], "w", [(0, 1), (0, 2)]),
        (["w(3)", "w{4}"], "w", [(3,), (4,)]),
        (["7", "8"], "", [(7,), (8,)]),
        (["\n0", "\n1"], "\n", [(0,), (1,)]),
    ],
)
def test_names_of_elements(names, array, index):
    assert arrays(names) == {name: (array, place) for name, place in zip(names, index, strict=True)}


@pytest.mark.parametrize("name", ["w", "", "w0a", "w.", "w0_", "-", "w[]"])
def test_names_that_are_no_elements(name):
    assert arrays([name]) == {}


def test_the_number_of_a_layer_is_part_of_the_name():
    """`values(…, "W1")` calls its elements W10_0, W10_1, …."""
    w1 = named("W1", *np.ndindex(12, 3))
    w2 = named("W2", *np.ndindex(2, 12))
    b = named("b1", *np.ndindex(12)) + named("b2", *np.ndindex(2))
    found = arrays([*w1, *w2, *b])
    assert [found[x] for x in ("W110_2", "W20_11", "b111", "b21")] == [
        ("W1", (10, 2)), ("W2", (0, 11)), ("b1", (11,)), ("b2", (1,)),
    ]  # fmt: skip
    # Elements that are not used leave holes, which make no such names.
    assert {
        x for x, _ in arrays(named("wte", *[(i, j) for i in (3, 17) for j in (0, 1)])).values()
    } == {"wte"}
    assert {x for x, _ in arrays(named("x", *np.ndindex(30))).values()} == {"x"}


def test_scalars_among_the_arrays_of_layers():
    """`b1` and `b2` are arrays, `b3` is a single number: its name says no index."""
    found = arrays(["b10", "b11", "b20", "b21", "b22", "b3"])
    assert {name: array for name, (array, _) in found.items()} == {
        "b10": "b1", "b11": "b1", "b20": "b2", "b21": "b2", "b22": "b2",
    }  # fmt: skip
    assert {x for x, _ in arrays(["h1", "h2", "h3"]).values()} == {"h"}
    assert {x for x, _ in arrays([f"x{i}" for i in range(1, 12)]).values()} == {"x"}


# --- What is alike ------------------------------------------------------------------------------


def piles_of(root):
    folding = folding_of(root)
    return {pile.name: pile for pile in folding.pile_of.values()}


def test_a_network_of_units_is_found_as_arrays():
    piles = piles_of(networks.of_units())
    shapes = {name: pile.shape for name, pile in piles.items() if name.startswith("layer2")}
    assert shapes == {
        "layer2.neuron*.w": (11, 11),
        "layer2.neuron*.dot": (11,),
        "layer2.neuron*.b": (11,),
        "layer2.neuron*.add": (11,),
        "layer2.neuron*.out": (11,),
    }
    assert [step.name for step in piles["layer1.neuron*.w"].results[:4]] == [
        "layer1.neuron0.w0", "layer1.neuron0.w1", "layer1.neuron0.w2", "layer1.neuron1.w0",
    ]  # fmt: skip
    assert piles["layer3.neuron*.w"].shape == (1, 11)  # a single unit, as in the other layers


def test_layers_are_not_units():
    loss = networks.of_arrays()
    assert {pile.frame for pile in piles_of(loss).values()} == {
        (), ("layer1",), ("layer2",), ("layer3",),
    }  # fmt: skip


def test_without_names_the_layers_are_found_by_what_is_computed():
    folding = folding_of(networks.without_names())
    leaves = Counter(
        len(pile.members) for pile in set(folding.pile_of.values()) if pile.results[0].op is None
    )
    assert leaves == Counter([33, 11, 121, 11, 11, 1])
    # A sum in a loop is one pile, with the products in another.
    sums = [x for x in set(folding.pile_of.values()) if x.results[0].op is autograd.ops.add]
    assert sorted(len(pile.results) for pile in sums) == [1, 11, 11]
    assert sorted(len(pile.members) for pile in sums) == [11, 33, 121]


def test_samples_do_not_matter():
    one, many = (len(piles_of(networks.without_names(samples=n))) for n in (1, 5))
    assert many == one + 1  # the sum of the losses


def test_the_order_of_operands_matters_where_they_cannot_be_exchanged():
    x, y = values([1.0, 2.0, 3.0], "x"), values([4.0, 5.0, 6.0], "y")
    alike = autograd.sum(
        [a - b for a, b in zip(x, y, strict=True)] + [a * b for a, b in zip(x, y, strict=True)]
    )
    mixed = autograd.sum([x[0] - y[0], y[1] - x[1], x[2] * y[2], y[0] * x[0]])
    assert len(piles_of(alike)) == 5
    with_constants = autograd.sum([x[0] - 1.0, x[1] - 2.0, 3.0 - x[2], x[0] * 2.0, 3.0 * x[1]])
    assert sorted(len(pile.members) for pile in piles_of(with_constants).values()) == [
        1,
        1,
        2,
        2,
        3,
    ]
    assert sorted(len(pile.members) for pile in piles_of(mixed).values()) == [1, 1, 1, 2, 3, 3]


def test_an_operation_is_where_its_named_leaves_are():
    x, w, v = values([1.0, 2.0], "x"), values([3.0, 4.0], "net.w"), values([1.0, 1.0], "v")
    hidden = [dot(x, w).tanh(), (w[0] * x[1]).exp()]
    folding = folding_of(dot(hidden, v) + 1.0)
    found = {(step.op.name, folding.group_of[step]) for step in folding.order if step.op}
    assert found == {
        ("dot", ("net",)), ("tanh", ("net",)), ("multiply", ("net",)), ("exp", ("net",)),
        ("dot", ()), ("add", ()),
    }  # fmt: skip
    # What comes after the last leaf with a name is the loss, not a layer.
    folding = folding_of((dot(x, w).tanh() - 1.0) ** 2)
    found = {step.op.name: folding.group_of[step] for step in folding.order if step.op}
    assert found == {"dot": ("net",), "tanh": (), "subtract": (), "power": ()}
    # A result is in no group, nor is what only ungrouped things are computed from.
    folding = folding_of(dot(x, w))
    assert folding.group_of[folding.roots[0]] == ()
    # What a layer alone uses belongs to it.
    residual = (x[0] * 2.0).exp()
    folding = folding_of((dot([residual.sin(), residual], w)).named("net.y"))
    assert {folding.group_of[step] for step in folding.order if step.op} == {("net",)}


@given(DRAWN)
def test_whatever_is_folded_everything_is_in_one_box_and_nothing_goes_round(root):
    folding = folding_of(root)
    for places in folding.levels():
        assert list(places) == folding.order  # every step, and in this order
        for place in set(places.values()):
            if isinstance(place, Step):
                assert places[place] is place
    for places in (folding._piles, folding.formulas):
        for place in set(places.values()):
            if isinstance(place, Pile):
                members = [step for step, x in places.items() if x is place]
                assert members == sorted(place.members, key=folding.order.index)
                assert set(place.results) <= set(members)
                assert len({step.op for step in place.results}) == 1
                assert math.prod(place.shape) == len(place.results)
        after: dict = {}
        for step, place in places.items():
            below = {places[x] for x in step.operands if isinstance(x, Step)} - {place}
            after.setdefault(place, set()).update(below)
        while after:  # what nothing else is computed from goes last
            free = [place for place, below in after.items() if not below & after.keys()]
            assert free
            for place in free:
                del after[place]


@given(DRAWN, st.data())
def test_what_is_alike_is_the_same_operation_on_what_is_alike(root, data):
    folding = folding_of(root)
    for pile in set(folding.pile_of.values()):
        first, *others = pile.results
        operands = {folding.pile_of[x] for x in first.operands if isinstance(x, Step)} - {pile}
        for step in others:
            assert step.op is first.op
            assert folding.group_of[step] == folding.group_of[first] or folding.units
            if step.op is not None and len(pile.members) == len(pile.results):
                assert {
                    folding.pile_of[x] for x in step.operands if isinstance(x, Step)
                } == operands


# --- How far it is folded -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "limit"),
    [
        (lambda: neuron(), 1.0),
        (networks.of_units, 1.0),
        (networks.of_arrays, 1.0),
        (lambda: networks.of_arrays("W{}_"), 1.0),
        (networks.without_names, 1.0),
        (networks.recurrent, 1.0),
        (lambda: networks.tangle(300), 1.0),
        (lambda: networks.without_names((10, 20, 20, 1), 5), 3.0),
        (lambda: networks.tangle(3000), 3.0),
        (lambda: chain(3000, lambda x: x.sin().exp(), Value(1.0)), 3.0),
        (lambda: networks.transformer(length=9), 20.0),
    ],
)  # fmt: skip
def test_any_network_fits_and_does_not_take_long(network, limit):
    root = network()
    draw(neuron()).svg()  # Graphviz is compiled
    start = time.process_time()
    diagram = draw(root)
    picture = read(diagram.svg())
    assert time.process_time() - start < limit
    assert 2 <= len(picture.boxes) <= MOST_BOXES
    assert len(picture.arrows) <= MOST_ARROWS
    size = [float(x) for x in diagram.svg().split('viewBox="')[1].split('"')[0].split()[2:]]
    assert all(x <= most for x, most in zip(size, LARGEST, strict=True))


def test_a_small_graph_is_not_folded():
    loss = neuron()
    assert draw(loss).svg() == draw(loss, collapse=()).svg()
    assert len(draw(autograd.sum(values(np.ones(20), "x")))._scene.boxes) == 21
    assert len(draw(autograd.sum(values(np.ones(60), "x")))._scene.boxes) == 2


def test_a_network_of_layers():
    diagram = draw(networks.of_units(seed=1))
    picture = read(diagram.svg())
    assert list(picture.boxes) == ["x", "layer1", "layer2", "layer3", "loss"]
    assert picture.boxes["layer1"].lines == ["layer1", "11 units, 77 Values"]
    assert picture.boxes["layer1"].marks == {"group"}
    assert picture.boxes["x"].lines == ["x", "3 Values"]
    assert picture.boxes["layer3"].lines[1:] == [
        "1 unit, 15 Values",
        "data 0.316606",
        "grad -1.366788",
    ]
    assert [(x.tail, x.head, *x.label) for x in picture.arrows] == [
        ("x", "layer1", "33 uses"),
        ("layer1", "layer2", "121 uses"),
        ("layer2", "layer3", "11 uses"),
        ("layer3", "loss", "1 use"),
    ]
    assert "how many uses of operands it stands for" in diagram._scene.caption
    heats = {box.lines[0].text: box.heats for box in diagram._scene.boxes}
    shapes = [(x.label, len(x.data), len(x.data[0]), len(x.grad)) for x in heats["layer1"]]
    assert shapes == [("w", 11, 3, 11), ("b", 1, 11, 1), ("out", 1, 11, 1)]
    tooltip = picture.boxes["layer1"].tooltip.splitlines()
    assert tooltip[:2] == ["layer1: 11 units, 77 Values", "layer1.neuron0.w0"]


def test_a_network_of_matrices():
    loss = networks.of_arrays("W{}_", (3, 4, 2))
    picture = read(draw(loss).svg())
    assert {"W1_w", "W1_b", "W2_w", "W2_b"} <= picture.boxes.keys()
    assert picture.boxes["W1_w"].lines == ["W1_w", "4 × 3"]
    assert picture.boxes["relu(dot(x, W1_w) + W1_b)"].lines[1] == "4 Values"
    tooltip = picture.boxes["W1_w"].tooltip.splitlines()
    assert tooltip[0] == "W1_w: 4 × 3"
    assert tooltip[1].startswith("W1_w0_0 = 0.")
    assert ", grad " in tooltip[1]
    assert len(tooltip) == 13


def test_a_transformer():
    picture = read(draw(networks.transformer(length=4, width=8)).svg())
    assert set(picture.boxes) == {
        "wte", "wpe", "wte + wpe", "layer0", "lm_head", "exp(sum(lm_head * ·) - ·)", "sum(·)",
        "loss",
    }  # fmt: skip
    assert picture.boxes["loss"].lines[1] == "0.25 * sum(-log(· / ·))"


def test_layers_without_names_are_not_joined():
    picture = read(draw(networks.without_names()).svg())
    layers = [box for name, box in picture.boxes.items() if name.startswith("tanh(· + sum(· * ·))")]
    assert [box.lines[1] for box in layers] == ["11 Values", "11 Values"]
    assert picture.boxes["y"].lines[1] == "(tanh(· + sum(· * ·)) - 1) ** 2"


def test_what_is_far_is_one_box():
    loss = networks.tangle(3000)
    picture = read(draw(loss).svg())
    rest = next(box for box in picture.boxes.values() if box.lines[0] == "…")
    assert rest.marks == {"group"}
    assert "root" in next(iter(reversed(picture.boxes.values()))).marks


def test_a_long_chain_goes_down():
    x = Value(0.5, "x")
    node = x
    for count in range(20):
        node = (node.sin() if count % 2 else node.cos()).named(
            f"step {'abcdefghijklmnopqrst'[count]}"
        )
    assert draw(node)._scene.direction == "TB"
    assert draw(node, direction="LR")._scene.direction == "LR"
    assert draw(neuron())._scene.direction == "LR"


# --- What is asked for --------------------------------------------------------------------------


def boxes_of(*arguments, **options):
    return read(draw(*arguments, **options).svg()).boxes


def test_a_layer_opens_into_its_units_and_a_unit_into_its_values():
    loss = networks.of_units()
    closed = boxes_of(loss, collapse=["layer1", "layer2", "layer3"])
    assert [x for x in closed if x not in ("- 1", "** 2")] == [
        "x0", "x1", "x2", "layer1", "layer2", "layer3", "loss",
    ]  # fmt: skip
    opened = boxes_of(loss, expand="layer1")
    assert [f"neuron{i}" for i in range(11)] == [x for x in opened if x.startswith("neuron")]
    assert all("group" in opened[f"neuron{i}"].marks for i in range(11))
    assert boxes_of(loss, expand="layer1.neuron*").keys() == opened.keys()
    unit = boxes_of(loss, expand="layer1.neuron3")
    assert {"w0", "w1", "w2", "dot", "b", "+", "out"} <= unit.keys()
    assert "neuron3" not in unit
    assert "neuron4" in unit
    assert unit["w1"].lines[0] == "w1"
    assert "layer1.neuron3" in read(draw(loss, expand="layer1.neuron3").svg()).frames


def test_what_is_open_stays_open():
    y = layers()
    assert draw(y, expand="layer1").svg() == draw(y).svg()
    assert draw(y, expand=["layer1.neuron0", "x"]).svg() == draw(y).svg()
    assert draw(y, expand="layer1", collapse="layer2").svg() == draw(y, collapse="layer2").svg()


def test_an_array_opens_into_its_elements():
    loss = networks.of_arrays()
    opened = boxes_of(loss, expand="layer1.b")
    assert {f"b{i}" for i in range(11)} <= opened.keys()
    assert "layer1.b" in read(draw(loss, expand="layer1.b").svg()).frames
    both = boxes_of(loss, expand=["layer1.b", "x"])
    assert {"x0", "x1", "x2", "b10"} <= both.keys()


def test_a_folded_array():
    loss = neuron()
    boxes = boxes_of(loss, collapse="w")
    assert boxes["w"].lines == ["w", "3 Values"]
    assert {"x0", "x1", "x2"} <= boxes.keys()
    assert boxes_of(loss, collapse=["w", "x"]).keys() == {
        "w", "x", "dot", "b", "+", "output", "- 0", "loss",
    }  # fmt: skip


def test_a_part_of_what_is_folded_may_be_open():
    loss = networks.transformer(length=2, width=4, heads=2)
    folded = boxes_of(loss, collapse="layer0")
    assert "layer0" in folded
    opened = boxes_of(loss, collapse="layer0", expand="layer0.attn_wo")
    assert "layer0" not in opened
    assert {f"attn_wo{i}_{j}" for i in range(4) for j in range(4)} <= opened.keys()


def test_everything_is_open():
    loss = networks.of_units()
    assert len(boxes_of(loss, collapse=())) == 263
    expanded = boxes_of(loss, expand=True)
    assert not any("dot" in box.lines for box in expanded.values())
    assert len(expanded) > 500


def test_several_roots_are_folded_together():
    losses = [networks.of_arrays(seed=seed) for seed in (1, 2)]
    diagram = draw(losses)
    assert len(diagram._scene.boxes) <= MOST_BOXES
    assert sum(box.root for box in diagram._scene.boxes) >= 1


@given(DRAWN, st.data())
def test_whatever_is_opened_or_folded_every_use_is_on_an_arrow_or_inside_a_box(root, data):
    folding = folding_of(root)
    names = sorted(folding.names)
    choice = st.lists(st.sampled_from(names), max_size=3) if names else st.just([])
    opened, closed = data.draw(choice), data.draw(st.none() | choice)
    picture = read(draw(root, expand=opened, collapse=closed).svg())
    shown = 0
    for arrow in picture.arrows:
        several = [x for x in arrow.label if x.endswith(" uses")]
        shown += int(several[0].split()[0]) if several else 1
    uses = [x for step in folding.order for x in step.operands if isinstance(x, Step)]
    assert shown <= len(uses)
    if opened == [] and closed == []:
        assert shown == len(uses)


# --- From one picture to another ----------------------------------------------------------------


@pytest.mark.parametrize(
    "network",
    [networks.of_units, networks.of_arrays, networks.without_names, neuron, networks.recurrent],
)
def test_every_key_leads_to_a_picture_and_back(network):
    pictures = dict(draw(network())._pictures())
    assert pictures[""] == draw(network())._scene
    assert len(pictures) <= 60
    for key, scene in pictures.items():
        leads = [x.opens for x in scene.boxes] + [x.closes for x in scene.clusters]
        assert {x for x in leads if x is not None} <= pictures.keys() - {key}
        assert len(scene.boxes) <= 64 + 1
    reached, front = {""}, [""]
    while front:
        scene = pictures[front.pop()]
        leads = [x.opens for x in scene.boxes] + [x.closes for x in scene.clusters]
        front += {x for x in leads if x is not None} - reached
        reached |= set(front)
    assert reached == pictures.keys()


def box_of(scene, name):
    return next(x for x in scene.boxes if x.lines[0].text == name)


def frame_of(scene, name):
    return next(x for x in scene.clusters if x.tooltip == name)


def test_what_was_opened_folds_back():
    pictures = dict(draw(networks.of_units())._pictures())
    layer = box_of(pictures[""], "layer1").opens
    assert frame_of(pictures[layer], "layer1").closes == ""
    unit = box_of(pictures[layer], "neuron7").opens
    assert frame_of(pictures[unit], "layer1.neuron7").closes == layer
    assert frame_of(pictures[unit], "layer1").closes == ""
    # Another one leads to where it is open instead.
    other = box_of(pictures[unit], "neuron6").opens
    assert other == box_of(pictures[layer], "neuron6").opens
    assert box_of(pictures[other], "neuron7").opens == unit
    assert box_of(pictures[unit], "layer2").opens == box_of(pictures[""], "layer2").opens


def test_what_is_open_at_first_folds_and_opens_again():
    pictures = dict(draw(networks.of_arrays(sizes=(3, 4, 2)))._pictures())
    layer = frame_of(pictures[""], "layer1").closes
    assert box_of(pictures[layer], "layer1").opens == ""
    array = box_of(pictures[""], "w").opens
    assert frame_of(pictures[array], "layer1.w").closes == ""
    pictures = dict(draw(networks.of_units(sizes=(3, 4, 2)))._pictures())
    units = frame_of(pictures[""], "layer1.neuron*").closes
    assert frame_of(pictures[units], "layer1").closes == frame_of(pictures[""], "layer1").closes
    assert box_of(pictures[units], "neuron3").opens in pictures


@pytest.mark.parametrize("name", [name for name in HOSTILE if "." not in name], ids=ascii)
def test_hostile_units(name):
    x = values([1.0, 2.0], f"{name}x")
    units = [
        relu(x[0] * Value(2.0, f"{name}{i}.{name}")).named(f"{name}{i}.{name}y") for i in range(30)
    ]
    diagram = draw(autograd.sum(units).named(name))
    read(diagram.svg())
    for opened in folding_of(autograd.sum(units)).names:
        read(draw(autograd.sum(units), expand=opened).svg())


def test_a_group_whose_name_looks_like_that_of_units():
    units = [Value(1.0, f"a{i}.x") * 2 for i in range(30)]
    other = [Value(1.0, f"a*.x{i}") * 3 for i in range(30)]
    diagram = draw(autograd.sum([*units, *other]).named("y"))
    assert len(diagram._scene.boxes) <= MOST_BOXES
    for name in folding_of(autograd.sum([*units, *other])).names:
        draw(autograd.sum([*units, *other]), expand=name)


# --- Heat maps ----------------------------------------------------------------------------------


@given(st.floats(), st.floats(0.0, exclude_min=True, allow_infinity=False))
def test_a_shade_has_the_sign_and_grows_with_the_size(x, largest):
    if math.isnan(x):
        assert shade(x, largest) is None
        return
    found = shade(x, largest)
    assert (found > 0) - (found < 0) == (x > 0) - (x < 0)
    assert abs(found) <= SHADES
    if abs(x) >= largest:
        assert abs(found) == SHADES
    assert shade(-x, largest) == -found


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_heat_map_has_few_cells_and_shows_the_largest(rows, columns):
    numbers = np.zeros((rows, columns))
    numbers[rows // 2, columns // 3] = -2.0
    cells = shades([*numbers.ravel()], numbers.shape)
    assert len({len(row) for row in cells}) == 1
    assert len(cells) <= MOST
    assert len(cells[0]) <= MOST
    flat = [x for row in cells for x in row]
    assert flat.count(-SHADES) == 1
    assert flat.count(0) == len(flat) - 1
    if rows <= MOST and 1 < columns <= MOST:
        assert cells[rows // 2][columns // 3] == -SHADES


def test_long_vectors_and_awkward_numbers():
    assert shades([1.0, -1.0, 0.25, math.nan, math.inf, -math.inf], [6]) == [
        [4, -4, 3, None, 4, -4]
    ]
    rows = shades([1.0] * 100, [100])
    assert len(rows) <= FEWER
    assert len(rows[0]) <= MOST
    assert shades([1.0, math.nan, *[0.0] * 298], [300])[0][0] is None
    assert shades([0.0, 0.0], [2]) == [[0, 0]]


# --- The formulas in boxes ----------------------------------------------------------------------


def formula_of(make, count=3):
    """The formula in the box of some Values, each computed from elements of p, q, s, t."""
    p, q, s, t = (values(np.linspace(1.0, 2.0, count), name) for name in "pqst")
    made = [make(p[i], q[i], s[i], t[i], i).named(f"u{i}") for i in range(count)]
    folding = folding_of(autograd.sum(made).named("total"))
    places = folding.formulas
    boxes = Boxes(folding, Telling(folding), places, defaultdict(tuple), {}).all()
    (box,) = (box for box in boxes if box.lines[0].text == "u")
    assert box.lines[-1].text == f"{count} Values"
    return "".join(line.text for line in box.lines if line.role == "operation")


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda p, q, s, t, i: p - (q - s), "p - (q - s)"),
        (lambda p, q, s, t, i: p / (q / s), "p / (q / s)"),
        (lambda p, q, s, t, i: p * (q + s) * t, "p * (q + s) * t"),
        (lambda p, q, s, t, i: (p - (q + s)) - t, "p - (q + s) - t"),
        (lambda p, q, s, t, i: (p + q) + (s + t), "p + q + s + t"),
        (lambda p, q, s, t, i: p + p + q, "sum(p) + q"),
        (lambda p, q, s, t, i: p * p * p, "p * … * p"),
        (lambda p, q, s, t, i: p + 2.0 + 3.0, "p + sum(·)"),
        (lambda p, q, s, t, i: 0 + p + q, "p + q"),
        (lambda p, q, s, t, i: p * -2.0, "p * (-2)"),
        (lambda p, q, s, t, i: p * float(i + 1), "p * ·"),
        (lambda p, q, s, t, i: p ** 2 if i % 2 else p**3, "p ** ·"),
        (lambda p, q, s, t, i: dot([dot([p], [q]), s], [t, p]), "dot([dot(p, q), s], [t, p])"),
        (lambda p, q, s, t, i: maximum(maximum(p, q), s), "maximum(maximum(p, q), s)"),
        (lambda p, q, s, t, i: mean([mean([p, q]), s]), "mean([mean([p, q]), s])"),
        (lambda p, q, s, t, i: where(p, where(q, s, 1.0), 0.0), "where(p, where(q, s, 1), 0)"),
        (lambda p, q, s, t, i: p.exp().exp(), "exp(exp(p))"),
        (lambda p, q, s, t, i: Value(1.0, f"0_{i}") + p, "· + p"),
        (lambda p, q, s, t, i: Value(1.0, f"a*b{i}") * p, "(a*b) * p"),
        (lambda p, q, s, t, i: Value(1.0, f"a\0b{i}") * p, "(a␀b) * p"),
        (lambda p, q, s, t, i: Value(1.0, f"\ud800{i}") * p, "(�) * p"),
        (lambda p, q, s, t, i: Value(1.0, "n" * 300 + str(i)) * p, "n" * 19 + "… * p"),
    ],
)  # fmt: skip
def test_formulas_are_true(make, formula):
    assert formula_of(make).replace("(" + "n" * 19 + "…)", "n" * 19 + "…") == formula


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda x, w: x - 1.0, lambda x, w: 1.0 - x),
        (lambda x, w: x**2, lambda x, w: 2**x),
        (lambda x, w: x * 3.0, lambda x, w: x * x),
        (lambda x, w: dot([x, x], [w, w]), lambda x, w: dot([x, w], [x, w])),
        (lambda x, w: (x / w) / x, lambda x, w: x / (w / x)),
        (lambda x, w: (x - w) - x, lambda x, w: x - (w - x)),
        (lambda x, w: x.exp().exp(), lambda x, w: x.exp().exp().exp()),
    ],
)
def test_different_formulas_are_not_alike(one, other):
    x, w = values([1.0] * 60, "x"), values([2.0] * 60, "w")
    made = [(one if i % 2 else other)(x[i], w[i]) for i in range(60)]
    folding = folding_of(autograd.sum(made))
    results = [step for step in folding.order if step in set(folding.roots[0].operands)]
    assert len({folding.pile_of[step] for step in results}) == 2


def test_the_two_vectors_of_a_dot_product_may_be_exchanged():
    x, w = values([1.0, 2.0], "x"), values([2.0, 3.0], "w")
    folding = folding_of(autograd.sum([dot(x, w), dot(w, x)]))
    assert sorted(len(pile.members) for pile in set(folding.pile_of.values())) == [1, 2, 2, 2]


def test_a_long_sum_of_different_things_takes_time_in_proportion():
    seconds = []
    for count in (2_500, 10_000):
        total = 0
        for i in range(count):
            total = total + Value(1.0, f"n{i}z") * 2
        start = time.process_time()
        assert draw(total)._scene.swept is False
        seconds.append(time.process_time() - start)
    assert seconds[1] < 9.0 * seconds[0]


# --- What must not be lost, or go wrong ---------------------------------------------------------


def test_awkward_graphs_are_drawn():
    total = 0
    for name in ("a", "b"):
        total = total + Value(1.0, f"g.{name}") * 2
    draw((total * 1).named("y")).svg()
    draw(total.named("g.t"), collapse="g").svg()
    draw(Value(1.0, "x" * 5000)).svg()
    draw([Value(1.0, f"n{i}z") for i in range(60)]).svg()
    repr(folding_of(total).order[-1])


def test_the_page_of_a_part(tmp_path):
    for network in (networks.of_arrays(), networks.of_units()):
        for depth in (0, 1, 3):
            draw(network, depth=depth).save(tmp_path / "x.html")


def test_a_pile_that_was_joined_stays_as_it_is():
    loss = networks.of_arrays("W{}_", (3, 4, 2))
    plain = draw(loss)._scene
    relu = next(x for x in plain.boxes if x.lines[0].text.startswith("relu(dot(x"))
    name = relu.tooltip.split(":")[0]
    assert draw(loss, collapse=name)._scene == plain
    opened = boxes_of(loss, expand=name)
    assert sum("relu" in box.lines for box in opened.values()) == 4
    assert not any(name.startswith("relu(") and "x" in name for name in opened)


def test_roots_and_marks_are_seen_wherever_they_are():
    nodes = [Value(1.0)]
    random = np.random.default_rng(3)
    for count in range(1, 3000):
        i, j = random.integers(0, count, 2)
        nodes.append(nodes[i] * 0.5 + nodes[j])
    boxes = draw([autograd.sum(nodes), nodes[1500]])._scene.boxes
    assert [box.root for box in boxes if box.lines[0].text == "…"] == [True]

    loss = networks.of_units(seed=1)
    nodes = {node.name: node for node in autograd.topological_order(loss) if node.name}
    weight, out = nodes["layer1.neuron3.w1"], nodes["layer2.neuron4.out"]
    (pre,) = out.operands
    scene = autograd.compare(loss, {weight: 123.0, nodes["x0"]: 5.0, (out, pre): 7.0}).draw()._scene
    text = {box.lines[0].text: box.lines[-1].text for box in scene.boxes}
    assert text["layer1"].startswith("layer1.neuron3.w1: yours 123 ≠")
    assert text["layer2"].startswith("layer2.neuron4.out: yours 7 ≠")
    assert text["x"].startswith("x0: yours 5 ≠")
    assert all(box.color for box in scene.boxes if box.lines[0].text in ("x", "layer1", "layer2"))
    # Between two boxes, and where an operand is cut off.
    x = Value(2.0, "x")
    y = (x * x * 3.0).named("y")
    square = y.operands[0]
    manual = {(square, x): 9.0}
    arrows = draw_report(y, manual, collapse=["x"] if False else None)
    assert any("yours 9 ≠ 4" in line.text for arrow in arrows for line in arrow.lines)


def draw_report(y, manual, **options):
    return autograd.compare(y, manual).draw(**options)._scene.arrows


def test_several_marks_of_which_the_worst_is_told():
    w = values([1.0, 2.0, 3.0], "w")
    loss = (w * values([4.0, 5.0, 6.0], "x")).sum().named("loss")
    scene = autograd.compare(loss, {"w": [4.0, 7.0, 8.0]}).draw(collapse="w")._scene
    box = box_of(scene, "w")
    assert box.lines[-1].text == "w1: yours 7 ≠ 5, and 1 more"


def test_a_name_like_that_of_the_rest():
    loss = autograd.sum(values(np.ones(60), "the rest")).named("loss")
    assert boxes_of(loss)["the rest"].lines == ["the rest", "60 Values"]


def test_an_array_and_a_group_of_the_same_name():
    x = Value(2.0, "w.x")
    w = values(np.ones(60), "w")
    loss = (autograd.sum(w) * x).named("loss")
    folding = folding_of(loss)
    assert {"w", "w 2"} <= folding.names.keys()
    assert len(draw(loss, expand="w 2", max_nodes=100)._scene.boxes) >= 60


def test_the_order_in_which_parts_are_named_does_not_matter():
    loss = networks.of_units()
    names = ["layer1.neuron2", "layer1", "layer1.neuron3", "layer2.neuron0", "layer3.neuron*.w"]
    first = draw(loss, expand=names)
    assert (
        draw(loss, expand=names[::-1]).svg() == draw(loss, expand=set(names)).svg() == first.svg()
    )
    texts = [box.tooltip.splitlines()[0] for box in first._scene.boxes]
    for name in (
        "layer1.neuron2.w0",
        "layer1.neuron3.w0",
        "layer2.neuron0.w0",
        "layer3.neuron0.w0",
    ):
        assert any(text.startswith(f"{name} =") for text in texts)


@given(DRAWN)
def test_a_name_that_a_tooltip_shows_can_be_given(root):
    for box in draw(root)._scene.boxes:
        if box.opens:
            name = box.tooltip.splitlines()[0].rpartition(": ")[0]
            draw(root, expand=name)
            draw(root, collapse=name)


def test_layers_of_many_units_open_into_their_arrays():
    loss = networks.of_units((3, 64, 64, 1))
    scene = draw(loss)._scene
    assert box_of(scene, "layer1").opens
    opened = boxes_of(loss, expand="layer1")
    assert opened["w"].lines[1] == "64 × 3"
    assert "neuron0" not in opened


def test_a_unit_of_many_values_opens_into_its_arrays():
    x = list(values(np.ones(50), "x"))
    heads = []
    for i in range(6):
        w = values(np.ones((4, 50)), f"block.head{i}.w")
        heads += [dot(x, row).tanh().named(f"block.head{i}.y{j}") for j, row in enumerate(w)]
    loss = autograd.sum(heads).named("loss")
    opened = boxes_of(loss, expand="block.head2")
    assert opened["w"].lines[1] == "200 Values"
    assert [f"head{i}" in opened for i in range(6)] == [True, True, False, True, True, True]


def test_groups_within_units():
    x = list(values(np.ones(8), "x"))
    parts = []
    for i in range(8):
        for name in ("query", "key"):
            w = values(np.ones(8), f"block.head{i}.{name}.w")
            parts.append(dot(x, w).named(f"block.head{i}.{name}.y"))
    loss = autograd.sum(parts).named("loss")
    diagram = draw(loss)
    for key, scene in diagram._pictures():
        for box in scene.boxes:
            assert key == "" or box.opens != key
    assert "block.head*.query" not in folding_of(loss).names
    opened = boxes_of(loss, expand="block.head3")
    assert {"query", "key"} <= opened.keys()


def test_everything_is_open_but_what_is_folded():
    loss = networks.of_units()
    boxes = boxes_of(loss, expand=True, collapse="layer1")
    assert "layer1" in boxes
    assert len(boxes) > 300


def test_folding_leads_to_another_picture():
    for network in (networks.of_units, networks.of_arrays, networks.without_names):
        pictures = dict(draw(network())._pictures())
        for scene in pictures.values():
            for key in [x.opens for x in scene.boxes] + [x.closes for x in scene.clusters]:
                if key is not None:
                    assert [x.tooltip for x in pictures[key].boxes] != [
                        x.tooltip for x in scene.boxes
                    ]


def test_numpy_arrays_of_names():
    loss = networks.of_units()
    assert "layer1" in boxes_of(loss, collapse=np.array(["layer1", "layer2"]))
