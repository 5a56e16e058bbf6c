"""Newton's method: the first two derivatives, each recorded once and computed anew at each step."""

from autograd import Value

x = Value(3.0, name="x")
y = x**4 - 3 * x**3 + 2
slope = y.derivative(x)
curvature = slope.derivative(x)

for _ in range(6):
    print(f"x = {x.data:.10f}  slope = {slope.forward():.1e}")
    x.data -= slope.data / curvature.forward()

print(f"x = {x.data:.10f}  y = {y.forward():.10f}")
