"""An executor whose workers come and go, and answer in any order."""

import pickle
import random
import threading
from concurrent.futures import Executor, Future

from autograd.compiler import workers


class Shuffled(Executor):
    """Runs what it is given in this process, but as if it were in others: everything is pickled,
    and each of the workers has a memory of its own. What is done next, and by whom, is random.

    Args:
        count: how many workers there are.
        seed: of the random numbers.
        forgetful: how often a worker is replaced by a new one.
    """

    def __init__(self, count, seed=0, forgetful=0.0):
        self._random, self._forgetful = random.Random(seed), forgetful
        self.memories = [self._memory() for _ in range(count)]
        self._waiting, self._condition, self._stopped = [], threading.Condition(), False
        self.sizes, self.most = [], 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @staticmethod
    def _memory():
        return workers._Kept(), workers._Kept()

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        pickled = pickle.dumps((fn, args, kwargs))
        with self._condition:
            if self._stopped:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._waiting.append((future, pickled))
            self.most = max(self.most, len(self._waiting))
            self._condition.notify()
        return future

    def _run(self):
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    return
                place = self._random.randrange(len(self._waiting))
                future, pickled = self._waiting.pop(place)
            if not future.set_running_or_notify_cancel():
                continue
            worker = self._random.randrange(len(self.memories))
            if self._random.random() < self._forgetful:
                self.memories[worker] = self._memory()
            kept = workers._paths, workers._families
            workers._paths, workers._families = self.memories[worker]
            try:
                fn, args, kwargs = pickle.loads(pickled)
                self.sizes.append(args[1].size)
                result = pickle.loads(pickle.dumps(fn(*args, **kwargs)))
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            finally:
                workers._paths, workers._families = kept

    def shutdown(self, wait=True, *, cancel_futures=False):
        with self._condition:
            self._stopped = True
            self._condition.notify()
        if wait:
            self._thread.join()
