"""The lesson of a page: the numbers come about one after the other, in words and in the picture."""

import json
import math
import re
import time
from base64 import b64decode
from itertools import pairwise
from zlib import decompress

import pytest
from browser import browser
from graphs import EVERYDAY, graphs, neuron
from hypothesis import given, settings
from hypothesis import strategies as st
from test_diagram import HOSTILE, layers
from test_page import middle, needs_browser, opened, view

from autograd import Value, draw, explain, log, no_grad, relu, topological_order, values
from autograd.explain.asked import Answers
from autograd.explain.moments import moments
from autograd.notation.labels import Labels
from autograd.notation.numbers import number


def lesson(diagram, tmp_path):
    """The lesson in the page of a picture; None if there is none."""
    diagram.save(tmp_path / "lesson.html")
    text = (tmp_path / "lesson.html").read_text(encoding="utf-8")
    found = packed(text)["lesson"]
    if found is not None:
        found |= {"moments": found["states"][0]["moments"], "forward": len(found["names"])}
    return found


def packed(text):
    """What is compressed in a page."""
    found = re.search(r'id="packed">(.*?)</script>', text)[1]
    return json.loads(decompress(b64decode(found)))


def swept(root):
    """A root whose graph has the gradients of one backward pass."""
    for node in topological_order(root):
        node.grad = 0.0
    root.backward()
    return root


@pytest.fixture(scope="module")
def page():
    with browser() as page:
        yield page


def told(root):
    """The moments of a root's graph."""
    order = topological_order(root)
    return moments(order, Labels(order))


# --- The moments ----------------------------------------------------------------------------------


@given(root=graphs(EVERYDAY))
@settings(deadline=None)
def test_the_moments_find_what_the_engine_finds(root):
    order = topological_order(root)
    swept(root)
    found = moments(order, Labels(order))
    assert [x.node for x in found[: len(order)]] == order
    assert [repr(x.number) for x in found[: len(order)]] == [repr(x.data) for x in order]
    backward = found[len(order) :]
    assert all(x.backward for x in backward)
    assert not any(x.backward for x in found[: len(order)])
    totals = {x.node: x.number for x in backward}
    for node in order:
        assert repr(totals.get(node) or 0.0 * node.grad) == repr(node.grad)


def test_the_words_are_those_of_the_explanation():
    loss = neuron()
    said = [x.said for x in told(loss)]
    text = str(explain(loss))
    backward = text[text.index("Backward") :].splitlines()[2:]
    count = len(topological_order(loss)) + 1
    short = "grad(b) += grad(dot([x0, …], [w0, …]) + b) × 1 = 12 × 1 = 12"
    assert short in said
    assert len([line for line in backward if "grad(" in line]) == len(said) - count
    assert said[0] == "x0 = 1 is given."
    assert "loss = (output - 0) ** 2 = 6 ** 2 = 36" in said
    assert "grad(loss) = 1: backpropagation begins." in said


def test_what_is_awkward_is_said():
    a = Value(0.0, name="a")
    said = [x.said for x in told((relu(a) + abs(a)).named("y"))]
    assert "Nothing is added to grad(a): relu's input a = 0 is at the kink, where its slope is" in (
        " ".join(said)
    )
    assert any("Here abs is at a kink (a = 0)" in x for x in said)
    with pytest.warns(RuntimeWarning):
        y = (log(a) * 0.0).named("y")
    assert "y = log(a) * 0 = -inf * 0 = nan. This is where a nan comes from." in [
        x.said for x in told(y)
    ]


# --- Which pictures have one ----------------------------------------------------------------------


def test_a_picture_of_one_backward_pass_has_a_lesson(tmp_path):
    loss = neuron()
    found = lesson(draw(loss), tmp_path)
    assert found["forward"] == 12
    assert len(found["moments"]) == 12 + 1 + 11
    said, step, text, *_ = found["moments"][-1]
    assert (text, found["moments"][step][0]) == ("36", "w2 = 2 is given.")
    assert "grad(w2) += " in said
    (picture,) = found["pictures"].values()
    assert len({*picture["boxes"]}) == 12
    assert len({*picture["arrows"]} - {""}) == 11
    fresh = Value(2.0, name="x")
    assert lesson(draw(fresh * fresh), tmp_path) is not None  # without gradients yet


