"""The mistakes that people make by hand at one node of a graph, with the numbers they give."""
