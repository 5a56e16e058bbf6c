"""A network of three layers, drawn: folded as far as it must be to fit a screen."""

from math import sin

from autograd import Value, dot, draw, relu, values


def neuron(name, inputs, seed):
    """One neuron, with its parameters and its output called by its name."""
    w = values([sin(seed + i * i) for i in range(len(inputs))], name=f"{name}.w")
    b = Value(0.1, name=f"{name}.b")
    return relu(dot(inputs, w) + b).named(f"{name}.out")


x = list(values([0.5, -1.0, 2.0], name="x"))
hidden = [neuron(f"layer1.neuron{i}", x, i) for i in range(11)]
deeper = [neuron(f"layer2.neuron{i}", hidden, i) for i in range(11)]
output = neuron("layer3.neuron0", deeper, 3)
loss = ((output - 1.0) ** 2).named("loss")
loss.backward()

diagram = draw(loss)
print(diagram)
diagram.save("network.svg")
diagram.save("network.html")

opened = draw(loss, expand="layer1")
print(opened)
opened.save("layer1.svg")
