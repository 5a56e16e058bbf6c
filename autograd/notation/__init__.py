"""The names of nodes and the writing of formulas, once, for every reader."""
