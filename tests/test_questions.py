"""Every question that is asked of a Value is heard; of its own, the library asks only one."""

import copy
import inspect
import itertools
import operator
import pickle
import threading

import numpy as np
import pytest

import autograd
from autograd import Value, compare, dot, draw, explain, expression, hessian, relu, values
from autograd.derivative import has_values
from autograd.questions import listening

COMPARISONS = ["lt", "le", "gt", "ge", "eq", "ne"]


@pytest.mark.parametrize("name", COMPARISONS)
@pytest.mark.parametrize("other", [Value(2.0), 2.0, 3, np.float64(1.0), float("nan")])
def test_comparing(name, other):
    x, function, heard = Value(2.0), getattr(operator, name), []
    expected = function(x, other)
    with listening(heard.append):
        line = inspect.currentframe().f_lineno + 1
        answer = function(x, other)
    (question,) = heard
    assert (
        answer
        == expected
        == function(2.0, other.data if isinstance(other, Value) else other)
        == question.answer
    )
    assert question.asked is function
    assert question.operands == (x, other)
    assert (question.file, question.line) == (__file__, line)


def test_a_number_on_the_left_asks_the_mirrored_question():
    heard = []
    with listening(heard.append):
        assert operator.lt(1.0, Value(2.0))
    assert [question.asked for question in heard] == [operator.gt]


def test_truth():
    heard = []
    with listening(heard.append):
        assert Value(2.0)
        assert not Value(0.0)
        assert bool(Value(float("nan")))
    assert [(question.asked, question.answer) for question in heard] == [
        (bool, True),
        (bool, False),
        (bool, True),
    ]


@pytest.mark.parametrize("ufunc", [np.isnan, np.isfinite, np.isinf, np.signbit, np.logical_not])
def test_ufuncs_that_answer(ufunc):
    heard = []
    with listening(heard.append):
        line = inspect.currentframe().f_lineno + 1
        answer = ufunc(Value(-2.0))
    (question,) = heard
    assert question.asked is ufunc
    assert question.answer == answer == ufunc(-2.0)
    assert question.line == line


def test_arrays():
    x = values([3.0, 1.0, 2.0])
    for ask, expected in (
        (lambda: int(np.argmax(x)), 0),
        (lambda: int(np.argmin(x)), 1),
        (lambda: float(np.sort(x)[0].data), 1.0),
        (lambda: float(max(x).data), 3.0),
        (lambda: (x > 1.5).tolist(), [True, False, True]),
        (lambda: np.less(x[0], np.array([1.0, 5.0])).tolist(), [False, True]),
    ):
        heard = []
        with listening(heard.append):
            assert ask() == expected
        assert heard
        assert {question.file for question in heard} == {__file__}


def test_who_is_told():
    one, two, others = [], [], []

    def elsewhere():
        others.append(Value(1.0) < 2.0)

    with listening(one.append):
        with listening(two.append):
            Value(1.0) < 2.0  # noqa: B015
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        bool(Value(1.0))
    bool(Value(1.0))
    assert (len(one), len(two), others) == (2, 1, [True])


def test_a_listener_that_raises():
    def listener(question):
        raise LookupError(question.asked.__name__)

    with pytest.raises(LookupError, match="lt"), listening(listener):
        Value(1.0) < 2.0  # noqa: B015
    assert Value(1.0) < 2.0
    assert autograd.questions.listeners == []


def test_the_library_asks_only_what_has_a_value_when_it_differentiates():
    def f(v):
        x, y = v
        total = autograd.sum([x * y, x, relu(y - 1), 2.0])
        return autograd.exp(x / y) + dot([x, 1.0], [y, x]) + total

    heard = []
    with listening(heard.append):
        x, y = Value(1.0, "x"), Value(2.0, "y")
        root = f([x, y]) - 0.5 * x**3
        root.backward()
        root.forward()
        slope = root.derivative(x)
        slope.derivative(y)
        for kinked in (abs(x), autograd.maximum(x, y), autograd.clip(x, 0.0, y), relu(x) * x):
            kinked.derivative(x).derivative(x).derivative(x)
        hessian(f)([1.0, 2.0])
        expression(slope)
        autograd.latex(slope)
        for wrt in (x, root.operands[0]):
            expression(root, wrt=wrt)
            autograd.latex(root, wrt=wrt)
        autograd.python_source(root, gradient=True)
        str(explain(root))
        draw(root).source  # noqa: B018
        str(compare(root, {x: 1.0, y: 2.0}))
        pickle.loads(pickle.dumps(root))
        copy.deepcopy(root)
        root.zero_grad()
    assert {question.asked for question in heard} == {has_values}
    assert {*itertools.chain(*[question.answer for question in heard])} == {True}


def test_blocks_that_do_not_end_in_the_order_in_which_they_began():
    one, two = [], []
    first, second = listening(one.append), listening(two.append)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    bool(Value(1.0))
    second.__exit__(None, None, None)
    bool(Value(1.0))
    assert (len(one), len(two)) == (0, 1)
    assert autograd.questions.listeners == []


def test_one_listener_twice():
    heard = []
    with listening(heard.append):
        with listening(heard.append):
            bool(Value(1.0))
        bool(Value(1.0))
    assert len(heard) == 3


def test_a_listener_may_ask_itself():
    heard = []

    def listener(question):
        heard.append(question.operands[0] > 0.0)

    with listening(listener):
        assert Value(1.0) < 2.0
        assert Value(-1.0) < 2.0
    assert heard == [True, False]


def test_a_question_from_nowhere():
    heard = []
    with listening(heard.append):
        exec("x > 1", {"x": Value(2.0), "__name__": None})
    assert heard[0].file == "<string>"
