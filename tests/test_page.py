"""The page and the SVG in a real browser."""

import re
import time
from base64 import b64decode
from hashlib import sha256
from xml.etree import ElementTree

import pytest
from browser import PROGRAM, browser
from graphs import chain, neuron
from test_diagram import HOSTILE, SVG, layers

import autograd
from autograd import Value, draw
from autograd.diagram.page import page as write
from autograd.notation.names import legible

needs_browser = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium is installed (Debian's package chromium)"
)


@pytest.fixture(scope="module")
def page():
    with browser() as opened:
        yield opened


def opened(page, path, width=1000, height=700, scheme="light", phone=False):
    page(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=3 if phone else 1,
        mobile=phone,
    )
    page("Emulation.setTouchEmulationEnabled", enabled=phone, maxTouchPoints=5)
    page(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": scheme}],
    )
    page.complaints.clear()
    page.requested.clear()
    page.open(path)
    page.evaluate("typeof unpacked === 'undefined' ? null : unpacked")
    return page


def view(page):
    return [float(x) for x in page.evaluate("svg.getAttribute('viewBox')").split()]


def with_doors(svg, opens, closes=()):
    """A picture with keys of others at its boxes and frames, by the names of their groups."""
    root = ElementTree.fromstring(svg)
    for group in root.iter(f"{SVG}g"):
        name = re.split("[:\\n]", group.findtext(f"{SVG}title", ""))[0]
        if "node" in group.get("class", "").split() and name in opens:
            group.set("data-open", opens[name])
        if group.get("class") == "cluster" and name in closes:
            group.set("data-close", closes[name])
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    return ElementTree.tostring(root, encoding="unicode")


@pytest.fixture(scope="module")
def pictures():
    """A network folded, with its first layer open, with its second one open, and with both."""
    y = layers()
    y.backward()

    def picture(*names):
        return draw(y, collapse=names).svg() if names else draw(y).svg()

    return {
        "": with_doors(picture("layer1", "layer2"), {"layer1": "1", "layer2": "2"}),
        "1": with_doors(picture("layer2"), {"layer2": "1 2"}, {"layer1": ""}),
        "2": with_doors(picture("layer1"), {"layer1": "1 2"}, {"layer2": ""}),
        "1 2": with_doors(picture(), {}, {"layer1": "2", "layer2": "1"}),
    }


