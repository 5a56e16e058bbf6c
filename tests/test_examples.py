"""The examples that train networks: what they compute, what they print, what they refuse."""

import math
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import data, grads

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
sys.path.insert(0, str(EXAMPLES))

import gpt  # noqa: E402
import mlp  # noqa: E402


def run(*arguments, **environment):
    program, *options = map(str, arguments)
    return subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / program, *options],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# --- The GPT -------------------------------------------------------------------------------------


def cross_entropy(weights, name):
    """That of a name, by NumPy: all its characters at once, with a mask. Complex numbers, too."""
    ids = [gpt.CHARACTERS.index(character) for character in f".{name}."]
    count, size = len(name) + 1, gpt.WIDTH // gpt.HEADS

    def normalised(x):
        return x / np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-5)

    def softmax(x):
        powers = np.exp(x - x.real.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def in_heads(matrix):
        return (y @ weights[matrix].T).reshape(count, gpt.HEADS, size).transpose(1, 0, 2)

    x = weights["embedding.character"][ids[:-1]] + weights["embedding.position"][:count]
    y = normalised(x)
    queries, keys, values = map(in_heads, ["attention.query", "attention.key", "attention.value"])
    scores = queries @ keys.transpose(0, 2, 1) / np.sqrt(size)
    scores = np.where(np.tri(count, dtype=bool), scores, -np.inf)
    found = (softmax(scores) @ values).transpose(1, 0, 2).reshape(count, gpt.WIDTH)
    x = x + found @ weights["attention.output"].T
    hidden = normalised(x) @ weights["mlp.up"].T
    x = x + (hidden * (hidden.real > 0.0)) @ weights["mlp.down"].T
    chances = softmax(normalised(x) @ weights["unembedding"].T)
    return -np.log(chances[range(count), ids[1:]]).mean()


@pytest.mark.parametrize("name", ["oakby", "x", "leatherhead"])
def test_the_loss_and_its_gradient_are_those_of_numpy(name, monkeypatch):
    monkeypatch.setattr(gpt, "CHARACTERS", gpt.CHARACTERS.replace("z", "") + "x")
    model = gpt.initial(random.Random(name))
    loss = gpt.cross_entropy(model, name)
    loss.backward()
    weights = {key: data(matrix).astype(complex) for key, matrix in model.items()}
    assert loss.data == pytest.approx(cross_entropy(weights, name).real, rel=1e-13)
    for key, matrix in weights.items():
        slopes = np.empty(matrix.shape)
        for index, _ in np.ndenumerate(slopes):  # by complex steps, exact to the last digits
            matrix[index] += 1e-30j
            slopes[index] = cross_entropy(weights, name).imag / 1e-30
            matrix[index] -= 1e-30j
        np.testing.assert_allclose(grads(model[key]), slopes, rtol=1e-10, atol=1e-14)


def test_plain_numbers_give_the_same_loss():
    model = gpt.initial(random.Random(1))
    plain = {name: data(matrix).tolist() for name, matrix in model.items()}
    for name in gpt.NAMES[:3]:
        loss = gpt.cross_entropy(plain, name)
        assert isinstance(loss, float)
        assert loss == gpt.cross_entropy(model, name).data


def test_it_learns():
    rng = random.Random(0)
    model = gpt.initial(rng)
    losses = list(gpt.train(model, 20, rng))
    assert len(losses) == 20
    assert np.mean(losses[-5:]) < losses[0] - 0.5
    assert not grads(list(model.values())[-1]).any()  # cleared for whoever goes on


def test_each_step_is_smaller_and_on_other_names(monkeypatch):
    rates, seen = [], []
    monkeypatch.setattr(gpt.Adam, "step", lambda self, rate: rates.append(rate))
    monkeypatch.setattr(gpt, "cross_entropy", lambda model, name: seen.append(name) or x)
    x = autograd.Value(1.0)
    assert list(gpt.train({"x": [[x]]}, 4, random.Random(1))) == [1.0] * 4
    assert rates == pytest.approx([0.02, 0.015, 0.01, 0.005])
    assert len(seen) == 16
    assert len(set(seen)) > 12
    assert set(seen) < set(gpt.NAMES)


def test_characters_are_drawn_by_their_chances(monkeypatch):
    logits = [0.7 * math.log(1 + place) for place in range(len(gpt.CHARACTERS))]
    monkeypatch.setattr(gpt, "predict", lambda model, c, keys, values: keys.append(c) or logits)
    rng = random.Random(0)
    drawn = Counter("".join(gpt.sample({}, rng) for _ in range(2000)))
    counts = [drawn[c] for c in gpt.CHARACTERS[1:]]
    expected = np.arange(2, 26) / np.arange(2, 26).sum() * sum(counts)
    assert counts == pytest.approx(expected, abs=5 * max(expected) ** 0.5)


def test_adam_is_the_published_one():
    # Algorithm 1 of Kingma and Ba (2015), number by number.
    x = autograd.Value(1.0)
    adam, m, v, expected = gpt.Adam([x]), 0.0, 0.0, 1.0
    for t in range(1, 6):
        x.grad = slope = 2.0 * x.data - t
        adam.step(0.1)
        m, v = 0.9 * m + 0.1 * slope, 0.99 * v + 0.01 * slope**2
        expected -= 0.1 * (m / (1 - 0.9**t)) / ((v / (1 - 0.99**t)) ** 0.5 + 1e-8)
        assert x.data == pytest.approx(expected, rel=1e-12)


def test_a_name_ends_at_a_dot_or_where_there_is_no_room():
    zeros = {name: np.zeros(shape).tolist() for name, shape in gpt.SHAPES.items()}
    rng = random.Random(0)
    names = [gpt.sample(zeros, rng) for _ in range(200)]  # each character is equally likely
    lengths = [len(name) for name in names]
    assert min(lengths) == 0
    assert max(lengths) == gpt.LENGTH
    assert np.mean(lengths) == pytest.approx(24 * (1 - (24 / 25) ** 12), abs=1.0)
    assert set("".join(names)) == set(gpt.CHARACTERS) - {"."}


def test_the_list_of_names():
    assert sorted(set(gpt.NAMES)) == gpt.NAMES
    assert all(re.fullmatch("[a-z]{4,11}", name) for name in gpt.NAMES)
    assert gpt.LENGTH == 12


def test_both_cores_learn_the_same_bits(tmp_path):
    forms = ["pure", "native"] if autograd.core == "native" else ["pure", "pure"]
    printed = []
    for index, form in enumerate(forms):
        result = run(
            "gpt.py", "--steps", 20, "--save", tmp_path / f"{index}.npz", AUTOGRAD_CORE=form
        )
        assert result.returncode == 0, result.stderr
        printed.append(result.stdout)
    first, second = (dict(np.load(tmp_path / f"{index}.npz")) for index in range(2))
    assert list(first) == list(second) == list(gpt.SHAPES)
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)
    assert printed[0] == printed[1]


