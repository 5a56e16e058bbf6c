"""The colours of a picture, each for light and for dark surroundings."""

BACKGROUND = "#ffffff"
CARD = "#fefefe"
INK = "#1c2128"
MUTED = "#57606a"
LEAF = "#0b6b72"
OPERATION = "#97a1ac"
ROOT = "#7424b0"
"""The root, and what belongs to the way back from it: local derivatives."""
HEADING = "#e8ecf0"
ARROW = "#7d8793"
DEAD = "#666e78"
DEAD_FILL = "#f3f4f6"
CLUSTER = "#c3cad2"
CLUSTER_FILL = "#f8f9fb"
RIGHT = "#126329"
WRONG = "#b3261e"
DOUBTFUL = "#7d5200"
CAUSE = INK
"""Where a mistake is: unlike the colours of verdicts also in grey print."""
BY_SEVERITY = [CAUSE, WRONG, DOUBTFUL, RIGHT]
"""The colours of marks, the most serious first."""
NEGATIVE = ["#dbe8f6", "#b3d0ee", "#86b4e4", "#5896d6"]
POSITIVE = ["#fff0dc", "#ffdfb5", "#ffcb85", "#fcb354"]
"""From the smallest to the largest; a negative one is darker, so that they differ in grey, too."""
ZERO = "#eff1f4"
NAN, HATCH = "#f2c4ea", "#d98fcf"

DARK = {
    BACKGROUND: "#14171c",
    CARD: "#1d2228",
    INK: "#e9eef4",
    MUTED: "#a5aeb9",
    LEAF: "#6fd3d8",
    OPERATION: "#66717d",
    ROOT: "#d6aeff",
    HEADING: "#2d343c",
    ARROW: "#87929e",
    DEAD: "#929ba6",
    DEAD_FILL: "#22272e",
    CLUSTER: "#4a525c",
    CLUSTER_FILL: "#181c21",
    RIGHT: "#7ee2a0",
    WRONG: "#ffb3ad",
    DOUBTFUL: "#f0c36a",
    ZERO: "#2a3038",
    NAN: "#5b2a54",
    HATCH: "#7d3f74",
    **dict(zip(NEGATIVE, ["#20344c", "#214569", "#22568a", "#2368ab"], strict=True)),
    **dict(zip(POSITIVE, ["#3d3020", "#5a3f1a", "#774d12", "#93590a"], strict=True)),
}
"""The colour that replaces each of the others in the dark."""


def tint(shade: int | None) -> str:
    """The colour of a shade from -4 to 4, or of nan."""
    if shade is None:
        return NAN
    if not shade:
        return ZERO
    return POSITIVE[shade - 1] if shade > 0 else NEGATIVE[-shade - 1]