@pytest.fixture(scope="module")
def network(pictures, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "network.html"
    path.write_text(write("y", pictures), encoding="utf-8")
    return path


def test_the_policy_allows_what_the_page_has_and_nothing_else(tmp_path, network):
    draw(neuron()).save(tmp_path / "x.html")
    for path in (tmp_path / "x.html", network):
        text = path.read_text(encoding="utf-8")
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == "'none'"
        for kind, length in [("style", 2), ("script", 1)]:
            contents = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
            assert len(contents) == length
            allowed = re.findall(r"'sha256-([^']*)'", rules[f"{kind}-src"])
            assert "unsafe" not in rules[f"{kind}-src"]
            assert sorted(map(b64decode, allowed)) == sorted(
                {sha256(content.encode()).digest() for content in contents}
            )
        assert not re.search(r"\b(src|href|srcset|data|action|style)=|@import|url\(", text)
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace(
            "http-equiv", ""
        )


@needs_browser
def test_the_page_can_be_moved_and_magnified(page, tmp_path):
    draw(neuron()).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    assert page.evaluate("document.title") == "loss"
    whole = view(page)
    scale = page.evaluate("main.clientWidth") / whole[2]
    assert scale <= 1.0  # the whole picture is seen, and not larger than it was drawn
    x, y, width, height = whole
    drawn = page.evaluate("[picture.width, picture.height]")
    assert max(x, y) <= 0.0
    assert (x + width, y + height) >= tuple(drawn)

    def wheel(turn, x=300, y=300):
        page("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=turn)
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")

    under = "(() => { const p = at({clientX: 300, clientY: 300}); return [p.x, p.y]; })()"
    before = page.evaluate(under)
    wheel(-200)
    nearer = view(page)
    assert nearer[2] < whole[2]
    assert page.evaluate(under) == pytest.approx(
        before, abs=0.01
    )  # what is under the pointer stays
    wheel(200)
    assert view(page) == pytest.approx(whole, abs=0.01)

    for kind, at in [("mousePressed", 300), ("mouseMoved", 350), ("mouseReleased", 350)]:
        page(
            "Input.dispatchMouseEvent",
            type=kind, x=at, y=300, button="left", buttons=1, clickCount=1,
        )  # fmt: skip
    assert view(page)[0] == pytest.approx(whole[0] - 50 / scale, abs=0.01)
    page.evaluate("document.getElementById('fit').click()")
    assert view(page) == whole

    for key, change in [("+", 1 / 1.25), ("-", 1.0), ("0", 1.0)]:
        page("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        assert view(page)[2] == pytest.approx(whole[2] * change)
    page("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight")
    assert view(page)[0] > whole[0]
    page.evaluate("document.getElementById('in').click()")
    assert view(page)[2] < whole[2]
    for _ in range(100):
        page.evaluate("document.getElementById('in').click()")
    assert view(page)[2] > 10  # there is an end to it
    assert page.complaints == []
    assert page.requested == [(tmp_path / "x.html").as_uri()]


@needs_browser
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_a_long_picture_can_be_magnified(page, tmp_path, direction):
    draw(chain(998, lambda x: x * 1.01, Value(1.0)), collapse=(), direction=direction).save(
        tmp_path / "x.html"
    )
    opened(page, tmp_path / "x.html")
    whole = view(page)
    for _ in range(30):
        page.evaluate("document.getElementById('in').click()")
    assert view(page)[2] == pytest.approx(whole[2] / 1.25**30)
    for _ in range(60):
        page.evaluate("document.getElementById('out').click()")
    assert whole[2] < view(page)[2] < 6 * whole[2]


CUTS = """
[...document.querySelectorAll('.edge')].flatMap((edge) => {
  const path = edge.querySelector('path');
  const length = path.getTotalLength();
  return [...edge.querySelectorAll('text')].map((text) => {
    const box = text.getBBox();
    const near = (point) => point.x > box.x - 1 && point.x < box.x + box.width + 1
      && point.y > box.y && point.y < box.y + box.height;
    return Array.from({length: 400}, (_, i) => path.getPointAtLength(i * length / 399)).some(near);
  });
})
"""


@needs_browser
def test_words_on_arrows_keep_their_distance(page, tmp_path):
    """An arrow that ended at its words would make `1.0` look like `-1.0`."""
    for diagram in (draw(layers()), draw(neuron(), edges="contribution")):
        (tmp_path / "x.svg").write_text(diagram.svg(), encoding="utf-8")
        opened(page, tmp_path / "x.svg")
        cuts = page.evaluate(CUTS)
        assert len(cuts) in (16, 22)
        assert not any(cuts)


@needs_browser
def test_a_small_window_shows_the_whole_picture(page, tmp_path):
    draw(neuron()).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html", width=400, height=300)
    boxes = page.evaluate(
        "[...document.querySelectorAll('.node')].map((node) => {"
        "const box = node.getBoundingClientRect();"
        "return [box.left, box.top, box.right, box.bottom]; })"
    )
    assert all(
        left >= 0 and top >= 0 and right <= 400 and bottom <= 300
        for left, top, right, bottom in boxes
    )


def mouse(page, *places):
    """Press at the first place, move to each of the others, and release."""
    kinds = ["mousePressed", *["mouseMoved"] * len(places[1:]), "mouseReleased"]
    for kind, (x, y) in zip(kinds, (*places, places[-1]), strict=True):
        page(
            "Input.dispatchMouseEvent",
            type=kind, x=x, y=y, button="left", buttons=1, clickCount=1,
        )  # fmt: skip


def press(page, key, repeat=False):
    text = {"Enter": "\r", " ": " "}.get(key, key if len(key) == 1 else "")
    code = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}.get(key, 0)
    common = {"key": key, "windowsVirtualKeyCode": code}
    page("Input.dispatchKeyEvent", type="keyDown", text=text, autoRepeat=repeat, **common)
    page("Input.dispatchKeyEvent", type="keyUp", **common)


def until(page, condition):
    for _ in range(100):
        if page.evaluate(condition):
            return
        time.sleep(0.02)
    raise AssertionError(f"{condition} never came true; the picture is {page.evaluate('key')!r}")


def middle(page, element):
    return page.evaluate(
        f"(() => {{ const box = {element}.getBoundingClientRect();"
        "return [box.left + box.width / 2, box.top + box.height / 2]; })()"
    )


def door(name):
    """The box or frame of a group in the picture that is shown."""
    return (
        "[...svg.querySelectorAll('[data-open], [data-close]')]"
        f".find((door) => heading(door).split(':')[0] === {name!r})"
    )


def names_shown(page):
    return set(
        page.evaluate(
            "[...document.querySelectorAll('main .group > title, main .cluster > title')]"
            ".map((title) => title.textContent.split(':')[0])"
        )
    )


FRAMES = {"layer1", "layer1.neuron0", "layer1.neuron1"}
FOCUS = "document.activeElement"


@needs_browser
def test_a_click_opens_a_box_and_folds_a_frame(page, network):
    opened(page, network)
    assert names_shown(page) == {"layer1", "layer2"}
    assert page.evaluate("status.textContent") == "Click a box marked ▸ to open it."
    assert page.evaluate("back.hidden")
    mouse(page, middle(page, door("layer1")))
    assert page.evaluate("key") == "1"
    assert names_shown(page) == FRAMES | {"layer2"}
    assert page.evaluate("status.textContent").startswith("Opened layer1. ")
    drawn = page.evaluate("[picture.width, picture.height]")
    x, y, width, height = view(page)  # the whole of it
    assert (x + width, y + height) >= tuple(drawn)
    assert max(x, y) <= 0.0

    mouse(page, middle(page, door("layer2")))
    assert page.evaluate("key") == "1 2"
    frame = door("layer1")
    mouse(page, middle(page, f"{frame}.querySelector('text')"))
    assert page.evaluate("key") == "2"
    assert names_shown(page) == {"layer1", "layer2"}
    assert page.evaluate("status.textContent").startswith(
        "Folded layer1: 2 units, 10 Values. Click a box"
    )
    left, *_, top = page.evaluate(
        f"(() => {{ const box = {door('layer2')}.getBoundingClientRect();"
        "return [box.left, box.right, box.top]; })()"
    )
    mouse(page, (left + 6, top + 10))  # beside the name
    assert page.evaluate("key") == ""
    press(page, "Escape")  # the first picture is the outermost
    time.sleep(0.1)
    assert page.evaluate("key") == ""
    mouse(page, middle(page, door("layer2")))
    assert page.evaluate("[key, back.hidden]") == ["2", False]
    assert page.evaluate("svg.querySelectorAll('.bar').length") == 1
    mouse(page, middle(page, "back"))
    until(page, "key === '' && back.hidden")
    page.evaluate(f"{door('layer1')}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    assert page.evaluate("key") == "1"  # as screen readers do it
    assert page.complaints == []
    assert page.requested == [network.as_uri()]


@needs_browser
def test_what_moves_the_picture_opens_and_folds_nothing(page, network):
    opened(page, network)
    whole = view(page)
    x, y = middle(page, door("layer1"))
    mouse(page, (x, y), (x + 40, y), (x, y))
    assert page.evaluate("key") == ""
    mouse(page, (x, y), (x + 40, y))
    assert page.evaluate("key") == ""
    assert view(page)[0] < whole[0]
    mouse(page, (x + 40, y), (x + 42, y + 1))  # hardly
    assert page.evaluate("key") == "1"

    x, y = middle(page, f"{door('layer1')}.querySelector('text')")
    mouse(page, (x, y), (x, y + 30))
    assert page.evaluate("key") == "1"
    page.evaluate("fit()")
    corner = (
        f"(() => {{ const box = {door('layer1')}.getBoundingClientRect();"
        "return [box.left + 4, box.bottom - 4]; })()"
    )
    x, y = page.evaluate(corner)
    mouse(page, (x, y))  # the room inside the frame
    assert page.evaluate("key") == "1"
    page.evaluate(f"(({{x, y}}) => zoom(3, x, y))(at({{clientX: {x}, clientY: {y}}}))")
    page.evaluate(f"{FOCUS}.blur()")
    seen = view(page)
    mouse(page, (x, y))
    assert page.evaluate(f"{FOCUS} === {door('layer1')}")
    assert view(page) == seen


@needs_browser
def test_it_can_be_used_by_keyboard(page, network):
    opened(page, network)

    def walk(name):
        for _ in range(60):
            press(page, "Tab")
            if page.evaluate(f"{FOCUS} === {door(name)}"):
                return
        raise AssertionError(f"{name} is not reached")

    def told():
        names = ["role", "aria-label", "aria-expanded"]
        return [page.evaluate(f"{FOCUS}.getAttribute({name!r})") for name in names]

    outline = f"getComputedStyle({FOCUS}.querySelector('title + *')).strokeWidth"
    assert page.evaluate("svg.getAttribute('role')") == "group"
    assert page.evaluate("status.getAttribute('role')") == "status"
    walk("layer1")
    assert told() == ["button", "Open layer1: 2 units, 10 Values", "false"]
    assert page.evaluate(outline) == "3px"
    press(page, "Enter")
    assert page.evaluate("key") == "1"
    assert told() == ["button", "Fold layer1", "true"]
    assert page.evaluate(outline) == "3px"
    whole = view(page)
    press(page, "+")
    press(page, "ArrowLeft")
    assert view(page)[2] == pytest.approx(whole[2] / 1.25)
    press(page, "0")
    assert view(page) == whole
    press(page, "Enter", repeat=True)  # held down: it does not fold what it has opened
    assert page.evaluate("key") == "1"

    walk("layer2")
    press(page, " ")
    assert page.evaluate("key") == "1 2"
    assert told() == ["button", "Fold layer2", "true"]
    press(page, "Escape")
    until(page, "key === '1'")
    press(page, "Enter")
    assert page.evaluate("key") == "1 2"
    press(page, " ")
    until(page, "key === '1'")
    assert told() == ["button", "Open layer2: 2 Values", "false"]
    press(page, "Escape")
    until(page, "key === ''")
    assert told() == ["button", "Open layer1: 2 units, 10 Values", "false"]
    page.evaluate(f"{door('layer2')}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    assert page.evaluate("key") == "2"  # as screen readers do it


@needs_browser
def test_it_shows_what_can_be_clicked(page, network):
    opened(page, network)

    def hovered(element, part, name):
        x, y = middle(page, element)
        page("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        return [
            page.evaluate(f"getComputedStyle({part})[{name!r}]"),
            page.evaluate(f"getComputedStyle(document.elementFromPoint({x}, {y})).cursor"),
        ]

    box = f"{door('layer1')}.querySelector('title + *')"
    other = "svg.querySelector('.leaf > title + *')"
    assert hovered(other, box, "strokeWidth") == ["1.25px", "pointer"]
    assert hovered(other, other, "strokeWidth") == ["1.25px", "pointer"]
    assert hovered(box, box, "strokeWidth") == ["3px", "pointer"]
    page.evaluate("go('1')")
    bar = f"{door('layer1')}.querySelector('.bar')"
    inside = "svg.querySelector('.leaf')"
    assert hovered(inside, bar, "fillOpacity") == ["0", "pointer"]
    assert hovered(bar, bar, "fillOpacity") == ["0.15", "pointer"]


@needs_browser
@pytest.mark.parametrize(("motion", "count"), [("no-preference", 1), ("reduce", 0)])
def test_a_picture_appears_softly_for_those_who_like_it(page, network, motion, count):
    opened(page, network)
    page(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-reduced-motion", "value": motion}],
    )
    assert page.evaluate("go('1'), svg.getAnimations().length") == count


@needs_browser
def test_walking_through_a_magnified_picture(page, network):
    opened(page, network)
    page.evaluate("zoom(8, 0, 0)")
    away = view(page)
    seen = (
        "(() => { const [inner, outer] = [document.activeElement, main]"
        ".map((element) => element.getBoundingClientRect());"
        "return inner.left < outer.right && inner.right > outer.left"
        " && inner.top < outer.bottom && inner.bottom > outer.top; })()"
    )
    for _ in range(10):
        press(page, "Tab")
        if page.evaluate(f"{FOCUS} === {door('layer2')}"):
            break
    assert page.evaluate(seen)
    assert view(page)[:2] != away[:2]
    assert view(page)[2:] == away[2:]


@needs_browser
def test_the_history_and_links(page, network):
    opened(page, network)

    def entries():
        history = page("Page.getNavigationHistory")
        here = history["currentIndex"]
        return history["entries"][here:], history["entries"][here - 1]

    mouse(page, middle(page, door("layer1")))
    mouse(page, middle(page, door("layer2")))
    assert page.evaluate("location.hash") == "#1%202"
    page("Page.navigateToHistoryEntry", entryId=entries()[1]["id"])
    until(page, "key === '1'")
    assert page.evaluate(f"{FOCUS} === {door('layer2')}")
    (_, following), _ = entries()
    page("Page.navigateToHistoryEntry", entryId=following["id"])
    until(page, "key === '1 2'")
    # To fold what was opened last is to go back, and leaves nothing behind in the history.
    mouse(page, middle(page, f"{door('layer2')}.querySelector('text')"))
    until(page, "key === '1'")
    assert [entry["url"] for entry in entries()[0]] == [
        f"{network.as_uri()}#1",
        f"{network.as_uri()}#1%202",
    ]

    page.evaluate("location.hash = '#1%202'")
    until(page, "key === '1 2'")
    page("Page.reload")
    until(page, "performance.getEntriesByType('navigation')[0].type === 'reload'")
    until(page, "key === '1 2'")
    assert page.evaluate("status.textContent") == "Click the name of a frame to fold it."
    assert page.evaluate(f"{FOCUS} === document.body")
    press(page, "Escape")  # nothing led here
    until(page, "key === ''")
    for unknown in ("#none", "#%", "#in"):
        page.evaluate(f"turn('1'); location.hash = '{unknown}'")
        until(page, "key === ''")
    assert page.complaints == []


@needs_browser
def test_keys_are_compared_exactly_and_do_nothing(page, tmp_path):
    keys = [
        *[key for key in HOSTILE if not re.search("[\0\ud800\ufffe\uffff]", key)],
        *[
            "a\nb",
            "a\r\nb",
            "a\rb",
            " a",
            "a ",
            "a",
            "A",
            "&",
            "é",
            "e\u0301",
            "__proto__",
            "$first",
        ],
        *["</template><script>console.log(1)</script>", "x' onclick='console.log(1)", "#a", "%61"],
    ]
    keys = [*dict.fromkeys(keys)]
    total = autograd.sum([Value(1.0, f"g{number}") for number in range(len(keys))])
    doors = {f"g{number} = 1": key for number, key in enumerate(keys)}
    first = with_doors(draw(total, collapse=(), edges=None).svg(), doors)
    others = {key: draw(Value(1.0, f"n{number}")).svg() for number, key in enumerate(keys)}
    (tmp_path / "x.html").write_text(
        write("x", {**others, "": first}), encoding="utf-8", newline=""
    )
    opened(page, tmp_path / "x.html")
    shown = page.evaluate(
        "[...svg.querySelectorAll('[data-open]')].map((door) => {"
        "const name = heading(door).split(' ')[0]; go(behind(door)); const before = svg;"
        "turn(addressed()); const after = svg; turn('');"
        "return [name, before.querySelector('title').textContent, before === after]; })"
    )
    assert sorted(shown) == sorted([f"g{i}", f"n{i}", True] for i in range(len(keys)))
    assert page.evaluate("pictures.size") == len(keys) + 1
    assert page.evaluate("document.scripts.length") == 2  # one is data
    assert page.complaints == []
    assert page.requested == [(tmp_path / "x.html").as_uri()]


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(page, network, scheme):
    opened(page, network, width=390, height=844, scheme=scheme, phone=True)

    def touch(*steps):
        kinds = ["touchStart", *["touchMove"] * len(steps[1:]), "touchEnd"]
        for kind, points in zip(kinds, (*steps, []), strict=True):
            points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
            page("Input.dispatchTouchEvent", type=kind, touchPoints=points)
            time.sleep(0.015)

    x, y = middle(page, door("layer1"))
    before = view(page)
    touch(*([(x, y + step)] for step in range(0, 60, 6)))
    assert page.evaluate("key") == ""
    assert view(page)[1] < before[1]
    page.evaluate("fit()")
    time.sleep(0.5)  # right after a flick, a touch would only stop it
    touch([(x, y)], [(x + 3, y + 3)])
    until(page, "key === '1'")
    whole = view(page)
    touch([(150, 400), (250, 400)], [(100, 400), (300, 400)])
    assert view(page)[2] == pytest.approx(whole[2] / 2, rel=0.01)
    page.evaluate("fit()")
    touch([(150, 400), (250, 400)], [(147, 400), (253, 400)])
    assert view(page)[2] == pytest.approx(whole[2] / 1.06, rel=0.01)
    assert page.evaluate("key") == "1"
    assert page.evaluate("getComputedStyle(main).touchAction") == "none"
    page.evaluate("go('1 2'); go('2')")
    assert page.evaluate("status.textContent").startswith("Folded layer1: 2 units, 10 Values.")
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    edges = page.evaluate(
        "[...document.querySelectorAll('header > *')].map((part) => {"
        "const box = part.getBoundingClientRect();"
        "return [part.localName, box.left, box.right, box.width, box.height, part.scrollWidth]; })"
    )
    assert len(edges) == 6
    for name, left, right, width, height, inside in edges:
        assert (left, -right) >= (0, -390)
        assert inside <= width + 1
        assert name != "button" or min(width, height) >= 40
    assert page.complaints == []


@needs_browser
def test_a_page_with_one_picture_has_nothing_to_open(page, tmp_path):
    draw(neuron()).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    assert page.evaluate("status.textContent + pictures.size") == "1"
    assert page.evaluate("back.hidden")
    assert page.evaluate("svg.querySelectorAll('[aria-expanded], .bar').length") == 0
    whole = view(page)
    mouse(page, middle(page, "svg.querySelector('.node')"))
    press(page, "Escape")
    until(page, f"view.width === {whole[2]} && view.height === {whole[3]}")
    assert view(page) == whole


@needs_browser
def test_paper_gets_the_whole_picture_in_light_colours(page, network):
    opened(page, network, scheme="dark")
    page.evaluate("go('1'); zoom(5)")
    seen = view(page)
    page.evaluate(
        "addEventListener('beforeprint', () => { printed = svg.outerHTML; }); printed = ''"
    )
    page("Page.printToPDF")
    drawn = page.evaluate("[picture.width, picture.height]")
    box = re.search('viewBox="([^"]*)"', page.evaluate("printed"))[1]
    assert [float(x) for x in box.split()] == [0.0, 0.0, *drawn]
    assert view(page) == seen

    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    page("Emulation.setEmulatedMedia", media="print", features=dark)
    colour = "getComputedStyle(document.querySelector('main svg > rect')).fill"
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for width, height in [(300, 700), (700, 300), (1500, 1500)]:
        page(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        left, top, right, bottom = page.evaluate(
            "(({left, top, right, bottom}) => [left, top, right, bottom])"
            "(svg.getBoundingClientRect())"
        )
        assert min(left, top) >= 0
        assert (right <= width, bottom <= height) == (True, True)
        assert page.evaluate("document.querySelector('header').offsetHeight") == 0
    assert [right - left, bottom - top] == pytest.approx(
        drawn, abs=0.1
    )  # no larger than it was drawn
    page("Emulation.setEmulatedMedia", media="")


@needs_browser
def test_without_scripts_the_first_picture_is_seen(page, network):
    page("Emulation.setScriptExecutionDisabled", value=True)
    opened(page, network)
    page("Emulation.setScriptExecutionDisabled", value=False)
    assert page.evaluate("document.querySelectorAll('main svg').length") == 1
    assert page.evaluate("document.querySelector('section').offsetHeight") == 0
    assert names_shown(page) == {"layer1", "layer2"}
    assert page.evaluate("document.querySelector('main').className") == ""
    assert page.evaluate("document.querySelector('[role=status]').textContent") == ""


@needs_browser
def test_no_name_does_anything_in_the_browser(page, tmp_path):
    evil = [
        "<img src=x onerror=console.log(1)>", "<script>console.log(1)</script>",
        "</script><script>console.log(1)</script>", "</style><script>console.log(1)</script>",
        "</title></svg><script>console.log(1)</script>", "]]><script>console.log(1)</script>",
        "<a href='javascript:console.log(1)'>x</a>", '" onload="console.log(1)" x="',
        "<style>*{display:none}</style>", "<iframe src='https://example.com'></iframe>",
        "<foreignObject><img src=x></foreignObject>", "${console.log(1)}", "$policy $svg",
    ]  # fmt: skip
    total = Value(0.0, "</title><script>console.log(1)</script>")
    for name in (*evil, *HOSTILE):
        total = (total + Value(1.0, name)).named(name)
    draw(total, collapse=()).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    assert page.complaints == []
    assert page.requested == [(tmp_path / "x.html").as_uri()]
    tags = page.evaluate(
        "[...new Set([...document.querySelectorAll('*')].map((x) => x.localName))]"
    )
    assert set(tags) <= set(
        "html head meta title style body header h1 p button main template script section div input "
        "form table thead tbody tr th td svg g path polygon polyline circle text tspan rect".split()
    )
    kinds = page.evaluate("[...document.scripts].map((script) => script.type)")
    assert kinds == ["text/plain", ""]
    shown = page.evaluate(
        "[...svg.querySelectorAll('title')].map((x) => x.textContent).join('\\n')"
    )
    for name in (*evil, *HOSTILE):
        assert f"{legible(name)} = 1" in shown
    assert page.evaluate("document.title") == legible(HOSTILE[-1])


FITS = """
[...document.querySelectorAll('.node')].flatMap((node) => {
  const outline = node.querySelector('rect.card').getBoundingClientRect();
  return [...node.querySelectorAll('text')].map((text) => {
    const inner = text.getBoundingClientRect();
    return [text.textContent, inner.left - outline.left, outline.right - inner.right,
            inner.top - outline.top, outline.bottom - inner.bottom];
  });
})
"""


@needs_browser
@pytest.mark.parametrize("family", ["", "monospace", "Courier New", "DejaVu Sans Mono"])
def test_text_fits_its_box(page, tmp_path, family):
    names = [
        "WWWWWWWWWWWWWWWW",
        "iiiiiiii",
        "x" * 300,
        "日本語日本語日本語",
        "😀" * 20,
        "∂∑∞≤",
        "Ж" * 40,
    ]
    total = Value(-1.2345e-300, "target")
    for name in names:
        total = (total * Value(-1 / 3, name)).named(f"group.{name}")
    (tmp_path / "x.svg").write_text(draw(total).svg(), encoding="utf-8")
    opened(page, tmp_path / "x.svg")
    if family:
        fonts = f'"{family}", monospace'  # the first may be missing
        page.evaluate(f"document.documentElement.setAttribute('font-family', '{fonts}')")
    measured = page.evaluate(FITS)
    assert len(measured) >= 50
    for line, *room in measured:
        assert min(room) >= 0.0, (line, room)


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(page, tmp_path, scheme):
    (tmp_path / "x.svg").write_text(draw(layers()).svg(), encoding="utf-8")
    opened(page, tmp_path / "x.svg", scheme=scheme)
    colour = "getComputedStyle(document.querySelector('{}')).fill"
    paper, ink = (
        sum(map(int, re.findall(r"\d+", page.evaluate(colour.format(selector)))))
        for selector in ("svg > rect", ".operation text:last-of-type")
    )
    assert (paper > 600 and ink < 200) if scheme == "light" else (paper < 200 and ink > 600)
    assert page.complaints == []