def test_pictures_that_have_none(tmp_path):
    loss = neuron()
    loss.backward()  # twice
    assert lesson(draw(loss), tmp_path) is None
    x = Value(2.0, name="x")
    assert lesson(draw([x * 2.0, x * 3.0]), tmp_path) is None
    y = x * x
    x.data = 3.0
    assert lesson(draw(y), tmp_path) is None


def test_the_lesson_keeps_the_numbers_of_its_moment(tmp_path):
    x = Value(2.0, name="x")
    y = swept((x * x).named("y"))
    diagram = draw(y)
    x.data, x.grad = 7.0, 1.0
    found = lesson(diagram, tmp_path)
    assert [text for _, _, text, *_ in found["moments"]] == ["2", "4", "1", "2", "4"]


@pytest.mark.parametrize("expand", [False, True])
@given(root=graphs(EVERYDAY))
@settings(deadline=None, max_examples=30)
def test_every_moment_has_its_place_in_the_picture(root, expand, tmp_path_factory):
    diagram = draw(swept(root), expand=expand, collapse=())
    found = lesson(diagram, tmp_path_factory.mktemp("lesson"))
    if found is None:  # a step that overflowed in another way in parts
        assert expand
        return
    (picture,) = found["pictures"].values()
    keys = {box.key for box in diagram._scene.boxes}
    assert {*picture["boxes"]} == keys
    arrows = {arrow.key: arrow for arrow in diagram._scene.arrows}
    assert {*picture["arrows"]} <= {"", *arrows}
    for _, step, _, use, _ in found["moments"][found["forward"] + 1 :]:
        if key := picture["arrows"][use]:
            assert arrows[key].tail == picture["boxes"][step]


def test_within_no_grad(tmp_path):
    loss = neuron()
    diagram = draw(loss)
    with no_grad():
        assert lesson(diagram, tmp_path) is not None


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names_stay_words(name, tmp_path):
    x = Value(2.0, name=name)
    found = lesson(draw(swept((x * x).named("y"))), tmp_path)
    assert found["moments"][0][0].endswith(" = 2 is given.")


def test_where_a_step_without_a_name_is(tmp_path):
    found = lesson(draw(network(30)), tmp_path)
    said = [said for said, *_ in found["moments"]]
    assert any(x.endswith(" (in layer0.neuron3)") for x in said)
    assert "layer0.neuron3.w1 = 0.5 is given." in said
    assert all("(in" not in said for said, *_ in lesson(draw(neuron()), tmp_path)["moments"])


def test_sizes(tmp_path):
    draw(neuron()).save(tmp_path / "x.html")
    assert (tmp_path / "x.html").stat().st_size < 150_000
    draw(network(300)).save(tmp_path / "x.html")
    assert (tmp_path / "x.html").stat().st_size < 1_000_000


def network(count):
    """A network of at least so many Values."""
    x, layer = values([1.0, -0.5, 2.0], name="x"), 0
    hidden = list(x)
    while len(topological_order(sum(hidden))) < count:
        width = 6
        hidden = [
            relu(
                sum(
                    Value(0.1 * (i - j) + 0.3, name=f"layer{layer}.neuron{i}.w{j}") * h
                    for j, h in enumerate(hidden)
                )
                + Value(0.1 * i, name=f"layer{layer}.neuron{i}.b")
            ).named(f"layer{layer}.neuron{i}.out")
            for i in range(width)
        ]
        layer += 1
    return swept(sum(hidden).named("y"))


# --- Asked ----------------------------------------------------------------------------------------


