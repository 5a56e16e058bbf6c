"""Arrays of Values: made, read, changed, mixed with numbers, beside those of other libraries."""

import copy
import math
import pickle

import numpy as np
import pandas
import pytest
import xarray
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import autograd
from autograd import Array, Value, array, data, grad, grads, sum, values
from autograd.reals import boxed, kind_of


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


# --- What an Array is ---------------------------------------------------------------------------

METHODS = [
    "all", "any", "argmax", "argmin", "argsort", "cumprod", "cumsum", "max", "mean", "min",
    "nonzero", "prod", "std", "sum", "trace", "var",
]  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_the_function_of_numpy(name):
    numbers = np.array([[2.0, -1.0], [0.5, 4.0]])
    x = values(numbers)
    result, expected = getattr(x, name)(), getattr(numbers, name)()
    if isinstance(result, tuple):
        assert [part.tolist() for part in result] == [part.tolist() for part in expected]
    elif isinstance(result, (Value, Array)):
        assert np.allclose(data(result), expected, rtol=1e-15)
    else:
        assert np.array_equal(result, expected)
        assert not isinstance(result, Array)


def test_views_slices_and_copies_are_arrays_of_the_same_values():
    x = values(np.arange(6.0).reshape(2, 3))
    views = [x.T, x[0], x[:, 1:], x[x > 2.0], x[[1, 0]], x.ravel(), x.reshape(3, 2), x.copy(),
             x.flatten(), x.swapaxes(0, 1), x.repeat(2), x.take([0, 1]), np.atleast_3d(x),
             copy.copy(x)]  # fmt: skip
    assert {type(view) for view in views} == {Array}
    assert all(any(item is y for y in x.flat) for view in views for item in view.flat)
    x.T[0, 1] = 7.0
    assert x[1, 0] == 7.0
    assert type(copy.deepcopy(x)) is Array
    assert copy.deepcopy(x)[0, 0] is not x[0, 0]


def test_pickling_keeps_the_graph():
    x = values([1.0, 2.0], "x")
    twins, products = pickle.loads(pickle.dumps((x, x * x)))
    assert type(twins) is type(products) is Array
    products.sum().backward()
    assert grads(twins).tolist() == [2.0, 4.0]
    assert grads(x).tolist() == [0.0, 0.0]


def test_other_types_are_plain_arrays():
    x = values([0.0, 2.0])
    for plain in (x.astype(bool), x > 1.0, np.isnan(x), np.argsort(x), x.argpartition(1),
                  np.zeros_like(x, dtype=float), np.ones(2, like=x).astype(float),
                  np.arange(2, like=x)):  # fmt: skip
        assert type(plain) is np.ndarray
    with pytest.raises(TypeError, match=r"would lose its gradient: use \.data, .* autograd\.array"):
        x.astype(float)


def test_an_array_is_made_by_functions():
    with pytest.raises(TypeError, match=r"made by autograd\.array\(\) of Values and numbers, or"):
        Array([1.0, 2.0])


def test_in_place():
    x = values([3.0, 1.0, 2.0])
    largest = x[0]
    x += 1.0
    x *= x
    x[x > 10.0] = 0.0
    assert data(x).tolist() == [0.0, 4.0, 9.0]
    x[0] = largest
    x.sort()
    assert data(x).tolist() == [3.0, 4.0, 9.0]
    x.sum().backward()
    assert largest.grad == 1.0
    table = array(np.eye(2))
    table[0] = x[:2]
    assert table[0, 0] is largest
    np.exp(x, out=x)
    np.copyto(table, x[0])
    assert table[1, 1] is x[0]


# --- Arrays of what is there already ------------------------------------------------------------


