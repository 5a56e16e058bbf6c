def textbook_derivative(value, wrt):
    return value.derivative(wrt)