@given(root=graphs(EVERYDAY))
@settings(deadline=None, max_examples=50)
def test_the_paths_that_are_told_make_the_gradient(root):
    order = topological_order(swept(root))
    answers = Answers(order, {node: node.grad for node in order}, Labels(order), 10_000)
    for node in order[:-1]:
        answer = answers.about(node)
        numbers = [number for _, number in answer.lines if number is not None]
        assert numbers == [*range(len(answer.paths))]
        for path in answer.paths:
            assert path[0].node is root
            assert path[-1].operand is node
            assert all(x.operand is y.node for x, y in pairwise(path))
        products = [
            0.0 if any(x.cut for x in path) else math.prod([x.partial for x in path])
            for path in answer.paths
        ]
        size = sum(map(abs, products))
        if math.isfinite(size):
            assert sum(products) == pytest.approx(node.grad, rel=1e-9, abs=1e-9 * size)


def test_an_answer(tmp_path):
    found = lesson(draw(neuron()), tmp_path)
    (place,) = [x for said, x, *_ in found["moments"] if said == "w1 = -1 is given."]
    asked = found["asked"][place]
    ((text, number),) = asked["lines"]
    assert number == 0
    assert text.splitlines()[0].startswith("dloss/dw1 = dloss/d(output - 0) · ")
    assert text.endswith("= 12 · 1 · 1 · 1 · (-2) = -24")
    (path,) = asked["paths"]
    told = {use: said for said, _, _, use, _ in found["moments"] if use is not None}
    said = [told[use] for use in path]
    assert said[0].startswith("grad(output - 0) += grad(loss)")
    assert said[-1].startswith("grad(w1) += ")
    assert found["asked"][found["moments"][found["forward"]][1]] is None  # of the root


# --- In a browser ---------------------------------------------------------------------------------

NUMBERS = """(() => {
  const found = {};
  for (const [line, { text, number }] of parts().numbers) {
    if (!text.classList.contains("unseen")) found[line] = number.textContent;
  }
  return found;
})()"""
LIT = "[...svg.querySelectorAll('.lit')].map((group) => group.dataset.key)"


def press(page, key):
    page("Input.dispatchKeyEvent", type="keyDown", key=key, text=key if len(key) == 1 else "")


def click(page, name):
    page.evaluate(f"document.getElementById('{name}').click()")


@needs_browser
def test_the_numbers_come_about_one_after_the_other(page, tmp_path):
    loss = neuron()
    diagram = draw(loss)
    found = lesson(diagram, tmp_path)
    opened(page, tmp_path / "lesson.html")
    whole = page.evaluate(NUMBERS)
    assert page.evaluate("said.textContent").startswith("Press Play")
    assert page.evaluate(LIT) == []
    click(page, "first")
    assert page.evaluate(NUMBERS) == {}
    assert page.evaluate("said.textContent") == "Nothing has been computed yet."
    (picture,) = found["pictures"].values()
    seen = {}
    for count, (said, step, text, use, _) in enumerate(found["moments"], 1):
        click(page, "forward")
        backward = count > found["forward"]
        box = picture["boxes"][step]
        seen[f"{box} {'grad' if backward else 'data'}"] = text
        assert page.evaluate(NUMBERS) == seen
        assert page.evaluate("said.textContent") == said
        lit = page.evaluate(LIT)
        assert box in lit
        if backward and count > found["forward"] + 1:
            assert {*lit} == {box, picture["arrows"][use]}
        assert page.evaluate("slider.valueAsNumber") == count
    assert seen == whole
    click(page, "forward")
    assert page.evaluate(NUMBERS) == whole
    click(page, "before")
    assert page.evaluate("now") == len(found["moments"]) - 1
    assert page.complaints == []
    assert page.requested == [(tmp_path / "lesson.html").as_uri()]


@needs_browser
def test_a_sum_is_seen_to_fill_up(page, tmp_path):
    a = Value(3.0, name="a")
    draw(swept((a * a + a).named("y"))).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    click(page, "first")
    totals = []
    for _ in range(8):
        press(page, ".")
        totals.append(page.evaluate(NUMBERS).get("box0 grad"))
    assert totals == [None, None, None, None, None, "1", "4", "7"]
    assert page.evaluate("said.textContent").endswith("= 1 × 3 = 3, so grad(a) = 7")