def test_array_puts_in_what_is_there():
    v, x = Value(2.0), values([[1.0, 3.0]])
    for nested in ([v, 1], (v, np.int64(1)), [boxed(v), np.array(1.0)], np.array([v, True])):
        made = array(nested)
        assert type(made) is Array
        assert made[0] is v
        assert type(made[1]) is float
    assert array([x, [[v, 4]]]).shape == (2, 1, 2)
    assert array([x, [[v, 4]]])[1, 0, 0] is v
    assert array(v).shape == array(1.0).shape == ()
    assert array(v)[()] is v
    assert array([]).shape == (0,)
    copied = array(x)
    copied[0, 0] = v
    assert x[0, 0] is not v


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (["a"], TypeError, r"an element of array\(\) must be a real number, not the str 'a'"),
        ([None], TypeError, "not None"),
        ([1j], TypeError, "real and imaginary parts"),
        ([[1.0], [2.0, 3.0]], ValueError, r"rows of array\(\) have different lengths"),
        ([[1.0, 2.0], 3.0], ValueError, "different lengths|inhomogeneous"),
        (np.ma.array([1.0], mask=[True]), TypeError, "must not have a mask"),
        ({1.0}, TypeError, "not a set"),
    ],
)
def test_array_takes_numbers_and_values(wrong, error, message):
    with pytest.raises(error, match=message):
        array(wrong)


def test_numbers_among_values_meet_every_kind_of_function():
    p = values([0.0, 0.5, 1.0])
    clipped = np.clip(p, 1e-12, 1.0)
    assert data(np.log(clipped)).tolist() == np.log(np.clip([0.0, 0.5, 1.0], 1e-12, 1.0)).tolist()
    for mixed in (np.pad(p, 1), np.triu(np.outer(p, p)), np.diag(p), np.insert(p, 1, 2.0),
                  np.concatenate([p, [4.0, -1.0]]), array([p[0], 0.25, True])):  # fmt: skip
        plain = data(mixed)
        for function in (np.exp, np.cbrt, np.square, np.sign, np.negative, np.floor, np.sort,
                         lambda a: a / 3.0, lambda a: 3.0 - a, lambda a: a**2, lambda a: 2.0**a,
                         lambda a: a // 2, np.sum, np.std, np.max, lambda a: np.heaviside(a, 0.5),
                         lambda a: np.logaddexp(a, 1.0), lambda a: np.maximum(a, 0.3),
                         lambda a: a @ np.ones(len(a)), np.isnan):  # fmt: skip
            assert np.allclose(data(function(mixed)), function(plain), rtol=1e-14)


def test_numbers_alone_stay_an_array_and_follow_ieee_754():
    zeros = np.zeros_like(values([1.0, 2.0]))
    assert type(zeros) is type(zeros + 1.0) is type(np.exp(zeros)) is Array
    with np.errstate(all="ignore"):
        assert (1.0 / zeros).tolist() == [math.inf] * 2
        assert np.isnan(zeros / zeros).all()
        assert np.isnan((zeros - 8.0) ** 0.5).all()  # no complex number
        assert (zeros**-1).tolist() == [math.inf] * 2
        assert np.isnan(zeros % 0.0).all()


# --- Other libraries ----------------------------------------------------------------------------


def labelled(numbers):
    return [
        pandas.Series(numbers, index=list("cab")),
        pandas.DataFrame({"a": numbers})["a"],
        xarray.DataArray(numbers, dims="place", coords={"place": list("cab")}),
    ]


@pytest.mark.parametrize("items", labelled([1.0, 2.0, 4.0]) + labelled([1, 2, 4]))
def test_numbers_of_other_libraries_are_taken_without_labels(items):
    x = values([0.5, 1.5, 2.5])
    for result in (x * items, np.add(x, items), x @ items, np.maximum(x, items), x**items,
                   autograd.exp(items), autograd.sum(items), autograd.dot(x, items), values(items),
                   array(items), np.where(x > 1.0, x, items), np.concatenate([x, items]),
                   data(items)):  # fmt: skip
        assert isinstance(result, (Value, np.ndarray, float))
    assert autograd.dot(x, items).data == (x @ items).data == 0.5 + 3.0 + 10.0
    sum(x * items).backward()
    assert grads(x).tolist() == [1.0, 2.0, 4.0]


