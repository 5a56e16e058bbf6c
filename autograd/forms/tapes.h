/* Recorded programs run again for one point (autograd/compiler/replay.py), with the bits of the
   Python source that is written of them (autograd/compiler/source.py). Where a number asks for more
   care than is taken here, the answer is that Python must be asked. */

enum Check { NO_CHECK, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL, IS_FINITE, TEST };

static const char *const check_names[] = {"",  "<",  "<=",        ">",   ">=",
                                          "==", "!=", "is finite", NULL};

typedef struct { /* a step, or a condition */
    PyObject *function;   /* computes it, or tests it, where that is not done here */
    Py_ssize_t *places;   /* of its operands among the numbers */
    int count;            /* how many operands it has */
    int guard;            /* the number of the condition */
    unsigned char kind;   /* of the operation */
    unsigned char check;  /* of the condition */
    unsigned char answer; /* that is expected */
} Step;

typedef struct {
    PyObject_HEAD
    PyObject *functions, *described; /* keep alive what the rest points to */
    Py_ssize_t inputs, constants, length, size; /* `size` is how many numbers there are in all */
    double *numbers; /* the constants */
    Step *steps;
    Part result;
    Counter *counter;
} Tape;

/* A step from `(operation, function, places)`, or a condition from `(condition, function, places,
   answer, guard)`; the function is a place among those of the program. */
static int read_step(Tape *self, PyObject *described, Step *step)
{
    PyObject *asked, *places;
    Py_ssize_t function;
    int answer = 0;
    if (!is_tuple(described) ||
        !PyArg_ParseTuple(described, "OnO!|pi", &asked, &function, &PyTuple_Type, &places, &answer,
                          &step->guard))
        return 0;
    if (!within(&function, 1, PyTuple_GET_SIZE(self->functions)))
        return 0;
    step->function = PyTuple_GET_ITEM(self->functions, function);
    step->answer = (unsigned char)answer;
    step->count = (int)PyTuple_GET_SIZE(places);
    step->places = indices(places);
    if (step->places == NULL || !within(step->places, step->count, self->size))
        return 0;
    if (PyObject_TypeCheck(asked, &Applied_Type)) {
        step->kind = ((Applied *)asked)->kind;
        return 1;
    }
    step->check = TEST;
    for (unsigned char check = LESS; check < TEST && PyUnicode_Check(asked); check++)
        if (!PyUnicode_CompareWithASCIIString(asked, check_names[check]))
            step->check = check;
    return 1;
}

static void Tape_clear_all(Tape *self)
{
    for (Py_ssize_t i = 0; i < self->length && self->steps != NULL; i++)
        PyMem_Free(self->steps[i].places);
    free_part(&self->result);
    PyMem_Free(self->steps);
    PyMem_Free(self->numbers);
    Py_CLEAR(self->functions);
    Py_CLEAR(self->described);
    Py_CLEAR(self->counter);
}

/* Tape(inputs, constants, functions, steps, result, counter): the numbers are the inputs, the constants, and
   one for each step that is not a condition. */
static PyObject *Tape_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *constants, *functions, *steps, *result, *counter;
    Py_ssize_t inputs;
    if (!PyArg_ParseTuple(args, "nO!O!O!OO!", &inputs, &PyTuple_Type, &constants, &PyTuple_Type,
                          &functions, &PyTuple_Type, &steps, &result, &Counter_Type, &counter))
        return NULL;
    Tape *self = (Tape *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->functions = Py_NewRef(functions);
    self->described = Py_NewRef(result);
    self->counter = (Counter *)Py_NewRef(counter);
    self->inputs = inputs;
    self->constants = PyTuple_GET_SIZE(constants);
    self->size = inputs + self->constants;
    self->numbers = PyMem_New(double, self->constants + 1);
    self->steps = PyMem_Calloc(PyTuple_GET_SIZE(steps) + 1, sizeof(Step));
    if (self->numbers == NULL || self->steps == NULL) {
        PyErr_NoMemory();
        goto error;
    }
    for (Py_ssize_t i = 0; i < self->constants; i++)
        self->numbers[i] = PyFloat_AsDouble(PyTuple_GET_ITEM(constants, i));
    if (PyErr_Occurred())
        goto error;
    while (self->length < PyTuple_GET_SIZE(steps)) {
        Step *step = self->steps + self->length;
        if (!read_step(self, PyTuple_GET_ITEM(steps, self->length++), step))
            goto error;
        self->size += step->check == NO_CHECK;
    }
    if (read_part(result, &self->result, self->size))
        return (PyObject *)self;
error:
    Py_DECREF(self);
    return NULL;
}

