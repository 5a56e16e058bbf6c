"""Where parentheses are needed: one table of precedence for text, LaTeX and Python source.

How an operation is written is a template in the table of operations, `#1 / #2` say. Here it is
taken apart once, into literal text and slots, and each slot is told how tightly an operand must
hold together there.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

LOOSE, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)
"""How tightly a text holds together, as in Python's grammar."""

_SLOT = re.compile(r"#([1-9*<>])")


class Need(NamedTuple):
    """The demands of a slot on an operand."""

    tightness: int = ATOM
    minus: bool = True
    """Whether a text that begins with a minus may stand here without parentheses."""


class Text(NamedTuple):
    """Something written, and how tightly it holds together."""

    text: str
    tightness: int

    def fitting(self, need: Need, parentheses: tuple[str, str]) -> str:
        """The text as it is written in a slot, in parentheses if it needs them there."""
        if self.tightness >= need.tightness and (need.minus or not self.text.startswith("-")):
            return self.text
        return parentheses[0] + self.text + parentheses[1]


class Template(NamedTuple):
    """A template in pieces."""

    pieces: Sequence[str | tuple[str, Need]]
    """Literal text and slots: which operand, and what it has to be like."""
    tightness: int | None
    """How tightly the whole holds together; None if as tightly as the only operand."""

    def write(self, operands: Sequence[Text], parentheses: tuple[str, str]) -> Text:
        """The template with operands put in."""
        half = len(operands) // 2
        groups = {"*": operands, "<": operands[:half], ">": operands[half:]}
        text = between = written = ""
        for piece in self.pieces:
            if isinstance(piece, str):
                between = re.sub(r"^( \*\* |\^)2", "", piece) if written == "1" else piece
                continue
            key, need = piece
            several = groups[key] if key in groups else [operands[int(key) - 1]]
            written = ", ".join(x.fitting(need, parentheses) for x in several)
            if between == DOT and _side_by_side(text, written):
                between = " "
            text, between = text + between + written, ""
        text += between
        if self.tightness is None:
            return Text(text, operands[0].tightness)
        if text.startswith(r"\frac{-") and operands[0].tightness >= PRODUCT:
            text = re.sub(r"^\\frac\{-(\\left\(((?!\\left).)*\\right\)(?=\}))?", _in_front, text)
            return Text(text, SIGN)
        return Text(text, self.tightness)

    @property
    def repeats(self) -> bool:
        """Whether an operand is written more than once."""
        slots = [piece[0] for piece in self.pieces if not isinstance(piece, str)]
        return len(slots) > len(set(slots))


def _in_front(numerator: re.Match[str]) -> str:
    """A minus that stands before the fraction, and not in the numerator."""
    inside = (numerator[1] or "").removeprefix(r"\left(").removesuffix(r"\right)")
    return r"-\frac{" + inside