def test_a_data_frame():
    x, frame = values([1.0, 2.0]), pandas.DataFrame({"a": [1.0, 2.0], "b": [3, 4]})
    assert data(x @ frame).tolist() == [5.0, 11.0]
    assert data(list(frame @ x)).tolist() == [7.0, 10.0]
    assert autograd.sum(frame) == 10.0


@pytest.mark.parametrize(
    "items",
    [
        pandas.Series([1.0, 2.0], dtype=object),
        pandas.Series([1, 2], dtype="Int64"),
        pandas.Series([1.0, 2.0], dtype="Float64"),
        pandas.Series(["a", "b"]),
        pandas.Series([1, 2], dtype="category"),
        pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),
        xarray.DataArray(["a", "b"]),
    ],
    ids=lambda x: f"{type(x).__name__} {getattr(x, 'dtype', '')}",
)
@pytest.mark.parametrize(
    "use", [lambda x, y: x * y, lambda x, y: autograd.sum(y), lambda x, y: values(y),
            lambda x, y: array(y), lambda x, y: x + y]
)  # fmt: skip
def test_other_types_of_other_libraries_are_refused(items, use):
    with pytest.raises(TypeError, match=r"made of NumPy's real numbers, not a .* of .*\.to_numpy"):
        use(values([1.0, 2.0]), items)


def test_a_unit_of_xarray_is_refused():
    with pytest.raises(TypeError, match=r"must not have a unit \(m\), which would be lost"):
        values([1.0]) * xarray.DataArray([1.0], attrs={"units": "m"})


def test_arguments_are_arrays_of_numpy():
    gradient = autograd.grad(lambda x: x.sum())
    with pytest.raises(
        TypeError, match=r"argument 0 of .* an array of NumPy's, not a Series: .*to_"
    ):
        gradient(pandas.Series([1.0, 2.0]))


def test_data_and_grad_of_an_array():
    x = values([[1.0, 2.0]])
    (x @ x.T).sum().backward()
    assert x.grad.tolist() == [[2.0, 4.0]]
    x.data -= 0.5 * x.grad
    assert x.data.tolist() == [[0.0, 0.0]] == [[y.data for y in x.flat]]
    x.grad = None
    assert x.grad.tolist() == grads(x).tolist() == [[0.0, 0.0]]
    x.data = 3.0
    assert data(x).tolist() == [[3.0, 3.0]]
    mixed = array([x[0, 0], 1.0])
    assert mixed.grad.tolist() == [0.0, 0.0]
    with pytest.raises(TypeError, match="a plain number in the array has no data to assign to"):
        mixed.data = 2.0


def test_whole_numbers_from_steps_are_indices():
    x = values([0.2, 1.7, 2.5])
    assert x[np.floor(x).astype(int)][1] is x[1]
    assert [int(f(x[1])) for f in (np.floor, np.ceil, np.trunc, np.round, np.sign)] == [
        1,
        2,
        1,
        2,
        1,
    ]
    assert int(x[2] // 2) == 1
    for lost in (x[0], x[0] + 1.0, np.floor(x[0]) * 1.0, np.maximum(x[0], 0.0)):
        with pytest.raises(TypeError, match="would lose its gradient"):
            int(lost)
    with pytest.raises(TypeError, match="would lose its gradient"):
        float(np.floor(x[0]))


def test_a_value_has_what_numpys_numbers_have():
    v = Value(1.0)
    assert (v.shape, v.ndim, v.size) == (np.shape(v), np.ndim(v), np.size(v)) == ((), 0, 1)
    for method in (v.sum, v.mean, v.prod, v.max, v.min, v.squeeze):
        assert method() is method(axis=None) is v.T is v
    for vector in (v.ravel(), v.flatten(), v.reshape(1), v.reshape((1,)), v.reshape(-1)):
        assert type(vector) is Array
        assert vector.shape == (1,)
        assert vector[0] is v
    assert v.reshape(1, 1).shape == (1, 1)
    assert grad(lambda x: (x @ x).sum())(np.ones(2)).tolist() == [2.0, 2.0]