def test_weights_are_saved_and_loaded(tmp_path):
    path = tmp_path / "weights"
    begun = run("gpt.py", "--steps", 3, "--seed", 5, "--save", path)
    assert begun.returncode == 0, begun.stderr
    model = gpt.load(path)
    assert {name: data(matrix).shape for name, matrix in model.items()} == gpt.SHAPES
    gpt.save(tmp_path / "again", model)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    twice = [run("gpt.py", "--steps", 0, "--load", path) for _ in range(2)]
    assert twice[0].stdout == twice[1].stdout
    assert twice[0].stderr == ""
    assert re.fullmatch(r"new:.*\nin the list:.*\n", twice[0].stdout)
    rng = random.Random(0)
    plain = {name: data(matrix).tolist() for name, matrix in model.items()}
    names = [gpt.sample(plain, rng) for _ in range(12)]
    assert re.findall(r"(?<= )\w+", twice[0].stdout.replace("in the list:", "")) == names


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    shapes = {name: np.zeros(shape) for name, shape in gpt.SHAPES.items()}
    arrays = tmp_path / "arrays.npy"
    np.save(arrays, np.zeros(3))
    text = tmp_path / "text.npz"
    text.write_text("weights")
    half = tmp_path / "half.npz"
    np.savez(half, **shapes)
    half.write_bytes(half.read_bytes()[:5000])
    others = {
        "missing": {name: shapes[name] for name in list(shapes)[1:]},
        "more": {**shapes, "more": np.zeros(3)},
        "transposed": {name: array.T for name, array in shapes.items()},
        "words": {**shapes, "mlp.up": np.full((64, 16), "x")},
        "objects": {**shapes, "mlp.up": np.full((64, 16), None)},
        "nan": {**shapes, "mlp.up": np.full((64, 16), np.nan)},
        "complex": {**shapes, "mlp.up": np.full((64, 16), 1j)},
    }
    for name, content in others.items():
        np.savez(tmp_path / name, **content)
    files = [tmp_path / f"{name}.npz" for name in others]
    for path in [tmp_path / "nowhere.npz", tmp_path, arrays, text, half, *files]:
        with pytest.raises(gpt.argparse.ArgumentTypeError, match=re.escape(str(path))):
            gpt.load(path)
    result = run("gpt.py", "--load", text)
    assert result.returncode == 2
    assert f"argument --load: {text} does not hold the weights of this model" in result.stderr
    assert "Traceback" not in result.stderr


