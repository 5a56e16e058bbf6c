"""The colours of a picture, each for light and for dark surroundings."""

BACKGROUND = "#ffffff"
INK = "#1c2128"
MUTED = "#57606a"
LEAF = "#0a5394"
OPERATION = "#3d444d"
ROOT = "#7424b0"
GROUP = "#0a6b4d"
DEAD = "#666e78"
DEAD_FILL = "#f3f4f6"
CLUSTER = "#c3cad2"
CLUSTER_FILL = "#f8f9fb"
RIGHT = "#126329"
WRONG = "#b3261e"
DOUBTFUL = "#7d5200"
BY_SEVERITY = [WRONG, DOUBTFUL, RIGHT]
"""The colours of marks, the most serious first."""
TINTS = ["#fefefe", "#fff8ea", "#fff1d6", "#ffe9bf", "#ffdfa4", "#ffd487"]
"""From no gradient to the largest in the picture."""

DARK = {
    BACKGROUND: "#14171c",
    INK: "#e9eef4",
    MUTED: "#a5aeb9",
    LEAF: "#9accff",
    OPERATION: "#c2cad3",
    ROOT: "#d6aeff",
    GROUP: "#74d9b3",
    DEAD: "#929ba6",
    DEAD_FILL: "#22272e",
    RIGHT: "#7ee2a0",
    WRONG: "#ffb3ad",
    DOUBTFUL: "#f0c36a",
    CLUSTER: "#4a525c",
    CLUSTER_FILL: "#1a1e24",
    **dict(
        zip(TINTS, ["#20252c", "#2c2719", "#3a2f18", "#493715", "#584012", "#604510"], strict=True)
    ),
}
"""The colour that replaces each of the others in the dark."""
