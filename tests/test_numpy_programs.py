"""NumPy programs as textbooks and courses have them, unchanged, and their gradients."""

# ruff: noqa: N803, N806 - matrices are capital letters there

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.special
import scipy.stats

import autograd
from autograd import (
    Value,
    check_gradient,
    grad,
    grads,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    values,
)

PROGRAMS = {}
BY_HAND = {}


def program(*arguments):
    """Such a function of these arguments, of which all are differentiated."""

    def register(function):
        PROGRAMS[function.__name__] = (function, arguments)
        return function

    return register


def by_hand(function, **options):
    """The gradient of a program as derived on paper; the options are those of check_gradient."""

    def register(manual):
        BY_HAND[function.__name__] = (manual, options)
        return manual

    return register


def drawn(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


# --- Differences ----------------------------------------------------------------------------------


def numbers(tree):
    """All the numbers in nested lists, tuples, dicts and arrays, in a row."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        return np.concatenate([numbers(item) for item in tree])
    return np.asarray(tree, dtype=float).ravel()


def like(tree, row):
    """The same tree with the next numbers from an iterator."""
    if isinstance(tree, dict):
        return {key: like(item, row) for key, item in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(like(item, row) for item in tree)
    if isinstance(tree, np.ndarray):
        return np.array([next(row) for _ in range(tree.size)]).reshape(tree.shape)
    return next(row)


def differences(function, arguments, step=2e-3):
    """The derivatives by every number: of central differences, three steps extrapolated to 0."""
    x = numbers(arguments)

    def moved(index, by):
        changed = x.copy()
        changed[index] += by
        return np.asarray(function(*like(arguments, iter(changed.tolist()))))

    rows = []
    for i in range(x.size):
        a, b, c = ((moved(i, h) - moved(i, -h)) / (2.0 * h) for h in (step, step / 2.0, step / 4.0))
        a, b = (4.0 * b - a) / 3.0, (4.0 * c - b) / 3.0
        rows.append((16.0 * b - a) / 15.0)
    return np.array(rows)


def assert_close(found, expected, rtol=1e-7):
    scale = np.max(np.abs(expected), initial=1e-3)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale / 10.0)


# --- Regression -----------------------------------------------------------------------------------

N, D, K = 7, 3, 4
X = drawn(N, D)
TARGETS = drawn(N, seed=1)
BINARY = (drawn(N, seed=2) > 0.0).astype(float)
SIGNS = np.where(BINARY > 0.0, 1, -1)
LABELS = np.array([0, 3, 1, 2, 2, 0, 1])
ONE_HOT = np.eye(K)[LABELS]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@program(drawn(D), 0.3)
def ridge(w, b):
    residuals = X @ w + b - TARGETS
    return np.mean(residuals**2) + 0.1 * np.sum(w**2)


@by_hand(ridge)
def _(w, b):
    residuals = X @ w + b - TARGETS
    return 2.0 / N * X.T @ residuals + 0.2 * w, 2.0 * np.mean(residuals)


@program(drawn(D))
def lasso(w):
    return 0.5 * np.linalg.norm(X.dot(w) - TARGETS) ** 2 / len(TARGETS) + 0.1 * np.abs(w).sum()


@by_hand(lasso)
def _(w):
    return X.T @ (X @ w - TARGETS) / N + 0.1 * np.sign(w)


@program(drawn(D), 0.3)
def huber(w, b, delta=0.8):
    error = TARGETS - (np.dot(X, w) + b)
    small = np.abs(error) <= delta
    return np.mean(np.where(small, 0.5 * error**2, delta * (np.abs(error) - 0.5 * delta)))


@by_hand(huber)
def _(w, b):
    slope = -np.clip(TARGETS - (np.dot(X, w) + b), -0.8, 0.8) / N
    return X.T @ slope, slope.sum()


@program(drawn(D), 0.3)
def hinge(w, b):
    return np.maximum(0, 1 - SIGNS * (X @ w + b)).mean() + 0.01 * w @ w


@by_hand(hinge)
def _(w, b):
    slope = -SIGNS * (SIGNS * (X @ w + b) < 1.0) / N
    return X.T @ slope + 0.02 * w, slope.sum()


@program(drawn(D), 0.2)
def pinball(w, b, tau=0.9):
    error = TARGETS - (X @ w + b)
    return np.mean(np.maximum(tau * error, (tau - 1) * error))


@program(drawn(D))
def poisson(w):
    eta = np.matmul(X, w)
    return np.sum(np.exp(eta) - np.array([0, 1, 3, 2, 0, 1, 1]) * eta)


@by_hand(poisson)
def _(w):
    return X.T @ (np.exp(X @ w) - [0, 1, 3, 2, 0, 1, 1])


@program(drawn(D), 0.3)
def logistic(w, b, eps=1e-12):
    p = np.clip(sigmoid(X @ w + b), eps, 1 - eps)
    return -np.mean(BINARY * np.log(p) + (1 - BINARY) * np.log(1 - p))


@by_hand(logistic)
def _(w, b, eps=1e-12):
    p = sigmoid(X @ w + b)
    error = (p - BINARY) * ((p > eps) & (p < 1 - eps))
    return X.T @ error / N, np.mean(error)


@program(drawn(D), 0.3)
def logistic_of_margins(w, b):
    return np.logaddexp(0, -SIGNS * (X @ w + b)).sum()


@by_hand(logistic_of_margins)
def _(w, b):
    slope = -SIGNS * sigmoid(-SIGNS * (X @ w + b))
    return X.T @ slope, slope.sum()


@program(drawn(D))
def logistic_by_tanh(weights):
    preds = 0.5 * (np.tanh(np.dot(X, weights) / 2) + 1.0)
    label_probabilities = preds * BINARY + (1 - preds) * (1 - BINARY)
    return -np.sum(np.log(label_probabilities))


# A sigmoid without overflow: two formulas put together by masks.
@program(10.0 * drawn(N, seed=3))
def stable_sigmoid(x):
    pos_mask = x >= 0
    neg_mask = x < 0
    z = np.zeros_like(x)
    z[pos_mask] = np.exp(-x[pos_mask])
    z[neg_mask] = np.exp(x[neg_mask])
    top = np.ones_like(x)
    top[neg_mask] = z[neg_mask]
    return np.sum(TARGETS * (top / (1 + z)))


@by_hand(stable_sigmoid)
def _(x):
    return TARGETS * sigmoid(x) * sigmoid(-x)


def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@program(drawn(D, K), drawn(K))
def softmax_one_hot(W, b):
    P = softmax(X @ W + b)
    return -np.sum(ONE_HOT * np.log(P)) / N


@program(drawn(D, K), drawn(K))
def softmax_of_labels(W, b):
    scores = X.dot(W) + b
    scores -= np.max(scores, axis=1, keepdims=True)
    probs = np.exp(scores)
    probs /= np.sum(probs, axis=1, keepdims=True)
    return -np.log(probs[np.arange(N), LABELS]).mean()


@program(drawn(D, K), drawn(K))
def softmax_log_sum_exp(W, b):
    Z = X @ W + b
    m = Z.max(axis=1)
    lse = m + np.log(np.exp(Z - m[:, None]).sum(axis=1))
    return np.mean(lse - Z[range(N), LABELS])


@by_hand(softmax_one_hot)
@by_hand(softmax_of_labels)
@by_hand(softmax_log_sum_exp)
def _(W, b):
    P = softmax(X @ W + b)
    P[np.arange(N), LABELS] -= 1
    return X.T @ P / N, P.sum(axis=0) / N


@program(drawn(D, K))
def softmax_transposed(W):
    x = X @ W
    e_x = np.exp((x.T - np.max(x, axis=1)).T)
    p = (e_x.T / e_x.sum(axis=1)).T
    return -np.sum(np.log(np.clip(p, 1e-15, None)) * ONE_HOT)


@program(drawn(D, K))
def multiclass_svm(W):
    scores = X.dot(W)
    correct = scores[np.arange(N), LABELS][:, np.newaxis]
    margins = np.maximum(0, scores - correct + 1.0)
    margins[np.arange(N), LABELS] = 0
    return np.sum(margins) / N + 0.1 * np.sum(W * W)


@by_hand(multiclass_svm)
def _(W):
    scores = X.dot(W)
    margins = scores - scores[np.arange(N), LABELS][:, np.newaxis] + 1.0
    slopes = (margins > 0).astype(float)
    slopes[np.arange(N), LABELS] = 0
    slopes[np.arange(N), LABELS] = -slopes.sum(axis=1)
    return X.T @ slopes / N + 0.2 * W


@program(drawn(D, K))
def focal(W, gamma=2.0):
    p_t = softmax(X @ W)[np.arange(N), LABELS]
    return np.sum(-((1 - p_t) ** gamma) * np.log(p_t))


@program(drawn(5, seed=1))
def polynomial(coefficients):
    x = np.linspace(-1, 1, 9)
    return np.sum((np.polyval(coefficients, x) - np.sin(3 * x)) ** 2)


@by_hand(polynomial)
def _(coefficients):
    x = np.linspace(-1, 1, 9)
    V = np.vander(x, 5)
    return 2 * V.T @ (V @ coefficients - np.sin(3 * x))


# --- Networks -------------------------------------------------------------------------------------


@program(drawn(D, 5), drawn(5), drawn(5, K), drawn(K))
def two_layers(W1, b1, W2, b2):
    hidden = np.maximum(0, X.dot(W1) + b1)
    scores = hidden.dot(W2) + b2
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    data_loss = np.sum(-np.log(probs[range(N), LABELS])) / N
    return data_loss + 0.5 * 0.1 * (np.sum(W1 * W1) + np.sum(W2 * W2))


@by_hand(two_layers)
def _(W1, b1, W2, b2):
    hidden = np.maximum(0, X.dot(W1) + b1)
    dscores = softmax(hidden.dot(W2) + b2)
    dscores[range(N), LABELS] -= 1
    dscores /= N
    dhidden = dscores @ W2.T
    dhidden[hidden <= 0] = 0
    return (
        X.T @ dhidden + 0.1 * W1,
        dhidden.sum(axis=0),
        hidden.T @ dscores + 0.1 * W2,
        dscores.sum(axis=0),
    )


class Layer:
    def __init__(self, W, b):
        self.params = {"W": W, "b": b}
        self.cache = None

    def forward(self, x):
        self.cache = x @ self.params["W"] + self.params["b"]
        return np.where(self.cache > 0, self.cache, 0.1 * self.cache)


@program(drawn(D, 2), drawn(2))
def layer_of_a_class(W, b):
    layer = Layer(W, b)
    loss = 0.5 * np.linalg.norm(layer.forward(X).sum(axis=1) - TARGETS) ** 2
    assert layer.cache.shape == (N, 2)
    return loss


# A list of layers, and the arrays of all in one penalty.
@program([(drawn(D, 4), drawn(4)), (drawn(4, 4), drawn(4)), (drawn(4, K), drawn(K))])
def layers(params):
    inputs = X
    for W, b in params:
        outputs = np.dot(inputs, W) + b
        inputs = np.tanh(outputs)
    top = np.max(outputs, axis=1, keepdims=True)
    logsumexp = top + np.log(np.sum(np.exp(outputs - top), axis=1, keepdims=True))
    flat = np.concatenate([np.ravel(p) for layer in params for p in layer])
    return -np.sum((outputs - logsumexp) * ONE_HOT) + 0.1 * np.dot(flat, flat)


# All parameters in one vector, the shapes beside it.
@program(0.5 * drawn(D * 4 + 4 + 4))
def unpacked(theta):
    shapes, parts, start = [(D, 4), (4,), (4, 1)], [], 0
    for shape in shapes:
        stop = start + int(np.prod(shape))
        parts.append(np.reshape(theta[start:stop], shape))
        start = stop
    W1, b1, W2 = parts
    prediction = (np.tanh(X @ W1 + b1) @ W2).squeeze()
    return np.square(prediction - TARGETS).mean()


@program(drawn(N, D), drawn(D), drawn(D, seed=1))
def batch_norm(x, gamma, beta, eps=1e-5):
    sample_mean = np.mean(x, axis=0)
    sample_var = np.var(x, axis=0)
    x_hat = (x - sample_mean) / np.sqrt(sample_var + eps)
    out = gamma * x_hat + beta
    running_mean = 0.9 * np.zeros(x.shape[1], dtype=x.dtype) + 0.1 * sample_mean
    assert running_mean.shape == (D,)
    return np.sum(out * UPSTREAM)


UPSTREAM = drawn(N, D, seed=5)


@by_hand(batch_norm)
def _(x, gamma, beta):
    mean, var = x.mean(axis=0), x.var(axis=0) + 1e-5
    x_hat = (x - mean) / np.sqrt(var)
    dx_hat = UPSTREAM * gamma
    dvar = np.sum(dx_hat * (x - mean) * -0.5 * var**-1.5, axis=0)
    dmean = np.sum(-dx_hat / np.sqrt(var), axis=0) + dvar * np.mean(-2.0 * (x - mean), axis=0)
    dx = dx_hat / np.sqrt(var) + dvar * 2.0 * (x - mean) / N + dmean / N
    return dx, np.sum(UPSTREAM * x_hat, axis=0), np.sum(UPSTREAM, axis=0)


@program(drawn(N, D), drawn(D), drawn(D, seed=1))
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return np.sum((g * ((x - mean) / np.sqrt(variance + eps)) + b) * UPSTREAM)


@by_hand(layer_norm)
def _(x, g, b):
    std = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    x_hat = (x - x.mean(axis=-1, keepdims=True)) / std
    d = UPSTREAM * g
    dx = (d - d.mean(-1, keepdims=True) - x_hat * (d * x_hat).mean(-1, keepdims=True)) / std
    return dx, np.sum(UPSTREAM * x_hat, axis=0), UPSTREAM.sum(axis=0)


@program(drawn(2, 2, 3, 3), drawn(2), drawn(2, seed=1))
def spatial_batch_norm(x, gamma, beta):
    n, c, h, w = x.shape
    flat = x.transpose(0, 2, 3, 1).reshape(-1, c)
    flat = (flat - flat.mean(axis=0)) / (flat.std(axis=0) + 0.1)
    out = (flat * gamma + beta).reshape(n, h, w, c).transpose(0, 3, 1, 2)
    return np.tanh(out[:, 0] * out[:, 1]).sum()


@program(drawn(N, D))
def dropout(x, p=0.6):
    rng = np.random.default_rng(0)
    mask = (rng.random(x.shape) < p) / p
    out = (x * mask).astype(x.dtype, copy=False)
    return np.sum(out**2)


@program(drawn(N, seed=4), 0.25)
def activations(z, alpha):
    leaky = z.copy()
    leaky[z < 0] = leaky[z < 0] * alpha
    elu = np.where(z > 0, z, alpha * (np.exp(z) - 1))
    gelu = 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    softplus = np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0)
    hard = np.minimum(np.clip(z, 0, np.inf), 6)
    swish = z * sigmoid(z)
    mish = z * np.tanh(np.log(1 + np.exp(z)))
    rows = np.vstack([leaky, elu, gelu, softplus, hard, swish, mish])
    return np.sum(rows * drawn(*rows.shape))


@program(drawn(4, 3), drawn(3, 3), drawn(4, 3, seed=1).T)
def character_rnn(Wxh, Whh, Why):
    inputs, targets = [0, 2, 1, 3], [2, 1, 3, 0]
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(np.zeros((3, 1)))
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((4, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh.T, xs[t]) + np.dot(Whh, hs[t - 1]))
        ys[t] = np.dot(Why.T, hs[t])
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    return loss


H = 2


@program(
    drawn(3, D), drawn(3, H), drawn(3, H, seed=1), drawn(D, 4 * H), drawn(H, 4 * H), drawn(4 * H)
)
def lstm_step(x, prev_h, prev_c, Wx, Wh, b):
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    i = sigmoid(a[:, 0:H])
    f = sigmoid(a[:, H : 2 * H])
    o = sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H : 4 * H])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return np.sum(next_h * 0.7) + np.sum(next_c**2)


@by_hand(lstm_step)
def _(x, prev_h, prev_c, Wx, Wh, b):
    a = x @ Wx + prev_h @ Wh + b
    i, f, o, g = np.hsplit(a, 4)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    c = f * prev_c + i * g
    dh = np.full(c.shape, 0.7)
    dc = 2.0 * c + dh * o * (1 - np.tanh(c) ** 2)
    do = dh * np.tanh(c) * o * (1 - o)
    df, di, dg = dc * prev_c * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2)
    da = np.hstack((di, df, do, dg))
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)


@program(drawn(D + H + 1, 4 * H), drawn(1, H), drawn(1, H, seed=1))
def lstm_of_sequence(weights, h0, c0):
    inputs = X.reshape(N, 1, D)
    h, c = np.repeat(h0, 1, axis=0), np.repeat(c0, 1, axis=0)
    outputs = []
    for x in inputs[:3]:
        gates = np.dot(np.hstack((x, h, np.ones((x.shape[0], 1)))), weights)
        i, f, o, g = np.split(gates, 4, axis=1)
        c = c * sigmoid(f) + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.sum(np.stack(outputs) ** 2)


@program(drawn(1, D), drawn(H, D + H), drawn(2 * H, D + H), drawn(H, seed=1))
def gru_step(x, Wn, Wg, h):
    xh = np.concatenate((x.ravel(), h))
    z, r = np.split(sigmoid(Wg @ xh), 2)
    n = np.tanh(Wn @ np.concatenate([x[0], r * h]))
    return np.sum(((1 - z) * n + z * h) ** 2)


@program(drawn(8), drawn(3))
def conv1d(x, w):
    out = []
    for i in range(len(x) - len(w) + 1):
        out.append(np.sum(x[i : i + len(w)] * w))
    return np.sum(np.array(out) ** 2)


@by_hand(conv1d)
def _(x, w):
    out = np.correlate(x, w, mode="valid")
    return 2 * np.convolve(out, w), 2 * np.correlate(x, out, mode="valid")


@program(drawn(8), drawn(3))
def conv1d_by_numpy(x, w):
    return np.sum(np.convolve(x, w[::-1], mode="valid") ** 2)


@by_hand(conv1d_by_numpy)
def _(x, w):
    return BY_HAND["conv1d"][0](x, w)


IMAGE = drawn(2, 4, 4)  # channels, height, width


@program(IMAGE, drawn(2, 2, 2, 2), drawn(2))
def conv2d_loops(x, w, b, pad=1, stride=2):
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)), mode="constant")
    F, _, HH, WW = w.shape
    rows = range(0, x.shape[1] - HH + 1, stride)
    cols = range(0, x.shape[2] - WW + 1, stride)
    out = [
        [[np.sum(x[:, i : i + HH, j : j + WW] * w[f]) + b[f] for j in cols] for i in rows]
        for f in range(F)
    ]
    return np.sum(np.maximum(0, np.array(out)) ** 2)


@by_hand(conv2d_loops)
def _(x, w, b):
    x = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for f in range(2):
        for i in range(0, 5, 2):
            for j in range(0, 5, 2):
                patch = x[:, i : i + 2, j : j + 2]
                dout = 2 * np.maximum(0, np.sum(patch * w[f]) + b[f])
                dx[:, i : i + 2, j : j + 2] += dout * w[f]
                dw[f] += dout * patch
                db[f] += dout
    return dx[:, 1:-1, 1:-1], dw, db


@program(IMAGE[0], drawn(2, 2))
def conv2d_strided(a, f):
    shape = f.shape + tuple(np.subtract(a.shape, f.shape) + 1)
    windows = np.lib.stride_tricks.as_strided(a, shape=shape, strides=a.strides * 2)
    return np.sum(np.einsum("ij,ijkl->kl", f, windows) ** 3)


@program(IMAGE, drawn(3, 2, 2, 2))
def conv2d_windows(x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(1, 2))
    return np.sum(np.tanh(np.einsum("chwij,fcij->fhw", windows, w)))


@program(IMAGE, drawn(3, 8))
def conv2d_columns(x, w):
    i = np.repeat(np.arange(3), 3)[None, :] + np.repeat(np.arange(2), 2)[:, None]
    j = np.tile(np.arange(3), 3)[None, :] + np.tile(np.arange(2), 2)[:, None]
    columns = x[:, i, j].reshape(-1, i.shape[1])
    return np.sum(np.tanh(w @ columns))


@program(IMAGE)
def max_pool(x):
    c, h, w = x.shape
    pooled = x.reshape(c, h // 2, 2, w // 2, 2).max(axis=2).max(axis=3)
    return np.sum(pooled * drawn(*pooled.shape))


@program(IMAGE)
def mean_pool(x):
    return np.exp(x.reshape(2, 2, 2, 2, 2).mean(axis=(2, 4))).sum()


@program(drawn(4, 3), drawn(4, 3, seed=1), drawn(4, 2))
def attention_head(Q, K, V):
    scores = Q @ K.T / np.sqrt(Q.shape[-1])
    mask = np.tril(np.ones(scores.shape))
    scores = np.where(mask == 1, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.sum((weights @ V) ** 2)


@by_hand(attention_head)
def _(Q, K, V):
    scores = np.where(np.tril(np.ones((4, 4), dtype=bool)), Q @ K.T / np.sqrt(3), -np.inf)
    P = softmax(scores)
    dout = 2.0 * P @ V
    dP = dout @ V.T
    dS = P * (dP - np.sum(dP * P, axis=-1, keepdims=True)) / np.sqrt(3)
    return dS @ K, dS.T @ Q, P.T @ dout


# As the smallest GPT-2 has it: heads by splitting, a mask of large numbers.
@program(drawn(3, 4), 0.5 * drawn(4, 12), 0.5 * drawn(4, 4))
def multi_head_attention(x, c_attn, c_proj, n_head=2):
    x = x @ c_attn
    qkv = np.split(x, 3, axis=-1)
    q, k, v = [np.split(part, n_head, axis=-1) for part in qkv]
    causal_mask = (1 - np.tri(x.shape[0], dtype=x.dtype)) * -1e10
    out_heads = [
        softmax(q @ k.T / np.sqrt(q.shape[-1]) + causal_mask) @ v
        for q, k, v in zip(q, k, v, strict=True)
    ]
    return np.sum((np.hstack(out_heads) @ c_proj) ** 2)


@program(drawn(2, 3, 4), 0.5 * drawn(4, 4), 0.5 * drawn(4, 4, seed=1))
def batched_attention(x, Wq, Wk, n_head=2):
    B, T, C = x.shape
    q = (x @ Wq).reshape(B, T, n_head, C // n_head).swapaxes(1, 2)
    k = np.matmul(x, Wk).reshape(B, T, n_head, C // n_head).transpose(0, 2, 1, 3)
    scores = np.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(C // n_head)
    scores[:, :, ~np.tri(T, dtype=bool)] = -np.inf
    return np.sum((softmax(scores) @ q) ** 2)


@program(drawn(6, D), drawn(5, D))
def embeddings(wte, wpe):
    tokens = np.array([3, 1, 4, 1])
    h = wte[tokens] + wpe[range(len(tokens))]
    logits = h @ wte.T
    return -np.mean(logits[np.arange(4), [1, 4, 1, 5]] - np.log(np.exp(logits).sum(axis=1)))


@program(drawn(5, D), drawn(5, D, seed=1))
def word_vectors(centre, outside):
    v, u, negatives = centre[2], outside[4], outside[[0, 1, 1]]
    return -np.log(sigmoid(u @ v)) - np.sum(np.log(sigmoid(-negatives @ v)))


@by_hand(word_vectors)
def _(centre, outside):
    v, dcentre, doutside = centre[2], np.zeros((5, D)), np.zeros((5, D))
    for row, sign in [(4, 1.0), (0, -1.0), (1, -1.0), (1, -1.0)]:
        slope = -sign * sigmoid(-sign * outside[row] @ v)
        doutside[row] += slope * v
        dcentre[2] += slope * outside[row]
    return dcentre, doutside


@program(drawn(3, D), drawn(3, D, seed=1), drawn(3, D, seed=2))
def triplet(anchor, positive, negative, margin=0.5):
    d_pos = np.sum((anchor - positive) ** 2, axis=1)
    d_neg = np.linalg.norm(anchor - negative, axis=1) ** 2
    return np.maximum(d_pos - d_neg + margin, 0.0).mean()


@by_hand(triplet)
def _(anchor, positive, negative):
    gap = np.sum((anchor - positive) ** 2 - (anchor - negative) ** 2, axis=1) + 0.5
    active = (gap > 0.0)[:, None] * 2.0 / 3.0
    return (
        active * (negative - positive),
        active * (positive - anchor),
        active * (anchor - negative),
    )


@program(drawn(D), drawn(D, seed=1))
def cosine(a, b):
    return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))


@by_hand(cosine)
def _(a, b):
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    c = a @ b / (na * nb)
    return b / (na * nb) - c * a / na**2, a / (na * nb) - c * b / nb**2


@program(drawn(4, D), drawn(4, D, seed=1))
def info_nce(a, b, temperature=0.5):
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.sqrt(np.sum(np.square(b), axis=1, keepdims=True))
    logits = a @ b.T / temperature
    log_prob = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    return -np.mean(np.diag(log_prob)) - np.trace(log_prob) / 10


@program(drawn(D, 2 * H), drawn(H, D))
def variational_autoencoder(encoder, decoder):
    noise = drawn(N, H, seed=9)
    h = X @ encoder
    mu, logvar = h[:, :H], h[:, H:]
    z = mu + np.exp(0.5 * logvar) * noise
    x_hat = np.clip(sigmoid(z @ decoder), 1e-7, 1 - 1e-7)
    x = (X > 0).astype(float)
    reconstruction = -np.sum(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat), axis=1)
    kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar), axis=1)
    return np.mean(reconstruction + kl)


@by_hand(variational_autoencoder)
def _(encoder, decoder):
    noise = drawn(N, H, seed=9)
    mu, logvar = np.hsplit(X @ encoder, 2)
    std = np.exp(0.5 * logvar)
    z = mu + std * noise
    p = sigmoid(z @ decoder)
    error = (p - (X > 0)) * ((p > 1e-7) & (p < 1 - 1e-7)) / N
    dz = error @ decoder.T
    dmu = dz + mu / N
    dlogvar = 0.5 * dz * std * noise + 0.5 * (std**2 - 1) / N
    return X.T @ np.hstack([dmu, dlogvar]), z.T @ error


@program(drawn(D, 2))
def principal_components(W):
    centred = X - X.mean(axis=0)
    return np.mean(np.sum((centred - centred @ W @ W.T) ** 2, axis=1))


@by_hand(principal_components)
def _(W):
    S = np.cov(X.T, bias=True)
    M = np.eye(D) - W @ W.T
    return -2.0 * (S @ M + M @ S) @ W


@program(drawn(4, 2), drawn(5, 2))
def matrix_factorisation(U, V):
    i, j, r = np.array([0, 0, 1, 2, 3, 3]), np.array([0, 3, 1, 2, 0, 4]), np.arange(6.0)
    residuals = r - np.sum(U[i] * V[j], axis=1)
    return residuals @ residuals + 0.1 * (np.linalg.norm(U) ** 2 + np.linalg.norm(V) ** 2)


@by_hand(matrix_factorisation)
def _(U, V):
    i, j, r = np.array([0, 0, 1, 2, 3, 3]), np.array([0, 3, 1, 2, 0, 4]), np.arange(6.0)
    residuals = (r - np.sum(U[i] * V[j], axis=1))[:, None]
    dU, dV = 0.2 * U, 0.2 * V
    np.add.at(dU, i, -2.0 * residuals * V[j])
    np.add.at(dV, j, -2.0 * residuals * U[i])
    return dU, dV


# --- Probability ----------------------------------------------------------------------------------


def log_sum_exp(x, axis=None, keepdims=False):
    top = np.amax(x, axis=axis, keepdims=True)
    out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)


@program(drawn(K), drawn(K, D), drawn(K, D, seed=1))
def gaussian_mixture(logits, means, log_stds):
    log_pi = logits - log_sum_exp(logits)
    z = (X[:, np.newaxis, :] - means) / np.exp(log_stds)
    log_prob = -0.5 * np.sum(z**2 + np.log(2 * np.pi), axis=2) - np.sum(log_stds, axis=1)
    return -np.sum(log_sum_exp(log_pi + log_prob, axis=1))


@by_hand(gaussian_mixture)
def _(logits, means, log_stds):
    z = (X[:, None] - means) / np.exp(log_stds)
    parts = logits - 0.5 * np.sum(z**2, axis=2) - log_stds.sum(axis=1)
    r = softmax(parts)[:, :, None]  # the responsibilities
    return (
        N * softmax(logits) - r.sum(axis=(0, 2)),
        -np.sum(r * z / np.exp(log_stds), axis=0),
        -np.sum(r * (z**2 - 1), axis=0),
    )


@program(drawn(3, 3), drawn(3, 2, 2), drawn(3))
def mixture_of_full_gaussians(means, lower, proportions):
    points = drawn(5, 3)[:, :2]
    lls = []
    for mean, root, logit in zip(means[:, :2], lower, proportions, strict=True):
        cov = np.dot(root.T, root) + np.eye(2)
        det = cov[0, 0] * cov[1, 1] - cov[0, 1] * cov[1, 0]
        inv = np.array([[cov[1, 1], -cov[0, 1]], [-cov[1, 0], cov[0, 0]]]) / det
        d = points - mean
        lls.append(logit - 0.5 * np.einsum("ni,ij,nj->n", d, inv, d) - 0.5 * np.log(det))
    return np.sum(log_sum_exp(np.vstack(lls), axis=0))


@program(drawn(K, D))
def k_means(centres):
    distances = np.linalg.norm(X[:, None, :] - centres[None, :, :], axis=2)
    labels = np.argmin(distances, axis=1)
    assert distances[np.arange(N), labels].shape == (N,)
    return np.sum(np.min(distances, axis=1) ** 2) + np.sum((X - centres[labels]) ** 2)


@by_hand(k_means)
def _(centres):
    labels = np.sum((X[:, None, :] - centres) ** 2, axis=2).argmin(axis=1)
    slopes = np.zeros_like(centres)
    for label in range(K):
        slopes[label] = 4.0 * np.sum(centres[label] - X[labels == label], axis=0)
    return slopes


OBSERVED = [0, 2, 1, 1]


@program(drawn(3), drawn(3, 3), drawn(3, 3, seed=1))
def hidden_markov(log_pi, log_A, log_B):
    log_alpha = log_pi + log_B[:, OBSERVED[0]]
    for y in OBSERVED[1:]:
        log_alpha = log_sum_exp(log_alpha[:, None] + log_A, axis=0) + log_B[:, y]
    return log_sum_exp(log_alpha)


@by_hand(hidden_markov)
def _(log_pi, log_A, log_B):
    """The expected counts of the states and the transitions, by all the sequences of states."""
    dpi, dA, dB, total = np.zeros(3), np.zeros((3, 3)), np.zeros((3, 3)), 0.0
    for states in np.ndindex(*[3] * len(OBSERVED)):
        steps = list(pairwise(states))
        log_weight = log_pi[states[0]] + sum(log_A[step] for step in steps)
        log_weight += sum(log_B[place] for place in zip(states, OBSERVED, strict=True))
        weight = np.exp(log_weight)
        total += weight
        dpi[states[0]] += weight
        for step in steps:
            dA[step] += weight
        for place in zip(states, OBSERVED, strict=True):
            dB[place] += weight
    return dpi / total, dA / total, dB / total


@program(drawn(3), drawn(3, 3))
def hidden_markov_scaled(logits, transitions):
    emission = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]])
    A = softmax(transitions)
    alpha = softmax(logits) * emission[:, OBSERVED[0]]
    log_likelihood = 0.0
    for y in OBSERVED[1:]:
        c = alpha.sum()
        log_likelihood += np.log(c)
        alpha = (alpha / c) @ A * emission[:, y]
    return log_likelihood + np.log(np.sum(alpha))


@program(0.4, -0.3, 1.2)
def student_t(mu, log_sigma, nu):
    z = (TARGETS - mu) / np.exp(log_sigma)
    return np.sum((nu + 1) / 2 * np.log1p(z**2 / nu) + log_sigma)


@program(drawn(2), np.array([0.2, -0.4]))
def black_box_inference(mean, log_std):
    samples = drawn(6, 2) * np.exp(log_std) + mean
    mu, log_sigma = samples[:, 0], samples[:, 1]
    prior = -0.5 * (log_sigma / 1.35) ** 2
    likelihood = -0.5 * (mu / np.exp(log_sigma)) ** 2 - log_sigma
    entropy = 0.5 * 2 * (1.0 + np.log(2 * np.pi)) + np.sum(log_std)
    return -(entropy + np.mean(prior + likelihood))


@program(drawn(K), drawn(K, seed=1))
def divergences(a, b):
    p, q = softmax(a), softmax(b)
    m = 0.5 * (p + q)
    kl = lambda u, v: np.sum(u * np.log(u / v))  # noqa: E731
    entropy = -np.sum(np.where(p > 0, p * np.log(p), 0))
    return 0.5 * kl(p, m) + 0.5 * kl(q, m) + entropy + np.sqrt(1 - np.sum(np.sqrt(p * q)))


@program(0.3, np.array([0.1, -0.2, 0.3]), drawn(4, 3))
def rbf_kernel(log_variance, log_scales, x):
    diffs = np.expand_dims(x / np.exp(log_scales), 1) - np.expand_dims(x / np.exp(log_scales), 0)
    K = np.exp(log_variance) * np.exp(-0.5 * np.sum(diffs**2, axis=2)) + 0.1 * np.eye(len(x))
    y = np.arange(4.0)
    return y @ K @ y


@by_hand(rbf_kernel)
def _(log_variance, log_scales, x):
    y, scales = np.arange(4.0), np.exp(log_scales)
    diffs = (x[:, None] - x) / scales
    weights = np.outer(y, y) * np.exp(log_variance - 0.5 * np.sum(diffs**2, axis=2))
    return (
        weights.sum(),
        np.einsum("ij,ijd->d", weights, diffs**2),
        -2.0 * np.einsum("ij,ijd->id", weights, diffs) / scales,
    )


@program(drawn(D, seed=3))
def cox(beta):
    eta = (X @ beta)[np.argsort(-SURVIVED)]
    log_risk = np.log(np.cumsum(np.exp(eta)))
    return -np.sum((eta - log_risk)[DIED[np.argsort(-SURVIVED)] == 1])


SURVIVED, DIED = np.array([5.0, 3.0, 9.0, 1.0, 4.0, 7.0, 2.0]), np.array([1, 0, 1, 1, 1, 0, 1])


@by_hand(cox)
def _(beta):
    risk, slope = np.exp(X @ beta), np.zeros(D)
    for i in np.flatnonzero(DIED):
        alive = SURVIVED[i] <= SURVIVED
        slope += risk[alive] @ X[alive] / risk[alive].sum() - X[i]
    return slope


@program(np.array([0.05, 0.1, 0.85]))
def garch(theta):
    omega, alpha, beta = theta
    returns = drawn(12)
    sigma2, log_likelihood = np.var(returns), 0
    for r in returns:
        log_likelihood += -0.5 * (np.log(2 * np.pi) + np.log(sigma2) + r**2 / sigma2)
        sigma2 = omega + alpha * r**2 + beta * sigma2
    return -log_likelihood


@program(drawn(N, 2))
def tsne(Y):
    sum_Y = np.sum(np.square(Y), 1)
    num = -2.0 * np.dot(Y, Y.T)
    num = 1.0 / (1.0 + np.add(np.add(num, sum_Y).T, sum_Y))
    num[range(N), range(N)] = 0.0
    Q = num / np.sum(num)
    return np.sum(NEAR[NEAR > 0] * np.log(NEAR[NEAR > 0] / Q[NEAR > 0]))


NEAR = np.exp(-np.sum((X[:, None] - X) ** 2, axis=-1))
np.fill_diagonal(NEAR, 0.0)
NEAR /= NEAR.sum()


@by_hand(tsne)
def _(Y):
    differences = Y[:, None] - Y
    num = 1.0 / (1.0 + np.sum(differences**2, axis=-1))
    np.fill_diagonal(num, 0.0)
    return 4.0 * np.einsum("ij,ijd->id", (NEAR - num / num.sum()) * num, differences)


@program(drawn(5, 4))
def connectionist_temporal_classification(logits):
    logp = logits - log_sum_exp(logits, axis=1, keepdims=True)
    labels = [0, 1, 0, 2, 0]
    alpha = [logp[0, 0], logp[0, 1]] + [-np.inf] * 3
    for t in range(1, 5):
        row = []
        for s, c in enumerate(labels):
            total = alpha[s]
            if s > 0:
                total = np.logaddexp(total, alpha[s - 1])
            if s > 1 and c not in (0, labels[s - 2]):
                total = np.logaddexp(total, alpha[s - 2])
            row.append(total + logp[t, c])
        alpha = row
    return -np.logaddexp(alpha[-1], alpha[-2])


@program(drawn(4, 5))
def sinkhorn(C):
    K = np.exp(-C / 0.5)
    a, b, u = np.full(4, 0.25), np.full(5, 0.2), np.ones(4)
    for _ in range(10):
        v = b / (K.T @ u)
        u = a / (K @ v)
    return np.sum(u[:, None] * K * v * C)


@program(drawn(2, 4), drawn(2, 4, seed=1))
def normalising_flow(scales, shifts):
    x, logdet = drawn(3, 4), 0
    for i in range(2):
        mask = np.arange(4) % 2 == i % 2
        s = np.tanh(x * mask * scales[i]) * ~mask
        t = (x * mask * shifts[i]) * ~mask
        x = x * mask + (1 - mask) * (x * np.exp(s) + t)
        logdet += s.sum(axis=1)
    return -np.mean(-0.5 * np.sum(x**2, axis=1) + logdet)


@program(drawn(5, D))
def policy_gradient(theta):
    states, actions, rewards = np.array([0, 2, 4, 1]), np.array([0, 1, 1, 2]), [1.0, 0.0, 2.0, -1]
    G, returns = 0, []
    for r in rewards[::-1]:
        G = r + 0.9 * G
        returns.insert(0, G)
    advantages = (returns - np.mean(returns)) / np.std(returns)
    logp = np.log(softmax(theta[states]))
    ratio = np.exp(logp[np.arange(4), actions] + 1.1)
    clipped = np.clip(ratio, 0.8, 1.2)
    entropy = -(np.exp(logp) * logp).sum(1).mean()
    return -np.minimum(ratio * advantages, clipped * advantages).mean() - 0.01 * entropy


# The marginal likelihood of a Gaussian process, with a Cholesky decomposition written out.
@program(np.array([0.2, -0.3, -1.0]))
def gaussian_process(params):
    x, y = np.linspace(0, 3, 5), np.sin(np.linspace(0, 3, 5))
    K = np.exp(params[0]) * np.exp(-0.5 * ((x[:, None] - x[None, :]) / np.exp(params[1])) ** 2)
    K = K + np.exp(params[2]) * np.eye(5)
    L = np.zeros_like(K)
    for i in range(5):
        for j in range(i + 1):
            s = K[i, j] - L[i, :j] @ L[j, :j]
            L[i, j] = np.sqrt(s) if i == j else s / L[j, j]
    z = np.zeros_like(params, shape=5)
    for i in range(5):
        z[i] = (y[i] - L[i, :i] @ z[:i]) / L[i, i]
    return -0.5 * z @ z - np.sum(np.log(np.diag(L))) - 2.5 * np.log(2 * np.pi)


# --- Motion ---------------------------------------------------------------------------------------


@program(np.array([1.1, 0.4, 0.1, 0.4]), np.array([2.0, 1.0]))
def lotka_volterra(params, state):
    alpha, beta, delta, gamma = params

    def rhs(y):
        prey, predators = y
        return np.array(
            [alpha * prey - beta * prey * predators, delta * prey * predators - gamma * predators]
        )

    dt, trajectory = 0.1, [state]
    for _ in range(10):
        y = trajectory[-1]
        k1 = rhs(y)
        k2 = rhs(y + 0.5 * dt * k1)
        k3 = rhs(y + 0.5 * dt * k2)
        k4 = rhs(y + dt * k3)
        trajectory.append(y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return np.sum((np.array(trajectory) - 1.5) ** 2)


@program(20.0, 0.7, 0.02)
def projectile(speed, angle, drag):
    position = np.zeros(2)
    velocity = speed * np.array([np.cos(angle), np.sin(angle)])
    for _ in range(20):
        acceleration = np.array([0.0, -9.81]) - drag * np.linalg.norm(velocity) * velocity
        velocity = velocity + 0.1 * acceleration
        position = position + 0.1 * velocity
    return position[0]


@program(20.0, 0.7)
def projectile_range(v0, theta):
    return v0**2 * np.sin(2 * theta) / 9.81


@by_hand(projectile_range)
def _(v0, theta):
    return 2 * v0 * np.sin(2 * theta) / 9.81, 2 * v0**2 * np.cos(2 * theta) / 9.81


@program(1.3, 0.2, np.array([1.0, 0.0]))
def spring(k, c, state):
    A = np.array([[0, 1], [-k, -c]])
    for _ in range(15):
        state = state + 0.05 * A @ state
    x, v = state
    return 0.5 * k * x**2 + 0.5 * v**2


@program(drawn(4, 2), drawn(4, 2, seed=1))
def n_bodies(positions, velocities):
    masses = np.array([1.0, 2.0, 0.5, 1.5])
    for _ in range(3):
        r = positions[None, :, :] - positions[:, None, :]
        distance = np.sqrt(np.sum(r**2, axis=-1) + 0.1)
        force = np.sum(masses[:, None] * r / distance[..., None] ** 3, axis=1)
        velocities = velocities + 0.05 * force
        positions = positions + 0.05 * velocities
    kinetic = 0.5 * np.sum(masses * np.sum(velocities**2, axis=1))
    i, j = np.triu_indices(4, k=1)
    distance = np.linalg.norm(positions[i] - positions[j], axis=1)
    return kinetic - np.sum(masses[i] * masses[j] / distance)


@program(drawn(4, 3))
def lennard_jones(x):
    energy = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            r = np.linalg.norm(x[i] - x[j])
            energy += 4 * ((1 / r) ** 12 - (1 / r) ** 6)
    return energy


@by_hand(lennard_jones)
def _(x):
    slopes = np.zeros_like(x)
    for i, j in np.ndindex(4, 4):
        if i != j:
            d = x[i] - x[j]
            r = np.sqrt(d @ d)
            slopes[i] += 4 * (-12 / r**14 + 6 / r**8) * d
    return slopes


@program(drawn(6), 0.2)
def heat(u, kappa):
    for _ in range(5):
        u = u + kappa * (np.roll(u, 1) - 2 * u + np.roll(u, -1))
        u[0] = 0.0
        u[-1] = 1.0
    return np.sum(np.gradient(u) ** 2) + np.sum(np.diff(u) ** 2)


@program(drawn(3, 3), drawn(3, 3, seed=1), drawn(3, 3, seed=2))
def smoke(f, vx, vy):
    rows, cols = f.shape
    cell_ys, cell_xs = np.meshgrid(np.arange(rows), np.arange(cols))
    center_xs = (cell_xs - vx).ravel()
    center_ys = (cell_ys - vy).ravel()
    left_ix = np.floor(center_xs).astype(int)
    top_ix = np.floor(center_ys).astype(int)
    rw = center_xs - left_ix
    bw = center_ys - top_ix
    left_ix = np.mod(left_ix, rows)
    right_ix = np.mod(left_ix + 1, rows)
    top_ix = np.mod(top_ix, cols)
    bot_ix = np.mod(top_ix + 1, cols)
    flat = (1 - rw) * ((1 - bw) * f[left_ix, top_ix] + bw * f[left_ix, bot_ix]) + rw * (
        (1 - bw) * f[right_ix, top_ix] + bw * f[right_ix, bot_ix]
    )
    moved = np.reshape(flat, (rows, cols))
    moved -= 0.5 * (np.roll(moved, -1, axis=0) - np.roll(moved, 1, axis=0))
    return np.mean((moved - 1.0) ** 2)


@program(drawn(5))
def integrals(y):
    x = np.array([0.0, 0.3, 1.0, 1.5, 2.5])
    by_trapezoids = np.trapezoid(y**2, x)
    by_hand = np.sum((y[1:] + y[:-1]) * np.diff(x) / 2)
    return by_trapezoids * by_hand + np.cumsum(y)[-1] * np.prod(1 + y**2)


@program(0.6, 0.8)
def kepler(mean_anomaly, eccentricity):
    E = mean_anomaly
    for _ in range(20):
        step = (E - eccentricity * np.sin(E) - mean_anomaly) / (1 - eccentricity * np.cos(E))
        E = E - step
        if abs(step) < 1e-14:
            break
    return E


@by_hand(kepler, wrt=["mean_anomaly", "eccentricity"], samples=1)
def _(mean_anomaly, eccentricity):
    E = kepler(mean_anomaly, eccentricity)
    slope = 1 - eccentricity * np.cos(E)
    return 1 / slope, np.sin(E) / slope


# A filter in column vectors, as many books write it.
@program(np.array([[0.5], [0.2]]), 0.1, 0.2)
def kalman(x, q, r):
    F, H, P = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 0.0]]), np.eye(2)
    log_likelihood = 0.0
    for z in [1.0, 1.8, 3.1]:
        x = F.dot(x)
        P = np.dot(F, np.dot(P, F.T)) + q * np.eye(2)
        y = np.array([[z]]) - np.dot(H, x)
        S = np.dot(H, P).dot(H.T) + r
        K = P.dot(H.T) * (1 / S)
        x = x + K.dot(y)
        P = (np.eye(2) - K.dot(H)).dot(P)
        log_likelihood += -0.5 * (np.log(2 * np.pi * S[0, 0]) + y[0, 0] ** 2 / S[0, 0])
    return log_likelihood


@program(drawn(3, 3), drawn(3))
def gauss_elimination(A, b):
    A, b, n = A.copy(), b.copy(), len(b)
    for k in range(n - 1):
        pivot = k + np.argmax(np.abs(A[k:, k]))
        if pivot != k:
            A[[k, pivot]] = A[[pivot, k]]
            b[[k, pivot]] = b[[pivot, k]]
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            A[i, k:] -= factor * A[k, k:]
            b[i] -= factor * b[k]
    x = np.zeros_like(b)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - np.dot(A[i, i + 1 :], x[i + 1 :])) / A[i, i]
    return np.sum(x * [1, 2, 3])


@by_hand(gauss_elimination)
def _(A, b):
    x, g = np.linalg.solve(A, b), np.linalg.solve(A.T, [1.0, 2.0, 3.0])
    return -np.outer(g, x), g


@program(drawn(4, 3))
def gram_schmidt(V):
    basis = []
    for v in V.T:
        for q in basis:
            v = v - (q @ v) * q
        basis.append(v / np.linalg.norm(v))
    Q = np.column_stack(basis)
    assert np.allclose(Q.T @ Q, np.eye(3))
    return np.sum(Q**3)


@program(drawn(4), drawn(3))
def quaternion(q, v):
    w, x, y, z = q / np.linalg.norm(q)
    R = np.array(
        [
            [1 - 2 * (y**2 + z**2), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x**2 + z**2), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x**2 + y**2)],
        ]
    )
    return np.sum((R @ v) ** 3)


@program(drawn(3), drawn(3, seed=1), drawn(3, seed=2))
def triangle(a, b, c):
    u, v = b - a, c - a
    area = 0.5 * np.linalg.norm(np.cross(u, v))
    cosine = np.dot(u, v) / (np.linalg.norm(u) * np.linalg.norm(v))
    return area + np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


@by_hand(triangle, every_branch=False)  # a cosine is never clipped
def _(a, b, c):
    u, v = b - a, c - a
    n = np.cross(u, v)
    n = n / np.linalg.norm(n)
    du, dv = 0.5 * np.cross(v, n), 0.5 * np.cross(n, u)
    du += 180 / np.pi * np.cross(u, n) / (u @ u)
    dv += 180 / np.pi * np.cross(n, v) / (v @ v)
    return -du - dv, du, dv


@program(drawn(4, 2))
def bezier(points):
    t = np.linspace(0, 1, 7)[:, None]
    levels = [points[i] for i in range(4)]
    while len(levels) > 1:
        levels = [(1 - t) * a + t * b for a, b in pairwise(levels)]
    return np.sum(np.linalg.norm(np.diff(levels[0], axis=0), axis=1))


# --- Money ----------------------------------------------------------------------------------------


@program(np.array([0.5, 0.3, 0.4]))
def portfolio_variance(weights):
    weights = weights / np.sum(weights)
    return np.dot(weights.T, np.dot(COVARIANCE, weights))


COVARIANCE = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, -0.02], [0.0, -0.02, 0.16]])
RETURNS = 0.02 * drawn(12, 3) + [0.01, 0.02, 0.015]


@by_hand(portfolio_variance)
def _(weights):
    total = weights.sum()
    w = weights / total
    return 2.0 * (COVARIANCE @ w - w @ COVARIANCE @ w) / total


@program(np.array([0.5, 0.3, 0.4]))
def negative_sharpe(weights, risk_free=0.01):
    expected = np.sum(RETURNS.mean(axis=0) * weights) * 12
    volatility = np.sqrt(weights.T @ np.cov(RETURNS.T) @ weights) * np.sqrt(12)
    return -(expected - risk_free) / volatility


@by_hand(negative_sharpe)
def _(weights):
    mu, S = RETURNS.mean(axis=0) * 12, np.cov(RETURNS.T) * 12
    volatility = np.sqrt(weights @ S @ weights)
    return -mu / volatility + (weights @ mu - 0.01) * S @ weights / volatility**3


@program(np.array([0.5, 0.3, 0.4]))
def max_drawdown(weights):
    wealth = np.cumprod(1 + RETURNS @ weights)
    peak = np.maximum.accumulate(wealth)
    return np.max((peak - wealth) / peak)


@program(np.array([0.5, 0.3, 0.4]))
def sharpe_of_series(weights):
    series = RETURNS @ weights
    return np.sqrt(12) * series.mean() / series.std(ddof=1)


@program(100.0, 103.0, 0.06, 0.3, 1.0)
def american_put(S, K, r, sigma, T, n=6):
    dt = T / n
    u = np.exp(sigma * np.sqrt(dt))
    p = (np.exp(r * dt) - 1 / u) / (u - 1 / u)
    j = np.arange(n + 1)
    V = np.maximum(K - S * u ** (n - 2 * j), 0)
    for i in range(n - 1, -1, -1):
        j = np.arange(i + 1)
        V = np.exp(-r * dt) * (p * V[:-1] + (1 - p) * V[1:])
        V = np.maximum(V, K - S * u ** (i - 2 * j))
    return V[0]


@program(100.0, 103.0, 0.05, 0.3, 1.0)
def asian_call(S0, K, r, sigma, T):
    dt = T / 4
    steps = (r - 0.5 * sigma**2) * dt + sigma * np.sqrt(dt) * drawn(12, 4)
    paths = S0 * np.exp(np.cumsum(steps, axis=1))
    return np.exp(-r * T) * np.mean(np.maximum(paths.mean(axis=1) - K, 0))


@program(0.05, np.array([3.0, 3.0, 103.0]))
def bond(rate, cash):
    t = np.arange(1, len(cash) + 1)
    return np.sum(cash / (1 + rate) ** t)


@by_hand(bond, samples=1)  # elsewhere the rate may be below -1
def _(rate, cash):
    t = np.arange(1, 4)
    return -np.sum(t * cash / (1 + rate) ** (t + 1)), 1 / (1 + rate) ** t


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_gradient_of_a_program_is_that_of_differences(name):
    function, arguments = PROGRAMS[name]
    before = numbers(arguments)
    plain = function(*like(arguments, iter(before.tolist())))
    value, gradients = value_and_grad(function, argnums=tuple(range(len(arguments))))(*arguments)
    assert np.ndim(value) == 0
    assert value == pytest.approx(float(plain), rel=1e-12, abs=1e-14)
    assert_close(numbers(gradients), differences(function, arguments))
    assert np.array_equal(numbers(arguments), before)


@pytest.mark.parametrize("name", BY_HAND)
def test_the_gradient_of_a_program_is_the_one_derived_by_hand(name):
    (function, arguments), (manual, options) = PROGRAMS[name], BY_HAND[name]
    gradients = grad(function, argnums=tuple(range(len(arguments))))(*arguments)
    assert_close(numbers(gradients), numbers(manual(*arguments)), 1e-10)
    check_gradient(function, manual, *arguments, **{"samples": 1, **options}).raise_if_failed()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_takes_values_and_goes_backward(name):
    function, arguments = PROGRAMS[name]
    leaves = with_values(arguments)
    root = function(*leaves)
    root = root if isinstance(root, Value) else root.item()
    root.backward()
    expected = grad(function, argnums=tuple(range(len(arguments))))(*arguments)
    assert np.array_equal(grads_of(leaves), numbers(expected))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_goes_forward_and_has_second_derivatives(name):
    function, arguments = PROGRAMS[name]
    direction = np.random.default_rng(0).normal(size=numbers(arguments).size)
    tangents = like(arguments, iter(direction.tolist()))
    every = tuple(range(len(arguments)))
    gradient = numbers(grad(function, argnums=every)(*arguments))
    _, slope = jvp(function, arguments, tangents)
    assert_close(slope, gradient @ direction, 1e-10)

    def along(step):
        moved = like(arguments, iter((numbers(arguments) + step * direction).tolist()))
        return numbers(grad(function, argnums=every)(*moved))

    found = numbers(hvp(function, arguments, tangents))
    assert_close(found, differences(along, (0.0,), 1e-4)[0], 1e-5)


def with_values(tree):
    if isinstance(tree, list | tuple):
        return type(tree)(map(with_values, tree))
    return values(tree) if isinstance(tree, np.ndarray) else Value(tree)


def grads_of(tree):
    if isinstance(tree, list | tuple):
        return np.concatenate([grads_of(item) for item in tree])
    return np.ravel(grads(tree))


MISTAKES = {
    "batch_norm": lambda dx, dgamma, dbeta: (dx, dgamma, dbeta[::-1]),
    "softmax_one_hot": lambda dW, db: (dW * N, db),
    "two_layers": lambda dW1, db1, dW2, db2: (dW1, db1, 0.5 * dW2, db2),
    "gauss_elimination": lambda dA, db: (dA.T, db),
    "attention_head": lambda dQ, dK, dV: (dQ * np.sqrt(3), dK * np.sqrt(3), dV),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_gradient_is_found(name):
    (function, arguments), (manual, options) = PROGRAMS[name], BY_HAND[name]
    mistake = MISTAKES[name]
    report = check_gradient(
        function, lambda *x: mistake(*manual(*x)), *arguments, **{"samples": 1, **options}
    )
    assert not report.passed


def test_a_loss_is_flat_where_it_is_clipped():
    def of_the_book(w, b):
        error = sigmoid(X @ w + b) - BINARY
        return X.T @ error / N, np.mean(error)

    report = check_gradient(logistic, of_the_book, *PROGRAMS["logistic"][1], samples=2)
    assert report.verdict == "disagree"


def test_a_pool_of_equal_numbers_may_take_any_of_them():
    def first(x):
        slopes = np.zeros_like(x)
        upstream = drawn(2, 2, 2)
        for c, i, j in np.ndindex(2, 2, 2):
            patch = x[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            place = np.unravel_index(patch.argmax(), patch.shape)
            slopes[c, 2 * i + place[0], 2 * j + place[1]] = upstream[c, i, j]
        return slopes

    check_gradient(max_pool, first, IMAGE, samples=2).raise_if_failed()
    tied = IMAGE.copy()
    tied[:, :2, :2] = 0.5
    report = check_gradient(max_pool, first, tied, samples=2)
    assert report.passed
    assert "convention" in str(report)


def test_the_hessian_of_a_logistic_regression():
    w, b = PROGRAMS["logistic_of_margins"][1]
    found = hessian(logistic_of_margins)(w, b)
    p = sigmoid(X @ w + b)
    assert_close(found, X.T @ np.diag(p * (1 - p)) @ X, 1e-12)
    direction = drawn(D, seed=7)
    product = hvp(lambda w: logistic_of_margins(w, b), (w,), (direction,))
    assert_close(product, found @ direction, 1e-12)
    for _ in range(6):  # Newton's method
        w = w - np.linalg.solve(hessian(penalised)(w), grad(penalised)(w))
    assert np.abs(grad(penalised)(w)).max() < 1e-12


def penalised(w):
    return logistic_of_margins(w, 0.0) + 0.5 * w @ w


def test_whole_numbers_are_taken():
    assert_close(
        grad(ridge)(np.array([1, -2, 3]), 1), BY_HAND["ridge"][0](np.array([1, -2, 3]), 1)[0]
    )


# --- Black and Scholes ----------------------------------------------------------------------------


def black_scholes(S, K, r, sigma, T, N=autograd.ndtr):
    d1 = (np.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * np.sqrt(T))
    d2 = d1 - sigma * np.sqrt(T)
    return S * N(d1) - K * np.exp(-r * T) * N(d2)


OPTIONS = [
    (100.0, 100.0, 0.05, 0.2, 1.0),
    (80.0, 120.0, 0.01, 0.4, 0.5),
    (150.0, 60.0, -0.01, 0.1, 3.0),
    (42.0, 40.0, 0.1, 0.2, 0.5),
]


def greeks(S, K, r, sigma, T):
    """The derivatives by all five arguments, in 30 digits."""
    S, K, r, sigma, T = map(mpmath.mpf, (S, K, r, sigma, T))
    d1 = (mpmath.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * mpmath.sqrt(T))
    d2 = d1 - sigma * mpmath.sqrt(T)
    strike = K * mpmath.exp(-r * T)
    return [
        mpmath.ncdf(d1),
        -strike / K * mpmath.ncdf(d2),
        T * strike * mpmath.ncdf(d2),
        S * mpmath.npdf(d1) * mpmath.sqrt(T),
        S * mpmath.npdf(d1) * sigma / (2 * mpmath.sqrt(T)) + r * strike * mpmath.ncdf(d2),
    ]


@pytest.mark.parametrize("option", OPTIONS)
def test_the_greeks(option):
    with mpmath.workdps(30):
        expected = [float(greek) for greek in greeks(*option)]
    found = grad(black_scholes, argnums=(0, 1, 2, 3, 4))(*option)
    assert found == pytest.approx(expected, rel=1e-12)
    by_hand = lambda *x: tuple(map(float, greeks(*x)))  # noqa: E731
    check_gradient(black_scholes, by_hand, *option, samples=1).raise_if_failed()


def test_the_greeks_of_many_options_at_once():
    S, K, r, sigma, T = np.array(OPTIONS).T
    found = grad(lambda *x: np.sum(black_scholes(*x)), argnums=(0, 1, 2, 3, 4))(S, K, r, sigma, T)
    assert_close(np.array(found).T, [[float(x) for x in greeks(*option)] for option in OPTIONS])
    table = jacobian(black_scholes, argnums=3)(S, K, r, sigma, T)
    assert np.count_nonzero(table - np.diag(np.diag(table))) == 0


def test_gamma_and_the_other_greeks_of_second_order():
    S, K, r, sigma, T = option = OPTIONS[0]
    d1 = (np.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * np.sqrt(T))
    second = hessian(lambda x: black_scholes(*x))(np.array(option))
    density = scipy.stats.norm.pdf(d1)
    assert second[0, 0] == pytest.approx(density / (S * sigma * np.sqrt(T)), rel=1e-12)
    vanna = -density * (d1 - sigma * np.sqrt(T)) / sigma
    assert second[0, 3] == pytest.approx(vanna, rel=1e-12)


def test_the_implied_volatility_is_found_by_newton():
    price, sigma = black_scholes(100.0, 110.0, 0.02, 0.3, 0.75), 0.5
    for _ in range(8):
        value, vega = value_and_grad(black_scholes, argnums=3)(100.0, 110.0, 0.02, sigma, 0.75)
        sigma -= (value - price) / vega
    assert sigma == pytest.approx(0.3, rel=1e-12)


def test_normal_distributions_of_scipy():
    by_ndtr = lambda *x: black_scholes(*x, N=scipy.special.ndtr)  # noqa: E731
    by_erf = lambda *x: black_scholes(  # noqa: E731
        *x, N=lambda d: 0.5 * (1 + scipy.special.erf(d / np.sqrt(2)))
    )
    expected = grad(black_scholes, argnums=(0, 1, 2, 3, 4))(*OPTIONS[1])
    assert grad(by_ndtr, argnums=(0, 1, 2, 3, 4))(*OPTIONS[1]) == expected
    assert grad(by_erf, argnums=(0, 1, 2, 3, 4))(*OPTIONS[1]) == pytest.approx(expected, rel=1e-12)


# --- Jacobians ------------------------------------------------------------------------------------


def rotation(angles):
    a, b, c = angles
    Rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    Ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    Rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return Rz @ Ry @ Rx


def test_a_rotation():
    angles = np.array([0.3, -0.5, 1.1])
    found = jacobian(rotation)(angles)
    assert_close(np.moveaxis(found, 2, 0), differences(rotation, (angles,)))
    R = rotation(angles)
    for i in range(3):  # R' R is skew
        assert_close(found[:, :, i] @ R.T + R @ found[:, :, i].T, np.zeros((3, 3)))
    flat = grad(lambda a: np.linalg.norm(rotation(a)) ** 2)(angles)
    assert np.allclose(flat, 0.0, atol=1e-15)


def planar_arm(q, lengths=(1.0, 0.7, 0.3)):
    angles = np.cumsum(q)
    return np.array([np.sum(lengths * np.cos(angles)), np.sum(lengths * np.sin(angles))])


def test_a_planar_arm():
    q = np.array([0.4, -0.8, 0.5])
    lengths, angles = np.array([1.0, 0.7, 0.3]), np.cumsum(q)
    s, c = lengths * np.sin(angles), lengths * np.cos(angles)
    expected = [[-s[i:].sum() for i in range(3)], [c[i:].sum() for i in range(3)]]
    assert_close(jacobian(planar_arm)(q), expected, 1e-13)
    target = np.array([0.5, 1.2])
    for _ in range(20):  # inverse kinematics
        J = jacobian(planar_arm)(q)
        q = q + np.linalg.pinv(J) @ (target - planar_arm(q))
    assert_close(planar_arm(q), target, 1e-12)


# A table of Denavit and Hartenberg with joints among its numbers.
def transform(alpha, a, d, theta):
    ct, st, ca, sa = np.cos(theta), np.sin(theta), np.cos(alpha), np.sin(alpha)
    return np.array(
        [
            [ct, -st * ca, st * sa, a * ct],
            [st, ct * ca, -ct * sa, a * st],
            [0, sa, ca, d],
            [0, 0, 0, 1],
        ]
    )


def arm(q):
    table = np.array(
        [
            [np.pi / 2, 0, 0.24, q[0]],
            [np.pi, 0.28, 0.03, q[1] + np.pi / 2],
            [np.pi / 2, 0.1, 0.02, q[2]],
        ]
    )
    T = np.eye(4)
    for i in range(3):
        alpha, a, d, theta = table[i]
        T = T @ transform(alpha, a, d, theta)
    return T[:3, 3]


def test_an_arm_in_space():
    q = np.array([0.3, -0.4, 0.9])
    found = jacobian(arm)(q)
    assert_close(found.T, differences(arm, (q,)))
    # The geometric Jacobian: the axis of each joint times the arm from there to the hand.
    T, columns, hand = np.eye(4), [], arm(q)
    for alpha, a, d, theta in [
        (np.pi / 2, 0, 0.24, q[0]),
        (np.pi, 0.28, 0.03, q[1] + np.pi / 2),
        (np.pi / 2, 0.1, 0.02, q[2]),
    ]:
        columns.append(np.cross(T[:3, 2], hand - T[:3, 3]))
        T = T @ transform(alpha, a, d, theta)
    assert_close(found, np.array(columns).T, 1e-12)


# A camera with a rotation vector, as in bundle adjustment.
def rotate(points, rot_vecs):
    theta = np.linalg.norm(rot_vecs, axis=1)[:, np.newaxis]
    with np.errstate(invalid="ignore"):
        v = rot_vecs / theta
        v = np.nan_to_num(v)
    dot = np.sum(points * v, axis=1)[:, np.newaxis]
    return (
        np.cos(theta) * points + np.sin(theta) * np.cross(v, points) + dot * (1 - np.cos(theta)) * v
    )


def project(points, camera):
    moved = rotate(points, camera[:, :3])
    moved = moved + camera[:, 3:6]
    flat = -moved[:, :2] / moved[:, 2, np.newaxis]
    f, k1, k2 = camera[:, 6], camera[:, 7], camera[:, 8]
    n = np.sum(flat**2, axis=1)
    r = 1 + k1 * n + k2 * n**2
    return flat * (r * f)[:, np.newaxis]


def test_bundle_adjustment():
    points = drawn(3, 3) + np.array([0, 0, 5])
    cameras = np.hstack([0.3 * drawn(2, 6), [[1.5, 0.1, 0.01], [1.2, -0.1, 0.02]]])
    indices = np.array([0, 1, 1])

    def residuals(params):
        cameras, points = params[:18].reshape((2, 9)), params[18:].reshape((3, 3))
        return (project(points, cameras[indices]) - 0.1).ravel()

    x = np.hstack((cameras.ravel(), points.ravel()))
    assert_close(jacobian(residuals)(x).T, differences(residuals, (x,)))


def pinhole(world, K, R, t):
    camera = R @ world.T + t[:, None]
    pixels = K @ camera
    return (pixels[:2] / pixels[2]).T


def test_a_pinhole_camera():
    K, R = np.array([[800.0, 0, 320], [0, 800, 240], [0, 0, 1]]), rotation([0.1, 0.2, -0.1])
    world, t = drawn(4, 3), np.array([0.1, -0.2, 6.0])
    found = jacobian(pinhole, argnums=(0, 1, 2, 3))(world, K, R, t)
    by_numbers = differences(pinhole, (world, K, R, t))
    together = np.concatenate([part.reshape(8, -1) for part in found], axis=1)
    assert_close(together, by_numbers.reshape(-1, 8).T)
    x, y, z = camera = R @ world[2] + t
    expected = np.array([[800 / z, 0, -800 * x / z**2], [0, 800 / z, -800 * y / z**2]])
    assert camera[2] > 0
    assert_close(found[0][2][:, 2, :], expected @ R, 1e-12)
    assert_close(found[3][2], expected, 1e-12)


# --- An extended Kalman filter --------------------------------------------------------------------

DT = 0.1
LANDMARK = np.array([4.0, 3.0])


def motion_model(x, u):
    F = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 0]])
    B = np.array([[DT * np.cos(x[2]), 0], [DT * np.sin(x[2]), 0], [0.0, DT], [1.0, 0.0]])
    return F @ x + B @ u


def jacob_f(x, u):
    yaw, v = x[2], u[0]
    return np.array(
        [
            [1.0, 0.0, -DT * v * np.sin(yaw), 0.0],
            [0.0, 1.0, DT * v * np.cos(yaw), 0.0],
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 0.0],
        ]
    )


def measure(x):
    dx, dy = LANDMARK - x[:2]
    return np.array([np.hypot(dx, dy), np.arctan2(dy, dx) - x[2]])


def jacob_h(x):
    dx, dy = LANDMARK - x[:2]
    q = dx**2 + dy**2
    r = np.sqrt(q)
    return np.array([[-dx / r, -dy / r, 0, 0], [dy / q, -dx / q, -1, 0]])


def residual(a, b):
    y = a - b
    y[1] = y[1] % (2 * np.pi)
    if y[1] > np.pi:
        y[1] -= 2 * np.pi
    return y


def ekf_step(x, P, z, u, Q, R):
    x = motion_model(x, u)
    F = jacob_f(x, u)
    P = F @ P @ F.T + Q
    H = jacob_h(x)
    S = H @ P @ H.T + R
    det = S[0, 0] * S[1, 1] - S[0, 1] * S[1, 0]
    S_inv = np.array([[S[1, 1], -S[0, 1]], [-S[1, 0], S[0, 0]]]) / det
    K = P @ H.T @ S_inv
    y = residual(z, measure(x))
    log_likelihood = -0.5 * (y @ S_inv @ y + np.log(det) + 2 * np.log(2 * np.pi))
    return x + K @ y, (np.eye(len(x)) - K @ H) @ P, log_likelihood


STATE, INPUT, MEASURED = np.array([0.5, -0.2, 0.3, 1.0]), np.array([1.2, 0.2]), np.array([4.6, 0.4])


def test_the_jacobians_of_a_filter_are_those_of_the_book():
    assert_close(jacobian(motion_model)(STATE, INPUT), jacob_f(STATE, INPUT), 1e-13)
    assert_close(jacobian(measure)(STATE), jacob_h(STATE), 1e-13)


def test_an_extended_kalman_filter_takes_automatic_jacobians():
    by_book = ekf_step(STATE, np.eye(4), MEASURED, INPUT, 0.1 * np.eye(4), 0.2 * np.eye(2))
    x = motion_model(STATE, INPUT)
    F, H = jacobian(motion_model)(x, INPUT), jacobian(measure)(x)
    P = F @ F.T + 0.1 * np.eye(4)
    K = P @ H.T @ np.linalg.inv(H @ P @ H.T + 0.2 * np.eye(2))
    assert_close(x + K @ residual(MEASURED, measure(x)), by_book[0], 1e-12)
    assert_close((np.eye(4) - K @ H) @ P, by_book[1], 1e-12)


def test_an_extended_kalman_filter_is_itself_differentiated():
    def log_likelihood(x, log_q, log_r):
        Q = np.diag(np.exp(log_q))
        R = np.diag(np.exp(log_r)) ** 2
        P, total = np.eye(4), 0.0
        for z in (MEASURED, MEASURED - 0.1):
            x, P, part = ekf_step(x, P, z, INPUT, Q, R)
            total += part
        return total

    arguments = (STATE, np.full(4, -2.0), np.array([-1.0, -1.5]))
    value, gradients = value_and_grad(log_likelihood, argnums=(0, 1, 2))(*arguments)
    assert value == pytest.approx(log_likelihood(*arguments), rel=1e-12)
    assert_close(numbers(gradients), differences(log_likelihood, arguments))
    step = lambda x: ekf_step(x, np.eye(4), MEASURED, INPUT, 0.1 * np.eye(4), 0.2 * np.eye(2))[1]  # noqa: E731
    assert_close(jacobian(step)(STATE), np.moveaxis(differences(step, (STATE,)), 0, 2))


# --- Training -------------------------------------------------------------------------------------


def test_a_network_is_trained_with_the_accuracy_beside_it():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(12, 2))
    labels = (points[:, 0] * points[:, 1] > 0).astype(int)
    params = {"W1": rng.normal(size=(2, 6)), "b1": np.zeros(6), "W2": 0.5 * rng.normal(size=(6, 2))}

    def loss(params):
        hidden = np.maximum(0, points @ params["W1"] + params["b1"])
        scores = hidden @ params["W2"]
        predicted = np.argmax(scores, axis=1)
        logp = scores - log_sum_exp(scores, axis=1, keepdims=True)
        return -np.mean(logp[np.arange(12), labels]), np.mean(predicted == labels)

    losses = []
    for _ in range(200):
        (value, accuracy), gradients = value_and_grad(loss, has_aux=True)(params)
        losses.append(value)
        for name in params:
            params[name] -= 0.5 * gradients[name]
    assert losses[-1] < 0.3 * losses[0]
    assert accuracy == 1.0


def test_a_fit_by_scipy():
    t = np.linspace(0, 2, 15)
    y = 2.0 * np.exp(-1.3 * t) * np.cos(4.0 * t)

    def residuals(p):
        return p[0] * np.exp(-p[1] * t) * np.cos(p[2] * t) - y

    found = scipy.optimize.least_squares(residuals, [1.0, 1.0, 3.8], jac=jacobian(residuals))
    assert_close(found.x, [2.0, 1.3, 4.0], 1e-8)
    tangency = scipy.optimize.minimize(
        value_and_grad(lambda weights: negative_sharpe(weights, 0.0)),
        np.full(3, 0.3),
        jac=True,
        tol=1e-10,
    ).x
    expected = np.linalg.solve(np.cov(RETURNS.T), RETURNS.mean(axis=0))
    assert_close(cosine(tangency, expected), 1.0, 1e-8)


# --- What is an error, with a remedy --------------------------------------------------------------


def filled_by_hand(a):
    R = np.eye(3)
    R[0, 0] = np.cos(a)
    return R[0, 0]


def filled_in_a_loop(x):
    out = np.zeros(len(x))
    for i in range(len(x)):
        out[i] = np.sum(x[i] * x)
    return out.sum()


def filled_by_rows(x):
    path = np.empty((2, len(x)))
    path[0] = x
    return path.sum()


def accumulated(x):
    total = np.zeros(len(x))
    for _ in range(3):
        total += x
    return total.sum()


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (filled_by_hand, 0.3),
        (filled_in_a_loop, np.ones(3)),
        (filled_by_rows, np.ones(3)),
        (accumulated, np.ones(3)),
        (lambda x: math.exp(x[0]), np.ones(3)),
        (lambda x: float(np.sum(x)), np.ones(3)),
        (lambda x: x[int(x[0])], np.ones(3)),
        (lambda x: np.array([x[0], 1.0], dtype=float).sum(), np.ones(3)),
        (lambda x: np.sum(x.astype(float)), np.ones(3)),
        (lambda x: np.asarray(x, dtype=np.float64).sum(), np.ones(3)),
        (lambda x: np.vectorize(math.erf)(x).sum(), np.ones(3)),
    ],
)
def test_what_would_lose_the_gradient_is_an_error(function, x):
    with pytest.raises(TypeError, match=r"would lose its gradient|cannot hold Values"):
        grad(function)(x)


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (lambda x: np.sum(x).item(), AttributeError),
        (lambda x: scipy.stats.norm.cdf(x).sum(), TypeError),
        (lambda x: np.histogram(x)[0].sum(), TypeError),
        (lambda x: scipy.linalg.expm(np.diag(x)).sum(), TypeError),
    ],
)
def test_what_is_not_differentiated_is_an_error(function, error):
    with pytest.raises(error):
        grad(function)(np.ones(3))


def test_the_remedy_of_the_message_is_one():
    def filled(a):
        R = np.eye(3).astype(object)
        R[0, 0], R[0, 1], R[1, 0], R[1, 1] = np.cos(a), -np.sin(a), np.sin(a), np.cos(a)
        return (R @ np.array([1.0, 2.0, 3.0]))[0]

    def put_in(a):
        R = autograd.array(np.eye(3))
        R[0, 0], R[0, 1] = np.cos(a), -np.sin(a)
        return (R @ np.array([1.0, 2.0, 3.0]))[0]

    assert grad(put_in)(0.3) == grad(filled)(0.3)
    assert grad(filled)(0.3) == pytest.approx(-np.sin(0.3) - 2.0 * np.cos(0.3), rel=1e-15)
    assert isinstance(filled(Value(0.3)), Value)
