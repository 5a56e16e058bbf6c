"""The elements that SVG consists of."""

from xml.etree.ElementTree import Element, SubElement

Attribute = str | float | None


def add(parent: Element, tag: str, text: str | None = None, **attributes: Attribute) -> Element:
    """A new element in another, with those of the attributes that are not None.

    `stroke_width` stands for `stroke-width`, `class_` for `class`.
    """
    result = SubElement(
        parent,
        tag,
        {
            name.rstrip("_").replace("_", "-"): x if isinstance(x, str) else decimal(x)
            for name, x in attributes.items()
            if x is not None
        },
    )
    result.text = text
    return result


def decimal(x: float) -> str:
    """A coordinate, to a hundredth of a point."""
    return f"{round(x, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def path(*parts: str | float) -> str:
    """The `d` of a path: letters and coordinates."""
    return " ".join(part if isinstance(part, str) else decimal(part) for part in parts)
