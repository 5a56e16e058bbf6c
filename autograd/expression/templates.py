"""How an operation is written: the templates of the table, with the parentheses they need."""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 7)
"""How tightly a text holds together, as in Python's grammar."""
LOOSE = 0

_SLOT = re.compile(r"#([1-9*<>])")


class Text(NamedTuple):
    """Something written, and how tightly it holds together."""

    text: str
    tightness: int

    def at_least(self, tightness: int, parentheses: tuple[str, str]) -> str:
        """The text, in parentheses unless it holds together at least as tightly as that."""
        if self.tightness >= tightness:
            return self.text
        return parentheses[0] + self.text + parentheses[1]


class Template(NamedTuple):
    """A template in pieces."""

    pieces: Sequence[str | tuple[str, int]]
    """Literal text and slots: which operand, and how tightly it must hold together."""
    tightness: int | None
    """How tightly the whole holds together; None if as tightly as the only operand."""
    minus: int = ATOM
    """The limit on how tightly a text that begins with a minus holds together."""

    def write(self, operands: Sequence[Text], parentheses: tuple[str, str]) -> Text:
        """The template with operands put in."""
        half = len(operands) // 2
        groups = {"*": operands, "<": operands[:half], ">": operands[half:]}
        written = []
        for piece in self.pieces:
            if isinstance(piece, str):
                written.append(piece)
                continue
            key, needed = piece
            several = groups[key] if key in groups else [operands[int(key) - 1]]
            written.append(", ".join(x.at_least(needed, parentheses) for x in several))
        text = "".join(written)
        tightness = operands[0].tightness if self.tightness is None else self.tightness
        return Text(text, min(tightness, self.minus) if text.startswith("-") else tightness)

    @property
    def repeats(self) -> bool:
        """Whether an operand is written more than once."""
        slots = [piece[0] for piece in self.pieces if not isinstance(piece, str)]
        return len(slots) > len(set(slots))