/* What a function makes of numbers; NULL with an error. */
static PyObject *asked_of(Step *step, const double *numbers)
{
    PyObject *few[8] = {NULL}, **arguments = few, *answer = NULL;
    int made = 0;
    if (step->count > 8 && (arguments = PyMem_New(PyObject *, step->count)) == NULL)
        return PyErr_NoMemory();
    while (made < step->count) {
        arguments[made] = PyFloat_FromDouble(numbers[step->places[made]]);
        if (arguments[made] == NULL)
            goto end;
        made++;
    }
    answer = PyObject_Vectorcall(step->function, arguments, made, NULL);
end:
    while (made > 0)
        Py_DECREF(arguments[--made]);
    if (arguments != few)
        PyMem_Free(arguments);
    return answer;
}

/* A sum, a mean or a dot product that is finite and rounded once: false where Python must be asked. */
static int reduced_step(Step *step, const double *numbers, double *out)
{
    double few[64], *data = few;
    if (step->count > 64 && (data = PyMem_New(double, step->count)) == NULL)
        return 0;
    for (int i = 0; i < step->count; i++)
        data[i] = numbers[step->places[i]];
    int done = reduced(step->kind, step->count, data, out);
    if (data != few)
        PyMem_Free(data);
    return done;
}

/* A step whose number takes no call of Python's: true if it is one. */
static inline int computed_here(Step *step, const double *numbers, double *out)
{
    double x = step->count ? numbers[step->places[0]] : 0.0;
    double y = step->count > 1 ? numbers[step->places[1]] : 0.0;
    switch (step->kind) {
    case ADD:
        *out = x + y;
        return 1;
    case SUBTRACT:
        *out = x - y;
        return 1;
    case MULTIPLY:
        *out = x * y;
        return 1;
    case DIVIDE:
        *out = x / y;
        return 1;
    case NEGATIVE:
        *out = -x;
        return 1;
    case POWER:
        *out = x * x;
        return y == 2.0;
    case SQUARE:
        *out = x * x;
        return 1;
    case DOT:
    case SUM:
    case MEAN:
        return reduced_step(step, numbers, out);
    case RELU:
        *out = x <= 0.0 ? 0.0 : x;
        return 1;
    case WHERE:
        *out = x != 0.0 ? y : numbers[step->places[2]];
        return 1;
    case GREATER_THAN:
        *out = x == x && y == y ? (double)(x > y) : Py_NAN;
        return 1;
    case MAXIMUM:
        *out = x != x || y != y ? x + y : y > x ? y : x;
        return 1;
    case MINIMUM:
        *out = x != x || y != y ? x + y : y < x ? y : x;
        return 1;
    case ABSOLUTE:
        *out = fabs(x);
        return 1;
    case SQRT:
        *out = sqrt(x);
        return 1;
    default:
        return 0;
    }
}

