"""The names of Values: made unique, made identifiers, made symbols of LaTeX."""

import itertools
import keyword
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from typing import Protocol, TypeVar


class HasName(Protocol):
    """Something that may have a name."""

    @property
    def name(self) -> str | None: ...


T = TypeVar("T", bound=HasName)
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that turn the direction of what follows them."""
GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|"
    "upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)


def identifier(wish: str) -> str:
    """The identifier closest to a name."""
    text = unicodedata.normalize("NFKC", wish)
    if not text.isidentifier():
        text = re.sub(r"\W+", "_", text).strip("_")
    if not text.isidentifier():
        text = f"_{text}"
    if not text.isidentifier():  # a mark that a word may contain, but not an identifier
        text = re.sub(r"[^0-9A-Za-z_]+", "_", text)
    return f"{text}_" if keyword.iskeyword(text) else text


def legible(text: str) -> str:
    """The text with a symbol for each character that would change the text around it."""
    return text if text.isprintable() else "".join(map(_legible, text))


def _legible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode has pictures of these
    category = unicodedata.category(character)
    if code in (0xFFFE, 0xFFFF) or category in ("Cc", "Cs", "Zl", "Zp") or character in TURNING:
        return "\N{SYMBOL FOR DELETE}" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"
    return character


class Names:
    """Gives out names, none of them twice, and no two that look the same."""

    def __init__(
        self,
        reserved: Collection[str],
        look: Callable[[str], str] = str,
        spell: Callable[[str], str] = identifier,
    ) -> None:
        """With names that are taken, how a name looks, and what makes a wish a name."""
        self._taken = set(map(look, reserved))
        self._look, self._spell = look, spell
        self._counts: dict[str, int] = {}

    def free(self, name: str) -> bool:
        """Whether nothing looks like that yet."""
        return self._look(name) not in self._taken

    def new(self, wish: str) -> str:
        """The desired name, with a number if it is taken."""
        base = result = self._spell(wish)
        while not self.free(result):
            count = self._counts[base] = self._counts.get(base, 0) + 1
            result = f"{base}_{count}" if base[-1].isdigit() else f"{base}{count}"
        self._taken.add(self._look(result))
        return result

    def result(self) -> str:
        """A name for a result without one: y, or f, if something else is called y."""
        return self.new(next(filter(self.free, "yfgh"), "y"))

    def symbols(self, count: int) -> Iterator[str]:
        """Short names for so many things without one: u and v, or u1, u2, … for more than two."""
        letters = [*filter(self.free, "uv")] if self.free("u1") else []
        numbered = (f"u{number}" for number in itertools.count(1))
        for wish in itertools.chain(letters if len(letters) >= count else (), numbered):
            if self.free(wish):
                yield self.new(wish)

    def of_leaves(self, leaves: Collection[T]) -> dict[T, str]:
        """A name for each leaf: its own, or x0, x1, … for those that have none."""
        named = {leaf: self.new(leaf.name) for leaf in leaves if leaf.name}
        numbered = (f"x{count}" for count in itertools.count())
        return {
            leaf: named.get(leaf) or next(x for x in numbered if self.new(x) == x)
            for leaf in leaves
        }


def symbol(name: str) -> str:
    """A name in LaTeX: w_{0,1} for w0_1."""
    match = re.fullmatch(r"([^\W\d_]+?)_?(\d+(?:_\d+)*)?", name)
    if not match:
        spelled = ".".join(map(identifier, name.split(".")))  # nothing that LaTeX would obey
        return rf"\mathrm{{{_escaped(spelled)}}}"
    word, index = match.groups()
    letter = unicodedata.name(word, "") if len(word) == 1 else ""
    if greek := re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", letter):
        spelled = greek[2].lower() if greek[1] == "SMALL" else greek[2].capitalize()
        word = spelled if GREEK.fullmatch(spelled) else word
    if GREEK.fullmatch(word):
        word = rf"\{word}"
    elif len(word) > 1:
        word = rf"\mathrm{{{word}}}"
    return f"{word}_{{{index.replace('_', ',')}}}" if index else word


def _escaped(name: str) -> str:
    return name.replace("_", r"\_")
