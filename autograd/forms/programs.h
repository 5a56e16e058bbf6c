/* The entries of a program (`Program.extend` of autograd/compiler/program.py). */

typedef struct { /* the fields of the program, with the names that they have there */
    PyObject *refs, *places, *constants, *entries, *ops, *numbers, *overflown;
    Py_ssize_t start;
} Fields;

/* The reference to a constant, which may be new; NULL with an error. */
static PyObject *constant_ref(Fields *self, double number)
{
    PyObject *bits = PyBytes_FromStringAndSize((char *)&number, sizeof number), *ref = NULL, *x;
    if (bits == NULL)
        return NULL;
    ref = Py_XNewRef(PyDict_GetItemWithError(self->places, bits));
    if (ref == NULL && !PyErr_Occurred() && (x = PyFloat_FromDouble(number)) != NULL) {
        int failed = PyList_Append(self->constants, x);
        Py_DECREF(x);
        if (!failed)
            ref = PyLong_FromSsize_t(-PyList_GET_SIZE(self->constants));
        if (ref != NULL && PyDict_SetItem(self->places, bits, ref) < 0)
            Py_CLEAR(ref);
    }
    Py_DECREF(bits);
    return ref;
}

static PyObject *operand_ref(Fields *self, Record *node, double number)
{
    if (node == NULL)
        return constant_ref(self, number);
    PyObject *ref = Py_XNewRef(PyDict_GetItemWithError(self->refs, (PyObject *)node));
    if (ref == NULL && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "a node must come after its operands");
    return ref;
}

/* An entry without its operation, which is to come first, and whether all operands are constants;
   NULL with an error. */
static PyObject *operand_refs(Fields *self, Record *node, int *constant)
{
    Wide *wide = node->wide;
    int few = wide == NULL || wide->count == 0;
    Py_ssize_t count = few ? arity_of((Applied *)node->op) : wide->count;
    Record *nodes[2] = {node->x, node->y}, **found = few ? nodes : wide->nodes;
    double numbers[2] = {node->dx, node->dy}, *data = few ? numbers : wide->numbers;
    PyObject *entry = PyTuple_New(count + 1);
    *constant = count > 0;
    for (Py_ssize_t i = 0; i < count && entry != NULL; i++) {
        PyObject *ref = operand_ref(self, found[i], data[i]);
        if (ref == NULL) {
            Py_DECREF(entry);
            return NULL;
        }
        *constant = *constant && PyLong_AsSsize_t(ref) < 0;
        PyTuple_SET_ITEM(entry, i + 1, ref);
    }
    return entry;
}

/* Whether an operation is its operand itself; -1 with an error. */
static int is_its_operand(PyObject *op)
{
    PyObject *python = PyObject_GetAttrString(op, "python");
    int yes = python == NULL ? -1
                             : PyUnicode_Check(python) &&
                                   !PyUnicode_CompareWithASCIIString(python, "#1");
    Py_XDECREF(python);
    return yes;
}

/* The number of an operation, which may be new; NULL without an error if it is its operand. */
static PyObject *number_of(Fields *self, PyObject *op)
{
    PyObject *number = Py_XNewRef(PyDict_GetItemWithError(self->numbers, op));
    if (number != NULL || PyErr_Occurred() || is_its_operand(op))
        return number;
    number = PyLong_FromSsize_t(PyList_GET_SIZE(self->ops));
    if (number != NULL &&
        (PyList_Append(self->ops, op) < 0 || PyDict_SetItem(self->numbers, op, number) < 0))
        Py_CLEAR(number);
    return number;
}

static int takes_any_number(PyObject *op)
{
    PyObject *arity = PyObject_GetAttrString(op, "arity");
    Py_XDECREF(arity);
    return arity == NULL ? -1 : arity == Py_None;
}

/* The place of an entry, which is appended unless there is an equal one; NULL with an error. */
static PyObject *entry_place(Fields *self, PyObject *entry, Record *node)
{
    PyObject *place = Py_XNewRef(PyDict_GetItemWithError(self->places, entry));
    if (place != NULL || PyErr_Occurred())
        return place;
    place = PyLong_FromSsize_t(self->start + PyList_GET_SIZE(self->entries));
    if (place == NULL || PyDict_SetItem(self->places, entry, place) < 0 ||
        PyList_Append(self->entries, entry) < 0)
        goto error;
    int any = FINITE(node->number) ? 0 : takes_any_number(node->op);
    if (any < 0 || (any > 0 && PySet_Add(self->overflown, place) < 0))
        goto error;
    return place;
error:
    Py_XDECREF(place);
    return NULL;
}

/* The reference to a node; NULL with an error. */
static PyObject *node_ref(Fields *self, Record *node)
{
    if (node->op == NULL)
        return constant_ref(self, node->number);
    int constant;
    PyObject *number, *ref = NULL, *entry = operand_refs(self, node, &constant);
    if (entry == NULL)
        return NULL;
    if (constant)
        ref = constant_ref(self, node->number);
    else if ((number = number_of(self, node->op)) != NULL) {
        PyTuple_SET_ITEM(entry, 0, number);
        ref = entry_place(self, entry, node);
    }
    else if (!PyErr_Occurred())
        ref = Py_NewRef(PyTuple_GET_ITEM(entry, 1));
    Py_DECREF(entry);
    return ref;
}

/* extend(order, refs, places, constants, entries, ops, numbers, overflown, start) */
static PyObject *extend_program(PyObject *module, PyObject *args)
{
    Fields self;
    PyObject *order;
    if (!PyArg_ParseTuple(args, "O!O!O!O!O!O!O!O!n", &PyList_Type, &order, &PyDict_Type, &self.refs,
                          &PyDict_Type, &self.places, &PyList_Type, &self.constants, &PyList_Type,
                          &self.entries, &PyList_Type, &self.ops, &PyDict_Type, &self.numbers,
                          &PySet_Type, &self.overflown, &self.start))
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(order); i++) {
        PyObject *node = PyList_GET_ITEM(order, i);
        if (!require_record(node))
            return NULL;
        int there = PyDict_Contains(self.refs, node);
        PyObject *ref = there ? NULL : node_ref(&self, (Record *)node);
        int failed = there < 0 || (!there && ref == NULL) ||
                     (ref != NULL && PyDict_SetItem(self.refs, node, ref) < 0);
        Py_XDECREF(ref);
        if (failed)
            return NULL;
    }
    Py_RETURN_NONE;
}