def _template(
    template: str, needs: Callable[[str, Sequence[str]], tuple[int | None, Mapping[str, Need]]]
) -> Template:
    """A template with its slots named, so that `needs` can tell them apart in its text."""
    parts = _SLOT.split(template)
    slots = [f"slot{index}_" for index in range(len(parts) // 2)]
    marked = "".join(
        part if index % 2 == 0 else slots[index // 2] for index, part in enumerate(parts)
    )
    try:
        tightness, needed = needs(marked, slots)
    except (SyntaxError, ValueError, IndexError):  # a notation that is not known here
        tightness, needed = LOOSE, {}
    pieces: list[str | tuple[str, Need]] = []
    for index, part in enumerate(parts):
        if index % 2:
            pieces.append((part, needed.get(slots[index // 2], Need())))
        elif part:
            pieces.append(part)
    return Template(pieces, tightness)


@cache
def width(template: str) -> int:
    """How many characters a template has without its slots."""
    return len(_SLOT.sub("", template))


# --- Text, which is Python ----------------------------------------------------------------------

_OPERATORS: dict[type[ast.AST], tuple[int, Need, Need]] = {
    ast.Add: (SUM, Need(SUM), Need(PRODUCT, minus=False)),
    ast.Sub: (SUM, Need(SUM), Need(PRODUCT, minus=False)),
    ast.Mult: (PRODUCT, Need(PRODUCT), Need(SIGN, minus=False)),
    ast.Div: (PRODUCT, Need(PRODUCT), Need(SIGN, minus=False)),
    ast.FloorDiv: (PRODUCT, Need(PRODUCT), Need(SIGN, minus=False)),
    ast.Mod: (PRODUCT, Need(PRODUCT), Need(SIGN, minus=False)),
    ast.USub: (SIGN, Need(SIGN), Need(SIGN, minus=False)),
    ast.Pow: (POWER, Need(ATOM), Need(SIGN)),
}
"""How tightly an operator holds together, and what it needs on its left and on its right."""


@cache
def text_template(template: str) -> Template:
    """A template of text."""
    return _template(template, _needs_in_python)


def _needs_in_python(text: str, slots: Sequence[str]) -> tuple[int | None, Mapping[str, Need]]:
    needed: dict[str, Need] = {}

    def visit(node: ast.AST, need: Need) -> int:
        if isinstance(node, ast.Name):
            needed[node.id] = need
        elif isinstance(node, ast.BinOp):
            own, left, right = _OPERATORS.get(type(node.op), (LOOSE, Need(), Need()))
            visit(node.left, left)
            visit(node.right, right)
            return own
        elif isinstance(node, ast.UnaryOp):
            own, _, operand = _OPERATORS.get(type(node.op), (LOOSE, Need(), Need()))
            visit(node.operand, operand)
            return own
        elif isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                visit(side, Need(SUM))
            return COMPARISON
        elif isinstance(node, ast.IfExp):
            for part in (node.test, node.body, node.orelse):
                visit(part, Need(COMPARISON))
            return LOOSE
        elif isinstance(node, (ast.Call, ast.List, ast.Tuple, ast.Attribute, ast.Subscript)):
            for name, child in ast.iter_fields(node):
                for part in child if isinstance(child, list) else [child]:
                    if isinstance(part, ast.AST):
                        visit(part, Need(ATOM if name in ("func", "value") else LOOSE))
        elif not isinstance(node, ast.Constant):
            for child in ast.iter_child_nodes(node):
                visit(child, Need())
            return LOOSE
        return ATOM

    tree = ast.parse(text, mode="eval").body
    tightness = visit(tree, Need(LOOSE))
    if isinstance(tree, ast.Name) and tree.id in slots:
        return None, needed
    return ATOM if _enclosed(text, tree) else tightness, needed


def _enclosed(text: str, tree: ast.AST) -> bool:
    """Whether the text is in parentheses as a whole, which its tree does not tell."""
    if not re.fullmatch(r"\(.*\)", text):
        return False
    try:
        return ast.dump(ast.parse(text[1:-1], mode="eval").body) == ast.dump(tree)
    except SyntaxError:
        return False


# --- LaTeX --------------------------------------------------------------------------------------

DOT = r" \cdot "
_BRACKETS = re.compile(r"\\left|\\right|[{}]")
_NUMBER = re.compile(r"(^|[-\s{(])[\d.]+$")
_WORD = re.compile(r"\\mathrm\{[^{}]*\}(_\{[^{}]*\})?(\^\{[^{}]*\})?$")


def _side_by_side(left: str, right: str) -> bool:
    """Whether two factors may stand side by side in LaTeX without a dot between them.

    Not where they could be read as one number, one word or a function of something.
    """
    if re.match(r"[-\d]|\\infty|\\mathrm\{NaN", right) or left.endswith(right):
        return False
    if _NUMBER.search(left):
        return True
    if right.startswith("\\mathrm") or _WORD.search(left):
        return False
    if right.startswith(r"\left("):
        return left.endswith(r"\right)")
    return True


@cache
def latex_template(template: str) -> Template:
    """A template of LaTeX."""
    result = _template(template, _needs_in_latex)
    if "#<" in template:  # a product of vectors within one of numbers
        return result._replace(tightness=SUM)
    return result


def _needs_in_latex(text: str, slots: Sequence[str]) -> tuple[int | None, Mapping[str, Need]]:
    needed = {}
    if slots and re.fullmatch(rf"[{{\s]*{slots[0]}[}}\s]*", text):
        return None, {slots[0]: Need(LOOSE)}
    for slot in slots:
        before, after = text.split(slot)
        before, after = before.rstrip(), after.lstrip()
        if after.startswith("^"):
            needed[slot] = Need(ATOM)
        elif before.endswith("{") and after.startswith("}"):
            needed[slot] = Need(ATOM if after[1:].lstrip().startswith("^") else LOOSE)
        elif before.endswith("-"):
            needed[slot] = Need(PRODUCT, minus=False)
        elif before.endswith(("+", ">", "<", "=")):
            needed[slot] = Need(SUM, minus=before.endswith(("<", ">", "=")))
        elif re.search(r"(\\left.|[{,|&]|\\\\|cases\}|^)$", before):
            first_term = re.match(r"[-+<>=]", after)
            needed[slot] = Need(COMPARISON if first_term else LOOSE)
            if not re.match(r"[-+<>=,|}&]|\\right|\\\\|\\end|\\neq|$", after):
                needed[slot] = Need(PRODUCT)
        else:
            needed[slot] = Need(PRODUCT, minus=False)
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
        return SUM
    if outside.startswith("-"):
        return SIGN
    if re.search(r"\\cdot|\\times|[@\w] +[@\\\w]", outside):
        return PRODUCT
    return POWER if "^" in outside or outside.startswith("\\frac") else ATOM