def test_bad_options(tmp_path):
    result = run("gpt.py", "--steps", -1)
    assert (result.returncode, result.stdout) == (2, "")
    assert "argument --steps: a number of steps is 0 or more" in result.stderr
    nowhere = tmp_path / "nowhere" / "weights.npz"
    result = run("gpt.py", "--save", nowhere)
    assert result.returncode == 2
    assert f"argument --save: {nowhere}: No such file or directory" in result.stderr


def test_what_goes_into_a_pipe_is_a_line_for_each_tenth():
    result = run("gpt.py", "--steps", 25, "--seed", 4)
    lines = result.stderr.splitlines()
    assert [int(line.split()[1]) for line in lines] == [*range(2, 25, 2), 25]
    rng = random.Random(4)
    losses = list(gpt.train(gpt.initial(rng), 25, rng))
    recent = [f"{np.mean(losses[max(0, step - 2) : step]):.4f}" for step in [*range(2, 25, 2), 25]]
    assert [line.split()[3] for line in lines] == recent
    assert all(re.fullmatch(r"step +\d+  loss \d\.\d{4}  +\d+\.\d steps/s", line) for line in lines)
    assert "\r" not in result.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there are no such signals")
def test_a_file_of_weights_is_whole_whenever_the_program_ends(tmp_path):
    path = tmp_path / "weights.npz"
    gpt.save(path, gpt.initial(random.Random(1)))
    before = path.read_bytes()
    command = [sys.executable, EXAMPLES / "gpt.py", "--steps", "1000", "--save", path]
    for signals in ([signal.SIGKILL], [signal.SIGINT, signal.SIGINT]):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        part = tmp_path / "weights.npz.part"
        while not part.exists():
            assert process.poll() is None
        for number in signals:
            time.sleep(0.3)
            process.send_signal(number)
        process.communicate(timeout=60)
        assert gpt.load(path)
        if signals == [signal.SIGKILL]:
            assert path.read_bytes() == before
        part.unlink(missing_ok=True)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals")
