"""One neuron trained by gradient descent, its gradients derived by hand."""

import numpy as np

inputs = np.array([1.0, -2.0, 3.0])
weights = np.array([-3.0, -1.0, 2.0])
bias = 1.0
target = 0.0
learning_rate = 0.001

for _ in range(20):
    # Forward.
    output = np.dot(inputs, weights) + bias
    relu_output = np.maximum(0, output)
    loss = (relu_output - target) ** 2

    # Backward: the chain rule, from the loss to the parameters.
    dloss_drelu = 2 * (relu_output - target)
    drelu_doutput = 1.0 if output > 0 else 0.0
    dloss_doutput = dloss_drelu * drelu_doutput
    dloss_dweights = dloss_doutput * inputs
    dloss_dbias = dloss_doutput

    # A step downhill.
    weights -= learning_rate * dloss_dweights
    bias -= learning_rate * dloss_dbias
    print(loss)

print("final weights", weights)
print("final bias", bias)
