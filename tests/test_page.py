"""The page and the SVG in a real browser."""

import re
from base64 import b64decode
from hashlib import sha256

import pytest
from browser import PROGRAM, browser
from graphs import chain, neuron
from test_diagram import HOSTILE, layers

from autograd import Value, draw
from autograd.notation.names import legible

needs_browser = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium is installed (Debian's package chromium)"
)


@pytest.fixture(scope="module")
def page():
    with browser() as opened:
        yield opened


def opened(page, path, width=1000, height=700, scheme="light"):
    page(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=False,
    )
    page(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": scheme}],
    )
    page.complaints.clear()
    page.requested.clear()
    page.open(path)
    return page


def view(page):
    return [float(x) for x in page.evaluate("svg.getAttribute('viewBox')").split()]


def test_the_policy_allows_what_the_page_has_and_nothing_else(tmp_path):
    draw(neuron()).save(tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for kind, tag in [("style", "style"), ("script", "script")]:
        contents = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        allowed = re.findall(r"'sha256-([^']*)'", rules[f"{kind}-src"])
        assert "unsafe" not in rules[f"{kind}-src"]
        assert sorted(map(b64decode, allowed)) == sorted(
            sha256(content.encode()).digest() for content in contents
        )
    assert not re.search(r"\b(src|href|srcset|data|action)=|@import|url\(", text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


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
def test_a_long_picture_can_be_magnified(page, tmp_path):
    draw(chain(998, lambda node: node * 1.01, Value(1.0))).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    whole = view(page)
    for _ in range(30):
        page.evaluate("document.getElementById('in').click()")
    assert view(page)[2] == pytest.approx(whole[2] / 1.25**30)
    for _ in range(60):
        page.evaluate("document.getElementById('out').click()")
    assert whole[2] < view(page)[2] < 6 * whole[2]


@needs_browser
def test_words_on_arrows_keep_their_distance(page, tmp_path):
    """An arrow that ended at its words would make `1.0` look like `-1.0`."""
    (tmp_path / "x.svg").write_text(draw(layers()).svg(), encoding="utf-8")
    opened(page, tmp_path / "x.svg")
    rooms = page.evaluate(
        "[...document.querySelectorAll('.edge')].map((edge) => {"
        "const inner = edge.querySelector('text').getBoundingClientRect();"
        "const outer = edge.querySelector('rect').getBoundingClientRect();"
        "return [inner.left - outer.left, outer.right - inner.right]; })"
    )
    assert len(rooms) == 16
    assert min(map(min, rooms)) >= 5.0


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
    draw(total).save(tmp_path / "x.html")
    opened(page, tmp_path / "x.html")
    assert page.complaints == []
    assert page.requested == [(tmp_path / "x.html").as_uri()]
    tags = page.evaluate(
        "[...new Set([...document.querySelectorAll('*')].map((x) => x.localName))]"
    )
    assert set(tags) <= set(
        "html head meta title style body header h1 p button main script "
        "svg g path polygon polyline text rect".split()
    )
    assert page.evaluate("document.scripts.length") == 1
    shown = page.evaluate(
        "[...svg.querySelectorAll('title')].map((x) => x.textContent).join('\\n')"
    )
    for name in (*evil, *HOSTILE):
        assert f"{legible(name)} = 1" in shown
    assert page.evaluate("document.title") == legible(HOSTILE[-1])


FITS = """
[...document.querySelectorAll('.node')].flatMap((node) => {
  const outline = node.querySelector('path, polygon').getBoundingClientRect();
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
    assert len(measured) > 50
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
        for selector in (".graph > polygon", ".operation text:last-of-type")
    )
    assert (paper > 600 and ink < 200) if scheme == "light" else (paper < 200 and ink > 600)
    assert page.complaints == []
