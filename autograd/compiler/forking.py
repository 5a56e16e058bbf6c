"""Forks: a process that comes of one finds no lock held by a thread that it does not have."""

import os
import threading
from typing import Any
from weakref import WeakSet

making = threading.RLock()
"""Is held while code is made of a program. A fork waits until it is not."""
_waited_for: list[Any] = [making]
_renewed: WeakSet[Any] = WeakSet()


def wait_for(lock: Any) -> None:
    """Have forks wait for a lock, which is taken after `making`."""
    _waited_for.append(lock)


def renew(owner: Any) -> None:
    """Have an object's `lock` be a new one after a fork."""
    _renewed.add(owner)


def _before() -> None:
    for lock in _waited_for:
        lock.acquire()


def _in_parent() -> None:
    for lock in reversed(_waited_for):
        lock.release()


def _in_child() -> None:
    _in_parent()
    for owner in _renewed:
        owner.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
