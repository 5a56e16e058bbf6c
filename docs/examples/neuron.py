"""The same neuron, its gradients computed by the engine."""

from autograd import Value, data, dot, relu, values

inputs = [1.0, -2.0, 3.0]
weights = values([-3.0, -1.0, 2.0], name="w")
bias = Value(1.0, name="b")
target = 0.0
learning_rate = 0.001

for _ in range(20):
    loss = (relu(dot(inputs, weights) + bias) - target) ** 2
    loss.backward()
    for parameter in (*weights, bias):
        parameter.data -= learning_rate * parameter.grad
    loss.zero_grad()
    print(loss.data)

print("final weights", data(weights))
print("final bias", bias.data)
