"""The findings of a diagnosis: data, of which the sentences are made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from autograd.compare.places import Place, Use
from autograd.notation.numbers import number


class Cause(NamedTuple):
    """A place in the function at which a mistake is made, if it is the one."""

    place: Place | Use
    kind: str
    sentence: str
    """The kind with the place in words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One explanation of wrong numbers, or a part of one. As text it is a sentence.

    Attributes:
        kind: a relation between your numbers and the right ones ("multiple", "factor", "term",
            "difference", "order", "sum", "argument", …), or the mistake that gives your numbers.
        argument: the argument, or arguments, whose gradient it is about; empty if all.
        place: where, in the argument or in the function; empty if that is said by the kind.
        number: the number that it is about, if there is one.
        certain: whether it is a fact that holds at every point, or the only one of the mistakes
            that were tried that gives the numbers; not where others would give the same.
        template: the sentence, in which the names of the fields stand in braces.
    """

    kind: str
    argument: str = ""
    place: str = ""
    number: float | None = None
    certain: bool = True
    template: str = "{kind}{place}"
    _causes: Sequence[Cause] = field(default=(), repr=False, compare=False)
    """Where it is marked in a picture of the function."""

    def __str__(self) -> str:
        number_ = "" if self.number is None else number(self.number)
        return self.template.format(
            kind=self.kind, argument=self.argument, place=self.place, number=number_
        )

    def to_dict(self) -> dict[str, Any]:
        """The finding as a dictionary of plain values, with its sentence."""
        fields = {name: getattr(self, name) for name in FIELDS}
        return {**fields, "sentence": str(self)}


FIELDS = ("kind", "argument", "place", "number", "certain")


def escaped(text: str) -> str:
    """Text that may hold braces, for a template."""
    return text.replace("{", "{{").replace("}", "}}")
