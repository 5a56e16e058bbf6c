import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from autograd import Value, data, grads, sum, values
from autograd.reals import kind_of


@given(arrays(np.float64, array_shapes(min_dims=0, min_side=0), elements=st.floats(-1e9, 1e9)))
def test_data_of_values_is_what_they_were_made_from(numbers):
    made = values(numbers)
    assert made.shape == numbers.shape
    assert made.dtype == object
    assert np.array_equal(data(made), numbers)
    assert np.array_equal(data(made.tolist()), numbers) or numbers.size == 0
    sum(made.ravel())
    assert np.array_equal(grads(made), np.zeros(numbers.shape))


def test_names():
    assert [v.name for v in values([1, 2], "w")] == ["w0", "w1"]
    assert [v.name for v in values([[1, 2], [3, 4]], "w").flat] == ["w0_0", "w0_1", "w1_0", "w1_1"]
    assert values(1.0, "b")[()].name == "b"
    assert values([1.0])[0].name is None


def test_gradients_come_back_in_the_same_shape():
    x = values(np.arange(6.0).reshape(2, 3))
    sum(x * x).backward()
    assert grads(x).tolist() == [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]
    assert grads(x[0, 2]) == 4.0
    assert grads([x[0, 1], x[1, 2]]).tolist() == [2.0, 10.0]
    assert grads([[x[0, 1]], [5]]).tolist() == [[2.0], [0.0]]
    assert data([[x[0, 1]], [5]]).tolist() == [[1.0], [5.0]]
    assert grads([np.inf, np.nan]).tolist() == [0.0, 0.0]
    assert data(Value(3.0)).shape == ()
    assert data(Value(3.0)) == 3.0


@pytest.mark.parametrize("wrong", [["a"], [None], [1j], [Value(1.0)], None, "abc", {}])
def test_values_takes_real_numbers(wrong):
    with pytest.raises(TypeError, match=r"the data of a Value must be|a Value already"):
        values(wrong)


@pytest.mark.parametrize("name", [5, b"x"])
def test_names_are_strings(name):
    with pytest.raises(TypeError, match="a name must be a string"):
        values([1.0], name)


def test_rows_of_different_lengths():
    with pytest.raises(ValueError, match="inhomogeneous"):
        values([[1, 2], [3]])


@pytest.mark.parametrize("wrong", ["a", None, {"w": Value(1.0)}, [None], [1j]])
@pytest.mark.parametrize("read", [data, grads])
def test_reading_takes_values_and_numbers(read, wrong):
    with pytest.raises(TypeError, match="an element must be a real number"):
        read(wrong)


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (1, "an int"),
        (1.0, "a float"),
        ("", "a str"),
        (None, "None"),
        (np.zeros(1), "an ndarray"),
        (object(), "an object"),
    ],
)
def test_what_something_is_in_a_message(thing, words):
    assert kind_of(thing) == words