def test_ctrl_c_ends_with_what_was_learnt(tmp_path):
    path = tmp_path / "weights.npz"
    terminal, there = os.openpty()
    command = [sys.executable, "-W", "error", EXAMPLES / "gpt.py", "--steps", "100000"]
    process = subprocess.Popen(
        [*command, "--save", path], stdout=subprocess.PIPE, stderr=there, text=True
    )
    os.close(there)
    shown = b""
    while b"step    3" not in shown:
        shown += os.read(terminal, 1000)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    try:
        while more := os.read(terminal, 1000):
            shown += more
    except OSError:  # Linux has it that a terminal whose other end is closed cannot be read
        pass
    os.close(terminal)
    assert process.returncode == 0
    assert re.fullmatch(r"new:.*\nin the list:.*\n", printed)
    line = rb"step +\d+  loss \d\.\d{4}  +\d+\.\d steps/s\r"
    assert re.fullmatch(rb"(?:%b)+(?:\^C)?\r?\nstopped after step \d+\r\n" % line, shown)
    learnt, start = gpt.load(path), gpt.initial(random.Random(0))
    changed = data(list(learnt["mlp.up"])) != data(start["mlp.up"])
    assert changed.mean() > 0.9
    assert np.isfinite(data(learnt["unembedding"])).all()


# --- The moons -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def learnt():
    rng = random.Random(0)
    points, labels = mlp.two_moons(100, rng)
    model = mlp.MLP([2, 16, 16, 1], rng)
    return model, points, labels, list(mlp.train(model, points, labels, 251))


def test_the_moons_are_told_apart(learnt):
    model, points, labels, history = learnt
    losses, accuracies = zip(*history, strict=True)
    assert losses[-1] < 0.05 < 0.5 < losses[0]
    assert accuracies[-1] == 1.0
    assert labels.count(1.0) == labels.count(-1.0) == 50
    assert len(model.parameters()) == 2 * 16 + 16 + 16 * 16 + 16 + 16 + 1
    scores = [model(point)[0].data for point in points]
    assert [score > 0.0 for score in scores] == [label > 0.0 for label in labels]
    # The loss that was computed anew at the last step is that of a graph recorded anew.
    again = list(mlp.train(model, points, labels, 2))
    assert again[0][0] < losses[-1]
    assert again[0][0] == pytest.approx(np.mean(np.log1p(np.exp(-np.array(labels) * scores))))


def test_the_grid_holds_what_the_model_says_there_by_one_graph(learnt, monkeypatch):
    model, __call__ = learnt[0], mlp.MLP.__call__
    xs, ys = [-1.0, 0.5, 2.0], [0.25, -0.5]
    found = mlp.surface(model, xs, ys)
    assert found.shape == (2, 3)
    calls = []
    monkeypatch.setattr(mlp.MLP, "__call__", lambda self, x: calls.append(x) or __call__(self, x))
    assert mlp.surface(model, xs, ys).tolist() == found.tolist()
    assert len(calls) == 1
    assert found.tolist() == [[model([x, y])[0].data for x in xs] for y in ys]


def test_the_picture_of_the_moons(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    result = run("mlp.py")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "wrote moons.png"
    assert (tmp_path / "moons.png").read_bytes().startswith(b"\x89PNG")


def test_the_boundary_lies_between_the_moons(learnt):
    pytest.importorskip("matplotlib")
    model, points, labels, history = learnt
    figure = mlp.plot(model, points, labels, [loss for loss, _ in history])
    left, right = figure.axes
    (x_low, x_high), (y_low, y_high) = right.get_xlim(), right.get_ylim()
    assert left.lines[0].get_ydata().tolist() == [loss for loss, _ in history]
    assert all(x_low < x < x_high and y_low < y < y_high for x, y in points)
    field, _, dots = right.collections
    for point, label, color in zip(points, labels, dots.to_rgba(labels), strict=True):
        assert (color[2] > color[0]) == (label > 0.0)  # blue for 1, in the dots and in the field
        around = field.to_rgba(1.0 / (1.0 + math.exp(-model(point)[0].data)))
        assert (around[2] > around[0]) == (label > 0.0)
    boundary = right.collections[1].get_paths()[0].vertices
    scores = [model(point)[0].data for point in boundary.tolist()]
    assert len(boundary) > 50
    assert np.abs(scores).max() < 1.0 < max(model(points[0])[0].data, 2.0)
    assert right.collections[2].get_offsets().tolist() == [list(point) for point in points]


def test_without_matplotlib(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.chdir(tmp_path)
    mlp.main()
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "there is no picture, as matplotlib is not installed"
    assert list(tmp_path.iterdir()) == []
