"""The arguments of the command `autograd`: each is text, read or refused in one line."""

import argparse
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.diagram import suffix


def number(text: str) -> float:
    """A finite number."""
    try:
        result = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not math.isfinite(result):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return result


def number_list(text: str) -> list[float]:
    """Finite numbers separated by commas."""
    return [number(item) for item in text.split(",")]


def step_count(text: str) -> int:
    """A whole number, at least 0."""
    try:
        result = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if result < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is negative")
    return result


def picture_path(text: str) -> str:
    """The path of a picture, whose suffix is the format."""
    try:
        suffix(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def page_path(text: str) -> str:
    """The path of a page."""
    if not text.lower().endswith(".html"):
        raise argparse.ArgumentTypeError(f"a page cannot be saved as {text!r}: use .html")
    return text


def argument(text: str) -> tuple[str, Any]:
    """An argument as `name=number` or `name=number,number,...`, with a ; between rows."""
    name, equals, numbers = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=number,...")
    rows = [number_list(row) for row in numbers.split(";")]
    if len({len(row) for row in rows}) > 1:
        raise argparse.ArgumentTypeError(f"the rows of {name!r} have different lengths")
    if len(rows) > 1:
        return name, np.array(rows)
    return name, np.array(rows[0]) if "," in numbers else rows[0][0]


def assignment(text: str) -> tuple[str, float]:
    """A number with its name, `name=number`."""
    name, equals, digits = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=number")
    return name.strip(), number(digits)


def formulas_protected(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments, with a space before a formula that begins with a minus: not an option."""
    previous = ""
    for argument in arguments:
        option = argument in ("-h", "-o", "--") or re.fullmatch(
            r"--[a-z]{2,}(=.*)?|-o\S*\.\w+", argument, re.DOTALL
        )
        value = previous == "-o" or re.fullmatch("--[a-z]{2,}", previous)
        yield argument if option or value or not argument.startswith("-") else f" {argument}"
        previous = "" if value else argument


def joined_negatives(arguments: Sequence[str]) -> Iterator[str]:
    """`--weights -3,-1` as `--weights=-3,-1`, since argparse would take the list for an option."""
    previous = None
    for argument in arguments:
        option = previous is not None and re.match("--.", previous)
        if option and re.match(r"-(\d|\.|inf|nan)", argument, re.IGNORECASE):
            argument = f"{previous}={argument}"
        elif previous is not None:
            yield previous
        previous = argument
    if previous is not None:
        yield previous
