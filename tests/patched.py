"""Value as it was before `autograd.micrograd` was imported."""

import sys

from autograd import Value

BEFORE = dict(vars(Value))


def restore() -> None:
    """Forget the names of micrograd."""
    sys.modules.pop("autograd.micrograd", None)
    for name in vars(Value).keys() - BEFORE.keys():
        delattr(Value, name)
    for name, thing in BEFORE.items():
        if vars(Value)[name] is not thing:
            setattr(Value, name, thing)