@needs_browser
def test_keys_slider_and_buttons(page, tmp_path):
    draw(neuron()).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    last = page.evaluate("states[0].moments.length")
    for key, expected in [
        (".", 1), (".", 2), (",", 1), ("End", last), (",", last - 1), ("Home", 0), (",", 0),
    ]:  # fmt: skip
        press(page, key)
        assert page.evaluate("now") == expected, key
    page.evaluate("slider.value = 5; slider.dispatchEvent(new Event('input'))")
    assert page.evaluate("now") == 5
    assert page.evaluate("slider.getAttribute('aria-valuetext')") == f"5 of {last}, forward pass"
    names = page.evaluate(
        "[...player.querySelectorAll('button, input')].map("
        "(x) => x.getAttribute('aria-label') ?? x.textContent)"
    )
    assert names == [
        "Your number", "Check", "Show",
        "To the beginning", "Step back", "Play", "Step forward", "To the end", "Moment",
        "Predict", "Change",
    ]  # fmt: skip


@needs_browser
def test_buttons_and_the_slider_have_keys_of_their_own(page, tmp_path):
    draw(neuron()).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    last = page.evaluate("states[0].moments.length")
    whole = view(page)

    def key(name, code, text=""):
        for kind in ("keyDown", "keyUp"):
            page(
                "Input.dispatchKeyEvent",
                type=kind, key=name, text=text * (kind == "keyDown"), windowsVirtualKeyCode=code,
            )  # fmt: skip

    page.evaluate("step(3); document.getElementById('forward').focus()")
    key(" ", 32, " ")
    assert page.evaluate("[now, timer]") == [4, None]
    key("Enter", 13, "\r")
    assert page.evaluate("now") == 5
    page.evaluate("slider.focus()")
    key("ArrowRight", 39)
    assert page.evaluate("now") == 6
    key("Home", 36)
    assert page.evaluate("now") == 0
    key("End", 35)
    assert page.evaluate("now") == last
    assert view(page) == whole
    key(",", 188, ",")
    assert page.evaluate("now") == last - 1


@needs_browser
def test_it_plays_and_pauses(page, tmp_path):
    draw(swept((Value(3.0, name="a") * 2.0).named("y"))).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    label = "play.getAttribute('aria-label')"
    press(page, " ")
    assert page.evaluate("now") == 0
    assert page.evaluate(label) == "Pause"
    time.sleep(1.5)
    assert page.evaluate("now") == 1
    press(page, " ")
    assert page.evaluate(label) == "Play"
    time.sleep(1.5)
    assert page.evaluate("now") == 1
    click(page, "play")
    time.sleep(4.5)
    assert page.evaluate("now") == page.evaluate("states[0].moments.length") == 4
    assert page.evaluate(label) == "Play"  # at the end it stops


@needs_browser
def test_a_picture_that_is_opened_is_at_the_same_moment(page, tmp_path):
    root = layers()
    draw(swept(root), collapse="layer1").save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    click(page, "first")
    for _ in range(6):
        press(page, ".")
    lit = page.evaluate(LIT)
    assert lit
    page.evaluate("enter(svg.querySelector('[data-open]'))")
    assert page.evaluate("key") != ""
    assert page.evaluate("now") == 6
    assert page.evaluate(LIT)
    keys = page.evaluate("lesson.pictures[key].boxes")
    assert len({*keys}) > 1
    assert page.complaints == []


