from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, values
from autograd.trees import flatten, keys, mapped

Pair = namedtuple("Pair", ["first", "second"])

numbers = st.floats(allow_nan=False)
arrays = st.lists(numbers, max_size=4).map(lambda x: np.array(x, dtype=np.float64))
tables = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(np.ones)
trees = st.recursive(
    numbers | arrays | tables,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.tuples(inner, inner).map(lambda pair: Pair(*pair))
    ),
    max_leaves=10,
)


def role(path):
    return f"the tree{keys(path)}"


@given(trees)
def test_what_is_taken_apart_is_put_together_again(tree):
    taken = flatten(tree, role)
    assert all(type(x) is float for x in taken.numbers)
    again = taken.build(taken.numbers)
    assert repr(again) == repr(tree)
    assert taken.like(flatten(tree, role), "the other") == taken.numbers


@given(trees)
def test_paths_lead_to_the_items(tree):
    def check(item, path):
        there = tree
        for key in path:
            there = there[key]
        assert there is item

    mapped(check, tree)


def test_kinds_of_dict_are_kept_and_the_tree_is_not_changed():
    tree = defaultdict(list, b=1.0, a=OrderedDict(x=2))
    twin = mapped(lambda item, path: item + 1, tree)
    assert type(twin) is defaultdict
    assert type(twin["a"]) is OrderedDict
    assert list(twin) == ["b", "a"]
    assert (twin["b"], twin["a"]["x"]) == (2.0, 3)
    assert tree == {"b": 1.0, "a": {"x": 2}}


def test_values_stay_and_numbers_become_floats():
    v = Value(1.0)
    w = values([2.0, 3.0])
    taken = flatten([v, w, np.float32(4), True, np.array([5, 6])], role)
    assert taken.numbers[0] is v
    assert taken.numbers[1] is w[0]
    assert taken.numbers[3:] == [4.0, 1.0, 5.0, 6.0]
    assert taken.build(taken.numbers)[1].dtype == object
    assert taken.shown() == ("[number, array of shape (2,), number, number, array of shape (2,)]")


def test_long_structures_are_shortened():
    assert len(flatten([[0.0] * 1000] * 1000, role).shown()) < 1000


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"a": (1.0, ["x"])}, r"the tree\['a'\]\[1\]\[0\] must be a real number, not the str 'x'"),
        (np.array([[1.0, None]]), r"the tree\[0\]\[1\] must be a real number, not None"),
        (np.array([1j]), r"the tree\[0\] must be a real number, not the complex 1j"),
        (np.array(["2020-01-01"], "datetime64[D]"), r"the tree\[0\] must be a real number"),
        ([frozenset()], r"the tree\[0\] must not be a set, which has no order; make it a list"),
    ],
)
def test_what_is_not_a_number(tree, message):
    with pytest.raises(TypeError, match=message):
        flatten(tree, role)


def test_other_structures():
    tree = flatten({"a": 1.0, "b": np.ones(2)}, role)
    other = flatten({"b": np.array([2.0, 3.0]), "a": np.array(4.0)}, role)
    assert tree.like(other, "the other") == [4.0, 2.0, 3.0]
    for wrong in ({"a": 1.0}, {"a": 1.0, "b": np.ones(3)}, {"a": 1.0, "b": [1.0, 1.0]}, 1.0):
        with pytest.raises(ValueError, match=r"the other must have the structure \{'a': number, "):
            tree.like(flatten(wrong, role), "the other")
