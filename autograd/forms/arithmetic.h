/* The operators of Values (autograd/value.py). */

#define SMALLEST_NORMAL 2.2250738585072014e-308

/* The value and the partials; false where the table must be asked. An operand that is a constant
   has no partial. */
static inline int arithmetic(int kind, double x, double y, int y_constant, double *out, double *dx,
                             double *dy)
{
    switch (kind) {
    case ADD:
        *out = x + y;
        *dx = *dy = 1.0;
        return FINITE(*out);
    case SUBTRACT:
        *out = x - y;
        *dx = 1.0;
        *dy = -1.0;
        return FINITE(*out);
    case MULTIPLY:
        *out = x * y;
        *dx = y;
        *dy = x;
        return FINITE(*out);
    case DIVIDE:
        if (!(fabs(y) >= SMALLEST_NORMAL))
            return 0;
        *out = x / y;
        *dx = 1.0 / y;
        *dy = y_constant ? 0.0 : -*out / y;
        return FINITE(*out) && (y_constant || (fabs(*out) >= SMALLEST_NORMAL && FINITE(*dy)));
    case NEGATIVE:
        *out = -x;
        *dx = -1.0;
        *dy = 0.0;
        return 1;
    case POWER:
        *out = x * x;
        *dx = 2.0 * x;
        *dy = 0.0;
        return y_constant && y == 2.0 && FINITE(*out);
    case SQUARE:
        *out = x * x;
        *dx = 2.0 * x;
        *dy = 0.0;
        return FINITE(*out);
    default:
        return 0;
    }
}

/* A Value or a plain number: 1, and its node or NULL; 0 for anything else; -1 with an error. */
static int operand(PyObject *object, Record **node, double *number)
{
    *node = NULL;
    if (Py_IS_TYPE(object, Value) || PyObject_TypeCheck(object, &Record_Type)) {
        *node = (Record *)object;
        *number = (*node)->number;
    }
    else if (PyFloat_CheckExact(object))
        *number = PyFloat_AS_DOUBLE(object);
    else if (PyLong_CheckExact(object)) {
        *number = PyLong_AsDouble(object);
        return *number == -1.0 && PyErr_Occurred() ? -1 : 1;
    }
    else
        return 0;
    return 1;
}

/* An operator; `apply` of autograd/value.py takes all that is not ordinary. */
static PyObject *operate(int kind, PyObject *left, PyObject *right)
{
    Record *x, *y;
    double a, b, out, dx, dy;
    int known = operand(left, &x, &a);
    if (known > 0)
        known = operand(right, &y, &b);
    if (known < 0)
        return NULL;
    if (known && arithmetic(kind, a, b, y == NULL, &out, &dx, &dy))
        return result(ops[kind], out, x, x == NULL ? a : dx, y, y == NULL ? b : dy);
    PyObject *other = PyObject_TypeCheck(left, &Record_Type) ? right : left;
    return PyObject_CallFunctionObjArgs(apply, ops[kind], left, right, other, NULL);
}

#define OPERATOR(name, kind)                                                                       \
    static PyObject *name(PyObject *left, PyObject *right)                                         \
    {                                                                                              \
        return operate(kind, left, right);                                                         \
    }

OPERATOR(Record_add, ADD)
OPERATOR(Record_subtract, SUBTRACT)
OPERATOR(Record_multiply, MULTIPLY)
OPERATOR(Record_divide, DIVIDE)

static PyObject *Record_power(PyObject *left, PyObject *right, PyObject *modulus)
{
    if (modulus != Py_None) {
        PyErr_SetString(PyExc_TypeError, "pow() of Values does not take a modulus");
        return NULL;
    }
    return operate(POWER, left, right);
}

static PyObject *Record_negative(PyObject *self)
{
    Record *x = (Record *)self;
    return result(ops[NEGATIVE], -x->number, x, -1.0, NULL, 0.0);
}

static PyNumberMethods Record_operators = {
    .nb_add = Record_add,
    .nb_subtract = Record_subtract,
    .nb_multiply = Record_multiply,
    .nb_true_divide = Record_divide,
    .nb_power = Record_power,
    .nb_negative = Record_negative,
};

static PyTypeObject Record_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "autograd.forms.native.Record",
    .tp_doc = "The fields of a node, and arithmetic with it.",
    .tp_basicsize = sizeof(Record),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = Record_new,
    .tp_dealloc = (destructor)Record_dealloc,
    .tp_traverse = (traverseproc)Record_traverse,
    .tp_clear = (inquiry)Record_clear,
    .tp_as_number = &Record_operators,
    .tp_getset = Record_getset,
    .tp_members = Record_members,
    .tp_methods = Record_methods,
};