/* Whether a condition holds; -1 with an error. */
static int holds(Step *step, const double *numbers)
{
    double x = numbers[step->places[0]];
    double y = step->count > 1 ? numbers[step->places[1]] : 0.0;
    int answer;
    switch (step->check) {
    case LESS:
        answer = x < y;
        break;
    case LESS_EQUAL:
        answer = x <= y;
        break;
    case GREATER:
        answer = x > y;
        break;
    case GREATER_EQUAL:
        answer = x >= y;
        break;
    case EQUAL:
        answer = x == y;
        break;
    case NOT_EQUAL:
        answer = x != y;
        break;
    case IS_FINITE:
        answer = FINITE(x);
        break;
    default: {
        PyObject *same = asked_of(step, numbers);
        answer = same == NULL ? -1 : PyObject_IsTrue(same);
        Py_XDECREF(same);
        return answer;
    }
    }
    return answer == step->answer;
}

enum Outcome { FAILED_CHECK, PASSED_ALL, ASK_PYTHON, ERROR };

/* The program, given its inputs at the front of `numbers`; the guard that fails goes to `failed`. */
static enum Outcome run(Tape *self, double *numbers, int *failed)
{
    double *next = numbers + self->inputs + self->constants;
    memcpy(numbers + self->inputs, self->numbers, self->constants * sizeof(double));
    for (Py_ssize_t i = 0; i < self->length; i++) {
        Step *step = self->steps + i;
        if (step->check != NO_CHECK) {
            int answer = holds(step, numbers);
            if (answer < 0)
                return not_ordinary() < 0 ? ERROR : ASK_PYTHON;
            if (!answer) {
                *failed = step->guard;
                return FAILED_CHECK;
            }
        }
        else {
            if (!computed_here(step, numbers, next)) {
                PyObject *number = asked_of(step, numbers);
                if (number == NULL)
                    return not_ordinary() < 0 ? ERROR : ASK_PYTHON;
                int usual = is_float(number, next);
                Py_DECREF(number);
                if (!usual)
                    return ASK_PYTHON;
            }
            next++;
        }
    }
    return PASSED_ALL;
}

/* `(PASSED, result)`, `(guard, None)`, or None where Python must be asked. */
static PyObject *Tape_call(Tape *self, PyObject *args, PyObject *kwargs)
{
    PyObject *given, *answer = NULL;
    int failed = 0;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &given))
        return NULL;
    if (PyList_GET_SIZE(given) != self->inputs) {
        PyErr_SetString(PyExc_ValueError, "a program must be given as many numbers as it has inputs");
        return NULL;
    }
    double start = now(), *numbers = PyMem_New(double, self->size + 1);
    if (numbers == NULL)
        return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < self->inputs; i++) {
        numbers[i] = PyFloat_AsDouble(PyList_GET_ITEM(given, i));
        if (numbers[i] == -1.0 && PyErr_Occurred())
            goto end;
    }
    switch (run(self, numbers, &failed)) {
    case FAILED_CHECK:
        answer = Py_BuildValue("iO", failed, Py_None);
        break;
    case PASSED_ALL:
        if ((answer = built(&self->result, numbers, NULL)) != NULL) {
            count(self->counter, 1, start);
            answer = Py_BuildValue("iN", -1, answer);
        }
        else if (not_ordinary() == 0)
            answer = Py_NewRef(Py_None);
        break;
    case ASK_PYTHON:
        answer = Py_NewRef(Py_None);
        break;
    case ERROR:
        break;
    }
end:
    PyMem_Free(numbers);
    return answer;
}

static int Tape_traverse(Tape *self, visitproc visit, void *arg)
{
    Py_VISIT(self->functions);
    Py_VISIT(self->described);
    return 0;
}

static void Tape_dealloc(Tape *self)
{
    PyObject_GC_UnTrack(self);
    Tape_clear_all(self);
    Py_TYPE(self)->tp_free(self);
}

/* What it refers to, tuples and functions, is never changed: a cycle leads through something else. */
static PyTypeObject Tape_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "autograd.forms.native.Tape",
    .tp_doc = "A recorded program, run again for one point.",
    .tp_basicsize = sizeof(Tape),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = Tape_new,
    .tp_dealloc = (destructor)Tape_dealloc,
    .tp_traverse = (traverseproc)Tape_traverse,
    .tp_call = (ternaryfunc)Tape_call,
};
