"""The findings of a comparison: a row for each derivative, and the diagnosis in words."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autograd.compare.findings import Finding
from autograd.compare.gradients import gradients
from autograd.compare.places import Place, places_of
from autograd.edges import uses
from autograd.explain.document import COLUMNS
from autograd.graph import topological_order
from autograd.notation.names import legible
from autograd.notation.numbers import number

if TYPE_CHECKING:
    from autograd.diagram import Diagram

Verdict = Literal["agree", "convention", "not exercised", "undefined", "disagree"]
SEVERITY: tuple[Verdict, ...] = ("agree", "convention", "not exercised", "undefined", "disagree")
"""From the best to the worst."""
PASSING: tuple[Verdict, ...] = ("agree", "convention")

MOST_ROWS = 30
"""How many rows are printed, and how many derivatives are estimated."""
WIDEST = 36
"""How long the symbol of a derivative may be in the table."""


@dataclass(frozen=True, slots=True)
class Row:
    """One derivative: the hand-derived number, the graph's, an independent estimate."""

    derivative: str
    yours: float
    automatic: float
    numeric: float | None
    """A difference quotient of the function; None where there is none, and where there are very
    many derivatives.
    """
    numeric_error: float | None
    """How far the estimate may be off."""
    difference: float
    tolerance: float
    verdict: Verdict
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The row as a dictionary of plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of `compare()` or `check_gradient()`: true where everything passed.

    It prints as a table with a diagnosis under it.

    Attributes:
        rows: one for each derivative.
        sentences: those of the diagnosis.
        findings: the relations and mistakes that explain the wrong numbers, as data.
        point: the arguments at which the table and the steps are, by their names.
        steps: the arithmetic that shows the first wrong derivative: for each step a name, formulas
            and a number.
        symbols: the formulas of the symbols u, v or u1, u2, … that stand for longer ones in it.
    """

    rows: Sequence[Row]
    sentences: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    point: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[Sequence[str]] = ()
    symbols: Mapping[str, str] = field(default_factory=dict)
    _root: Any = field(default=None, repr=False, compare=False)
    _outputs: Sequence[Any] = field(default=(), repr=False, compare=False)
    """The Values that are differentiated, of which the root is made if they are several."""
    _compared: Sequence[tuple[Any, Any]] = field(default=(), repr=False, compare=False)
    """Of each row: what is differentiated, and with respect to what."""

    @property
    def diagnosis(self) -> list[str]:
        """The errors and where they are, sentence by sentence, and step by step."""
        return [*self.sentences, *(f"  {' = '.join(step)}" for step in self.steps)]

    @property
    def verdict(self) -> Verdict:
        """The worst of the rows' verdicts."""
        return max((row.verdict for row in self.rows), key=SEVERITY.index, default="agree")

    @property
    def passed(self) -> bool:
        """Whether each derivative agrees, or is another valid choice at a kink."""
        return self.verdict in PASSING

    def __bool__(self) -> bool:
        return self.passed

    def raise_if_failed(self) -> None:
        """Do nothing if the comparison passed.

        Raises:
            AssertionError: otherwise; the message is the report.
        """
        if not self.passed:
            raise AssertionError("\n" + str(self))

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON say."""
        return {
            "verdict": self.verdict,
            "passed": self.passed,
            "rows": [row.to_dict() for row in self.rows],
            "diagnosis": list(self.diagnosis),
            "findings": [finding.to_dict() for finding in self.findings],
            "point": _plain(dict(self.point)),
            "steps": [list(step) for step in self.steps],
            "symbols": dict(self.symbols),
        }

    def draw(self, **options: Any) -> Diagram:
        """The graph with every compared number beside the automatic one, coloured by the verdict.

        Where the diagnosis names a mistake, its place is marked: "mistake: …" at the node, or at
        the arrow if it is in one local derivative, and at all those where it is made. If several
        mistakes would give the same numbers, the place of each is marked with "perhaps: …". Long
        words are cut; all of them are in the hint of the box, or the arrow, and in the description
        of the picture.

        The gradients are computed for this picture, whatever `grad` holds: of several results, they
        are those of the first one that is wrong. After `check_gradient()` and its kin, it is the
        graph at the point of the table.

        Args:
            options: those of `draw()`.

        Raises:
            ValueError, TypeError: as `draw()` does.

        Example:
            >>> from autograd import Value, compare
            >>> x = Value(3.0, name="x")
            >>> y = ((x + 1.0) ** 2).named("y")
            >>> report = compare(y, {x: 4.0, "x + 1": 4.0})
            >>> report.diagnosis[-1]
            'The mistake: the factor 2 is missing (at y).'
            >>> "mistake: the factor 2 is" in report.draw().svg()
            True
        """
        from autograd.diagram import draw, palette
        from autograd.diagram.steps import Mark

        colors = {"agree": palette.RIGHT, "convention": palette.RIGHT}
        colors["not exercised"] = palette.DOUBTFUL
        order = topological_order(self._root)
        several = len(self._outputs) > 1
        first = self._root
        if several:
            bad = [pair for pair, row in self._pairs() if row.verdict not in PASSING]
            first = bad[0][0] if bad else self._outputs[0]
        marks: defaultdict[Any, list[Mark]] = defaultdict(list)
        for (of, wrt), row in self._pairs():
            color = colors.get(row.verdict, palette.WRONG)
            sign = "=" if row.yours == row.automatic else "≠" if color == palette.WRONG else "≈"
            alike = number(row.yours) == number(row.automatic) and sign != "="
            yours, ours = [
                number(x, None) if alike else number(x) for x in (row.yours, row.automatic)
            ]
            words = f"yours {yours} {sign} {ours}"
            if of is self._root:
                marks[wrt].append(Mark(words, color))
            elif several and row.verdict not in PASSING:
                marks[wrt].append(Mark(f"{legible(row.derivative)}: {words}", color))
            for index, operand in enumerate(of.operands):
                if operand is wrt:
                    marks[of, index].append(Mark(words, color))
        # A place that only the graphs at other points have is None here, and not drawn.
        node_at = {place: node for node, place in places_of(order).items()}.get
        for finding in self.findings:
            word = "mistake" if finding.certain else "perhaps"
            for place, kind, sentence in finding._causes:
                text, hint = legible(f"{word}: {kind}"), legible(f"{word}: {sentence}")
                mark = Mark(text, palette.CAUSE, hint)
                if isinstance(place, Place):
                    marks[node_at(place)].append(mark)
                else:
                    marks[node_at(place[0]), place[1]].append(mark)
        below = topological_order(first)
        swept = dict.fromkeys(order, 0.0) | gradients(below, uses(below))
        roots = self._outputs if several else self._root
        return draw(roots, marks=marks, gradients=swept, **options)

    def _pairs(self) -> Iterator[tuple[tuple[Any, Any], Row]]:
        """The rows, each with what is differentiated, and with respect to what."""
        return zip(self._compared, self.rows, strict=True)

    def __repr__(self) -> str:
        return f"<Report: {self.verdict}, {len(self.rows)} derivatives compared>"

    def __str__(self) -> str:
        shown = self._shown()
        table = [HEAD, *map(_cells, shown)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = []
        for name, *numbers, verdict in table:
            columns = [x.rjust(width) for x, width in zip(numbers, widths[1:-1], strict=True)]
            lines.append("  ".join([name.ljust(widths[0]), *columns, verdict]))
        words = filter(None, self._words(self.diagnosis))
        lines += [textwrap.fill(words, COLUMNS, subsequent_indent="  ") for words in words]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        def line(cells: Sequence[str], tag: str, color: str) -> str:
            columns = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
            return f'<tr style="color: {color}">{columns}</tr>'

        rows = [line(_cells(row), "td", COLORS[row.verdict]) for row in self._shown()]
        *words, where = self._words(self.sentences)
        text = "".join(f"<p{INDENT if x[:1] == ' ' else ''}>{escape(x)}</p>" for x in words)
        steps = "".join(line(_padded(step), "td", "inherit") for step in self.steps)
        witness = f"<table>{steps}</table>" if steps else ""
        below = f"<p>{escape(where)}</p>" if where else ""
        head = line(HEAD, "th", "inherit")
        return f"<table>{head}{''.join(rows)}</table>{text}{witness}{below}"

    def _shown(self) -> list[Row]:
        """The rows that are printed, in order; where there are too many, the worst."""
        by_severity = sorted(self.rows, key=lambda row: -SEVERITY.index(row.verdict))
        kept = {id(row) for row in by_severity[:MOST_ROWS]}
        return [row for row in self.rows if id(row) in kept]

    def _words(self, diagnosis: Sequence[str]) -> list[str]:
        """All the sentences; the last, on symbols, may be empty."""
        shown = self._shown()
        hidden = len(self.rows) - len(shown)
        more = [f"… and {hidden} more, none of them worse"] if hidden else []
        noted: dict[str, list[str]] = {}
        for row in shown:
            if row.note:
                noted.setdefault(row.note, []).append(row.derivative)
        notes = [f"{', '.join(names)}: {note}" for note, names in noted.items()]
        where = ", ".join(f"{symbol} = {formula}" for symbol, formula in self.symbols.items())
        return [*more, *notes, *diagnosis, f"Here {where}." if where else ""]


def _plain(tree: Any) -> Any:
    """Arguments as dicts, lists and numbers."""
    if isinstance(tree, dict):
        return {str(key): _plain(part) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_plain(part) for part in tree]
    return np.asarray(tree).tolist()


INDENT = ' style="margin-left: 2em"'
HEAD = ("derivative", "yours", "automatic", "numeric", "difference", "verdict")
COLORS: dict[Verdict, str] = {
    "agree": "inherit",
    "convention": "#0a5394",
    "not exercised": "#8a5a00",
    "undefined": "#b3261e",
    "disagree": "#b3261e",
}


def _cells(row: Row) -> tuple[str, ...]:
    name = legible(row.derivative)
    if len(name) > WIDEST:  # keep the end, which says with respect to what
        name = f"{name[: WIDEST // 3]}…{name[1 + WIDEST // 3 - WIDEST :]}"
    numeric = "" if row.numeric is None else number(row.numeric)
    numbers = number(row.yours), number(row.automatic), numeric, number(row.difference, 3)
    return name, *numbers, row.verdict


def _padded(step: Sequence[str]) -> list[str]:
    """A step of the arithmetic in columns: the name, the formulas, the result."""
    name, *between, result = step if len(step) > 1 else (step[0], "")
    return [
        name,
        *(["=", " = ".join(between)] if between else ["", ""]),
        "=" if result else "",
        result,
    ]


def said(rows: Sequence[Row], diagnosis: Sequence[str]) -> Iterator[str]:
    """All the texts in which symbols may occur."""
    for row in rows:
        yield from (row.derivative, row.note)
    yield from diagnosis


def should_be(yours: float, ours: float) -> str:
    """A wrong number beside the right one."""
    return f"yours {number(yours)}, should be {number(ours)}{apart(yours, ours)}"


def apart(yours: float, ours: float) -> str:
    """How far apart two numbers are if they print alike; otherwise nothing."""
    if number(yours) != number(ours) or not ours or not isfinite(ours):
        return ""
    return f" (relative error {number(abs(yours - ours) / abs(ours), 2)})"
