"""Logistic regression over a cluster: the same losses on any number of workers."""

import argparse

import numpy as np
from distributed import Client, LocalCluster
from scipy.optimize import minimize

from autograd import dot, jit, softplus, value_and_grad, vmap

TRUE_WEIGHTS = np.array([1.5, -2.0, 0.5, 0.25])  # the last one is the intercept


def loss(weights, x, label):
    """The negative log-likelihood of a label, 1 or -1, at a point."""
    return softplus(-label * (dot(weights[:-1], x) + weights[-1]))


mean_loss = jit(vmap(value_and_grad(loss), in_axes=(None, 0, 0), reduce="mean"))


def generated(count):
    """Points, and labels that are 1 with the probability that the true weights give them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 3))
    probability = 1.0 / (1.0 + np.exp(-(x @ TRUE_WEIGHTS[:-1] + TRUE_WEIGHTS[-1])))
    return x, np.where(rng.random(count) < probability, 1.0, -1.0)


def fit(executor, x, labels):
    """The weights of the largest likelihood, and the loss at each evaluation."""
    over_the_cluster = mean_loss.on(executor)
    losses = []

    def objective(weights):
        value, gradient = over_the_cluster(weights, x, labels)
        losses.append(value)
        return value, gradient

    found = minimize(objective, np.zeros(4), jac=True, method="L-BFGS-B")
    return found.x, losses


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--points", type=int, default=10_000_000)
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2, 3])
    chosen = options.parse_args()
    x, labels = generated(chosen.points)
    fits = []
    for workers in chosen.workers:
        with (
            LocalCluster(workers, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            weights, losses = fit(client.get_executor(pure=False), x, labels)
        fits.append((weights.tolist(), losses))
        print(f"{workers} workers, {len(losses)} evaluations: loss {losses[-1]:.10f}")
    print("weights", *[f"{weight:.4f}" for weight in weights])
    print("the same losses" if all(fit == fits[0] for fit in fits) else "other losses")


if __name__ == "__main__":
    main()
