"""NumPy's warnings are off where something is computed quietly, and never left off."""

import sys
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import Value, check_gradient, hvp
from autograd.quiet import quiet, quietly


def settings():
    return np.geterr()


def test_off_within_and_on_afterwards():
    before = np.geterr()
    assert set(quietly(settings).values()) == {"ignore"}
    assert quiet(settings)() == quietly(settings)
    assert quietly(lambda x, *, y: (x, y), 1, y=2) == (1, 2)
    assert np.geterr() == before
    with np.errstate(all="raise"):
        assert np.isnan(quietly(np.divide, 0.0, 0.0))
        assert set(np.geterr().values()) == {"raise"}
    with pytest.raises(ZeroDivisionError):
        quietly(lambda: 1 / 0)
    assert np.geterr() == before


def test_the_name_and_the_words_of_a_function_stay():
    assert autograd.derivative.derivative_graphs.__name__ == "derivative_graphs"
    assert autograd.derivative.derivative_graphs.__doc__.startswith("The adjoints of the nodes")


def interrupted(function, after):
    """Call a function and interrupt it after so many steps of the interpreter; whether it was."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        frame.f_trace_opcodes = True
        count += 1
        if count == after:
            raise KeyboardInterrupt
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(previous)
    return False


def derive():
    x = Value(2.0)
    (x * x).derivative(x)


CALLS = {
    "derivative": derive,
    "infinite partial": lambda: Value(0.0).sqrt(),
    "hvp": lambda: hvp(lambda x: x * x, (2.0,), (1.0,)),
    "check_gradient": lambda: check_gradient(lambda x: x * x, lambda x: 2 * x, 3.0, samples=1),
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # in a generator
@pytest.mark.parametrize("name", CALLS)
def test_an_interrupt_anywhere_leaves_the_warnings_on(name):
    """At every step of the interpreter where that is quick, at some hundred of them elsewhere."""
    call, before = CALLS[name], np.geterr()
    call()
    last = 1
    while interrupted(call, last):
        last *= 2
    try:
        for after in range(1, last, max(1, last // 1000)):
            interrupted(call, after)
            assert np.geterr() == before, after
    finally:
        np.seterr(**before)


def test_there_is_no_other_way_in_the_library():
    package = Path(autograd.__file__).parent
    texts = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    ways = [path.name for path, text in texts.items() if "errstate(" in text or "seterr(" in text]
    assert ways == ["quiet.py"]