@needs_browser
def test_what_is_clicked_is_told(page, tmp_path):
    a, b = Value(3.0, name="a"), Value(2.0, name="b")
    y = swept((a * b + a * a).named("y"))
    diagram = draw(y)
    found = lesson(diagram, tmp_path)
    opened(page, tmp_path / "lesson.html")
    assert page.evaluate("asked.hidden")
    page("Input.dispatchMouseEvent", type="mouseMoved", x=0, y=0)
    x, y = middle(page, "svg.querySelector('.node')")
    for kind in ("mousePressed", "mouseReleased"):
        page("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    assert page.evaluate("[...answer.querySelectorAll('h2, p')].map((x) => x.textContent)") == [
        "a = 3", "data 3", "grad 8",
        "3 paths lead from y back to a. Each contributes the product of the local derivatives "
        "along it, and the contributions add up: that is why gradients accumulate.",
        "dy/da = 3 + 3 + 2 = 8",
    ]  # fmt: skip
    assert page.evaluate("answer.querySelectorAll('button').length") == 3
    ways = "[...svg.querySelectorAll('.edge.way')].map((group) => group.dataset.key).sort()"
    (picture,) = found["pictures"].values()
    for place, uses in enumerate(found["asked"][0]["paths"]):
        page.evaluate(f"answer.querySelectorAll('button')[{place}].click()")
        assert page.evaluate(ways) == sorted(picture["arrows"][use] for use in uses)
    page.evaluate(f"answer.querySelectorAll('button')[{place}].click()")
    assert page.evaluate(ways) == []
    press(page, "Escape")
    assert page.evaluate("asked.hidden")
    assert page.complaints == []


@needs_browser
def test_all_can_be_asked_by_the_keyboard(page, tmp_path):
    draw(neuron()).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    names = page.evaluate(
        "[...svg.querySelectorAll('[tabindex]')].map((x) => x.getAttribute('aria-label'))"
    )
    assert len(names) == 12 + 11
    assert {"About w1 = -1", "About ∂loss/∂(output - 0) = 12"} <= {*names}
    for part in (".node", ".edge"):
        page.evaluate(f"svg.querySelector('{part}').focus()")
        page("Input.dispatchKeyEvent", type="keyDown", key=" ", text=" ")
        assert not page.evaluate("asked.hidden")
        assert page.evaluate("timer") is None
        page.evaluate("document.getElementById('close').click()")
        assert page.evaluate(f"document.activeElement === svg.querySelector('{part}')")


@needs_browser
def test_a_folded_box_shows_the_numbers_of_its_result_alone(page, tmp_path):
    """Not those of the steps in it, one after the other."""
    diagram = draw(network(60))
    found = lesson(diagram, tmp_path)
    opened(page, tmp_path / "lesson.html")
    whole = page.evaluate(NUMBERS)
    (box,) = {line.split()[0] for line in whole}
    picture = found["pictures"][""]
    assert picture["boxes"].count(box) > 1
    assert picture["numbers"] == {box: len(picture["boxes"]) - 1}
    for count in range(len(found["moments"])):
        page.evaluate(f"step({count})")
        shown = page.evaluate(NUMBERS)
        assert ({f"{box} data"} <= shown.keys()) == (count >= found["forward"])
        assert all(whole[line] == text for line, text in shown.items())


@needs_browser
def test_where_there_is_no_lesson_there_is_no_player(page, tmp_path):
    x = Value(2.0, name="x")
    draw([x * 2.0, x * 3.0]).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    assert page.evaluate("player.hidden")
    for key in (" ", ".", "End"):
        press(page, key)
    assert page.complaints == []


@needs_browser
@given(root=graphs(EVERYDAY), data=st.data())
@settings(deadline=None, max_examples=10)
def test_any_graph_can_be_stepped_through(page, root, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "x.html"
    draw(swept(root), edges=data.draw(st.sampled_from(["partial", "contribution", None]))).save(
        path
    )
    opened(page, path)
    last = page.evaluate("states[0].moments.length")
    for count in data.draw(st.lists(st.integers(0, last), max_size=5)):
        page.evaluate(f"step({count})")
        numbers = page.evaluate(NUMBERS)
        boxes = page.evaluate("lesson.pictures[''].boxes")
        order = topological_order(root)
        if count < last:
            shown = {boxes[place] for place in range(min(count, len(order)))}
            assert {line.split()[0] for line in numbers if line.endswith("data")} <= shown
        else:
            assert number(root.data) in numbers.values()
    assert page.complaints == []
