"""The syntax of a formula: text parsed like Python, within limits, and shown where it is wrong."""

import ast
import re
import unicodedata
import warnings
from keyword import iskeyword

LONGEST_FORMULA = 10_000
"""How many characters a formula may have."""
LONGEST_NAME = 100
MOST_NESTED = 100
"""How deeply parentheses may be nested."""
MOST_SYMBOLS = 2000
"""How many operators, parentheses and commas it may have."""
SHOWN = 70
"""How much of a long formula is shown in a message."""
SYMBOLS = {*"()[],.+-*/%<>", "//", "**", "<=", ">="}
HINTS = {
    "^": "; a power is written **",
    "×": "; a product is written *",
    "·": "; a product is written *",
    "\N{MINUS SIGN}": "; a minus is written -",
}


class Source:
    """A formula in one line, which the parser and the messages count in the same way.

    Raises:
        ValueError: if it is too long, or empty.
    """

    def __init__(self, text: str) -> None:
        self.text = re.sub(r"\s", " ", text[: LONGEST_FORMULA + SHOWN]).strip()
        if len(text) > LONGEST_FORMULA:
            message = (
                f"a formula has at most {LONGEST_FORMULA:,} characters; this one has {len(text):,}"
            )
            raise self.wrong(message, LONGEST_FORMULA)
        if not self.text:
            raise ValueError("the formula is empty")

    def wrong(self, message: str, column: int) -> ValueError:
        """The error that shows the place."""
        text = "".join(x if x.isprintable() else "?" for x in self.text)
        column = max(0, min(column, len(text)))
        if len(text) > SHOWN:
            start = max(0, min(column - SHOWN // 2, len(text) - SHOWN))
            end = start + SHOWN
            before, after = "…" if start else "", "…" if end < len(text) else ""
            text = before + text[start:end] + after
            column += len(before) - start
        width = sum(
            0 if unicodedata.combining(x) else 1 + (unicodedata.east_asian_width(x) in "WF")
            for x in text[:column]
        )
        return ValueError(f"{message}\n  {text}\n  {' ' * width}^")

    def parsed(self) -> ast.expr:
        """The formula as a tree, whose depth is limited before Python's parser sees it."""
        self._check()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            message = (error.msg or "").split(". ")[0]
            if message.startswith("invalid syntax"):
                message = "this is not a formula"
                if not error.offset:
                    raise self.wrong("the formula ends too early", len(self.text)) from None
            elif message.startswith("Exceeds the limit"):
                message = "this number has too many digits"
            elif message == "invalid decimal literal":
                message += "; a product is written 2 * x"
            column = (error.offset or 1) - 1
            raise self.wrong(message, column) from None
        except UnicodeEncodeError as error:
            raise self.wrong("this is not text", error.start) from None
        except (MemoryError, RecursionError):
            raise self.wrong("this is nested too deeply", 0) from None
        except ValueError:
            raise self.wrong("this is not a formula", 0) from None

    def _check(self) -> None:
        """Refuse symbols and words that have no place in a formula, and too deep nesting."""
        depth = count = 0
        for match in re.finditer(r"[^\W\d]\w*|\*\*|//|<<|>>|[<>=!:]=|[^\w\s]", self.text):
            token, column = match[0], match.start()
            word = token[0].isidentifier()
            if len(token) > LONGEST_NAME:
                raise self.wrong(f"a name has at most {LONGEST_NAME} characters", column)
            if iskeyword(token) if word else token not in SYMBOLS:
                shown = token if token.isprintable() else "this"
                hint = HINTS.get(token, "")
                raise self.wrong(f"{shown} has no place in a formula{hint}", column)
            depth += (token in "([") - (token in ")]")
            count += not word
            if depth > MOST_NESTED:
                raise self.wrong(f"parentheses are nested more than {MOST_NESTED} deep", column)
            if count > MOST_SYMBOLS:
                raise self.wrong(f"a formula has at most {MOST_SYMBOLS:,} symbols", column)

    def column(self, node: ast.expr | ast.keyword) -> int:
        """The number of characters before a part of the formula."""
        return self.characters(node.col_offset)

    def characters(self, offset: int) -> int:
        """The number of characters in that many bytes."""
        return len(self.text.encode()[:offset].decode(errors="ignore"))