def _template(
    template: str, needs: Callable[[str, Sequence[str]], tuple[int | None, Mapping[str, int]]]
) -> Template:
    """A template with its slots named, so that `needs` can tell them apart in its text."""
    parts = _SLOT.split(template)
    slots = [f"slot{index}_" for index in range(len(parts) // 2)]
    marked = "".join(
        part if index % 2 == 0 else slots[index // 2] for index, part in enumerate(parts)
    )
    try:
        tightness, needed = needs(marked, slots)
    except (SyntaxError, IndexError):  # a notation that is not known here
        tightness, needed = LOOSE, dict.fromkeys(slots, ATOM)
    pieces: list[str | tuple[str, int]] = []
    for index, part in enumerate(parts):
        if index % 2:
            pieces.append((part, needed.get(slots[index // 2], ATOM)))
        elif part:
            pieces.append(part)
    return Template(pieces, tightness)


# --- Python -------------------------------------------------------------------------------------

_OPERATORS: dict[type[ast.AST], tuple[int, int, int]] = {
    ast.Add: (SUM, SUM, PRODUCT),
    ast.Sub: (SUM, SUM, PRODUCT),
    ast.Mult: (PRODUCT, PRODUCT, SIGN),
    ast.Div: (PRODUCT, PRODUCT, SIGN),
    ast.USub: (SIGN, SIGN, SIGN),
    ast.Pow: (POWER, ATOM, SIGN),
}
"""How tightly an operator holds together, and how tightly its left and right operands must."""


@cache
def text_template(template: str) -> Template:
    """A template of text, which is Python."""
    return _template(template, _needs_in_python)


def _needs_in_python(text: str, slots: Sequence[str]) -> tuple[int | None, Mapping[str, int]]:
    needed: dict[str, int] = {}

    def visit(node: ast.AST, need: int) -> int:
        if isinstance(node, ast.Name):
            needed[node.id] = need
        elif isinstance(node, ast.BinOp):
            own, left, right = _OPERATORS.get(type(node.op), (LOOSE, ATOM, ATOM))
            visit(node.left, left)
            visit(node.right, right)
            return own
        elif isinstance(node, ast.UnaryOp):
            own, _, operand = _OPERATORS.get(type(node.op), (LOOSE, ATOM, ATOM))
            visit(node.operand, operand)
            return own
        elif isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                visit(side, SUM)
            return COMPARISON
        elif isinstance(node, ast.IfExp):
            visit(node.test, COMPARISON)
            visit(node.body, COMPARISON)
            visit(node.orelse, COMPARISON)
            return LOOSE
        elif isinstance(node, (ast.Call, ast.List, ast.Tuple, ast.Attribute, ast.Subscript)):
            for name, child in ast.iter_fields(node):
                for part in child if isinstance(child, list) else [child]:
                    if isinstance(part, ast.AST):
                        visit(part, ATOM if name in ("func", "value") else LOOSE)
        elif not isinstance(node, ast.Constant):
            for child in ast.iter_child_nodes(node):
                visit(child, ATOM)
            return LOOSE
        return ATOM

    tree = ast.parse(text, mode="eval").body
    tightness = visit(tree, LOOSE)
    return (None if isinstance(tree, ast.Name) and tree.id in slots else tightness), needed


# --- LaTeX --------------------------------------------------------------------------------------

NEGATIVE, LATEX_SUM, LATEX_PRODUCT, LATEX_POWER, LATEX_ATOM = range(1, 6)
"""The same in print, where nothing but the first term of a sum may begin with a minus."""

_BRACKETS = re.compile(r"\\left|\\right|[{}]")


@cache
def latex_template(template: str) -> Template:
    """A template of LaTeX."""
    result = _template(template, _needs_in_latex)._replace(minus=NEGATIVE)
    if "#<" in template:  # a product of vectors within one of numbers
        return result._replace(tightness=LATEX_SUM)
    return result


def _needs_in_latex(text: str, slots: Sequence[str]) -> tuple[int | None, Mapping[str, int]]:
    needed = {}
    if slots and re.fullmatch(rf"[{{\s]*{slots[0]}[}}\s]*", text):
        return None, {slots[0]: LOOSE}
    for slot in slots:
        before, after = text.split(slot)
        before, after = before.rstrip(), after.lstrip()
        if before.endswith("{") and after.startswith("}"):
            needed[slot] = LATEX_ATOM if after[1:].lstrip().startswith("^") else LOOSE
        elif after.startswith("^"):
            needed[slot] = LATEX_ATOM
        elif before.endswith("-"):
            needed[slot] = LATEX_PRODUCT
        elif before.endswith(("+", ">", "<", "=")):
            needed[slot] = LATEX_SUM
        elif re.search(r"(\\left.|[{,|]|^)$", before):
            first_term = re.match(r"[-+<>=]", after)
            needed[slot] = NEGATIVE if first_term else LOOSE
            if not re.match(r"[-+<>=,|}]|\\right|$", after):
                needed[slot] = LATEX_PRODUCT
        else:
            needed[slot] = LATEX_PRODUCT
    return _latex_tightness(text), needed


def _latex_tightness(text: str) -> int:
    """How tightly LaTeX holds together, judged by what is outside all brackets."""
    depth, last, outside = 0, 0, ""
    for bracket in _BRACKETS.finditer(text):
        if depth == 0:
            outside += text[last : bracket.start()] + "@"
        depth += 1 if bracket[0] in ("{", "\\left") else -1
        last = bracket.end() + (bracket[0] not in "{}")  # with the parenthesis
    if depth:
        raise SyntaxError
    outside = (outside + text[last:]).strip()
    if re.search(r".[-+<>=]", outside):
        return LATEX_SUM
    if outside.startswith("-"):
        return NEGATIVE
    if re.search(r"\\cdot|\\times|[@\w] +[@\\\w]", outside):
        return LATEX_PRODUCT
    return LATEX_POWER if "^" in outside or outside.startswith("\\frac") else LATEX_ATOM
