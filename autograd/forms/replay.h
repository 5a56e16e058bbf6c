/* Calls of compiled functions for one point, by their programs (autograd/compiler/shortcuts.py). */

typedef struct { /* a call whose arguments have a structure that is known */
    PyObject_HEAD
    PyObject *described; /* keeps alive what the rest points to */
    PyObject *missed;
    PyObject *tapes; /* a tuple */
    Around around;
    Part arguments, named;
    Py_ssize_t inputs, largest; /* how many numbers a program has at most */
} Replay;

static void Replay_clear_all(Replay *self)
{
    free_part(&self->arguments);
    free_part(&self->named);
    Py_CLEAR(self->described);
    Py_CLEAR(self->tapes);
}

/* Replay(arguments, named, around, missed): `missed` is returned where the call
   has to be made in another way. */
static PyObject *Replay_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *arguments, *named, *missed;
    Around around;
    if (!PyArg_ParseTuple(args, "OO(O!O!O!O)O", &arguments, &named, &PyTuple_Type, &around.globals,
                          &PyTuple_Type, &around.functions, &PyTuple_Type, &around.places,
                          &around.missing, &missed))
        return NULL;
    Replay *self = (Replay *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->described = Py_NewRef(args);
    self->around = around;
    self->missed = missed;
    self->tapes = PyTuple_New(0);
    if (self->tapes == NULL || !read_part(arguments, &self->arguments, 0) ||
        !read_part(named, &self->named, 0)) {
        Py_DECREF(self);
        return NULL;
    }
    self->inputs = found_in_part(&self->arguments, 0) + found_in_part(&self->named, 0);
    self->largest = self->inputs;
    return (PyObject *)self;
}

static PyObject *get_tapes(Replay *self, void *closure)
{
    return Py_NewRef(self->tapes);
}

static int set_tapes(Replay *self, PyObject *tapes, void *closure)
{
    Py_ssize_t largest = self->inputs;
    int fit = tapes != NULL && PyTuple_CheckExact(tapes);
    for (Py_ssize_t i = 0; fit && i < PyTuple_GET_SIZE(tapes); i++) {
        Tape *tape = (Tape *)PyTuple_GET_ITEM(tapes, i);
        fit = Py_IS_TYPE(tape, &Tape_Type) && tape->inputs == self->inputs;
        largest = fit && tape->size > largest ? tape->size : largest;
    }
    if (!fit) {
        PyErr_SetString(PyExc_TypeError, "expected a tuple of programs of as many inputs");
        return -1;
    }
    Py_SETREF(self->tapes, Py_NewRef(tapes));
    self->largest = largest;
    return 0;
}

static int took(Replay *self, PyObject *args, PyObject *kwargs, double *numbers)
{
    Taken taken = {numbers, NULL, NULL, -1};
    return take(&self->arguments, args, &taken) && take(&self->named, kwargs, &taken);
}

/* The result of the first program whose conditions hold; NULL with an error. */
static PyObject *replayed(Replay *self, double *numbers, double start)
{
    PyObject *answer = self->missed, *tapes = Py_NewRef(self->tapes);
    enum Outcome outcome = FAILED_CHECK;
    int failed;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tapes) && outcome == FAILED_CHECK; i++) {
        Tape *tape = (Tape *)PyTuple_GET_ITEM(tapes, i);
        outcome = run(tape, numbers, &failed);
        if (outcome == PASSED_ALL && (answer = built(&tape->result, numbers, NULL)) != NULL)
            count(tape->counter, 1, start);
    }
    Py_DECREF(tapes);
    if (outcome == ERROR || (answer == NULL && not_ordinary() < 0))
        return NULL;
    return answer == NULL || answer == self->missed ? Py_NewRef(self->missed) : answer;
}

static PyObject *Replay_call(Replay *self, PyObject *args, PyObject *kwargs)
{
    double few[512], *numbers = few, start = now();
    PyObject *given, *named, *answer = NULL;
    if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &given, &PyDict_Type, &named))
        return NULL;
    Py_ssize_t size = self->largest;
    if (size > 512 && (numbers = PyMem_New(double, size)) == NULL)
        return PyErr_NoMemory();
    int other = !took(self, given, named, numbers) ? 1 : changed(&self->around);
    if (other == 0 && self->largest <= size)
        answer = replayed(self, numbers, start);
    else if (other >= 0)
        answer = Py_NewRef(self->missed);
    if (numbers != few)
        PyMem_Free(numbers);
    return answer;
}

/* fits(args, kwargs): whether it is for arguments of such a structure. */
static PyObject *fits(Replay *self, PyObject *args)
{
    PyObject *given, *named;
    if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &given, &PyDict_Type, &named))
        return NULL;
    double *numbers = PyMem_New(double, self->inputs + 1);
    if (numbers == NULL)
        return PyErr_NoMemory();
    int yes = took(self, given, named, numbers);
    PyMem_Free(numbers);
    return PyBool_FromLong(yes);
}

static int Replay_traverse(Replay *self, visitproc visit, void *arg)
{
    Py_VISIT(self->described);
    Py_VISIT(self->tapes);
    return 0;
}

static void Replay_dealloc(Replay *self)
{
    PyObject_GC_UnTrack(self);
    Replay_clear_all(self);
    Py_TYPE(self)->tp_free(self);
}

static PyGetSetDef Replay_getset[] = {{"tapes", (getter)get_tapes, (setter)set_tapes}, {NULL}};

static PyMethodDef Replay_methods[] = {{"fits", (PyCFunction)fits, METH_VARARGS, NULL}, {NULL}};

static PyTypeObject Replay_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "autograd.forms.native.Replay",
    .tp_doc = "A call of a function for one point, by its programs.",
    .tp_basicsize = sizeof(Replay),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = Replay_new,
    .tp_dealloc = (destructor)Replay_dealloc,
    .tp_traverse = (traverseproc)Replay_traverse,
    .tp_call = (ternaryfunc)Replay_call,
    .tp_getset = Replay_getset,
    .tp_methods = Replay_methods,
};
