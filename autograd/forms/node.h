/* The life and death of a node, and its attributes. */

/* A node is hidden from the garbage collector, which would go through all of a large graph again
   and again, as long as it cannot be part of a cycle: operands are older than the node, its
   operation belongs to the library, and nothing else can be attached to a Value. */

static int tracked(Record *node)
{
    return node != NULL && PyObject_GC_IsTracked((PyObject *)node);
}

static void track_if_needed(Record *self)
{
    int needed = (self->op != NULL && !Py_IS_TYPE(self->op, Entry)) || tracked(self->x) ||
                 tracked(self->y) || (self->name != NULL && !PyUnicode_CheckExact(self->name));
    if (self->wide != NULL)
        for (Py_ssize_t i = 0; i < self->wide->count && !needed; i++)
            needed = tracked(self->wide->nodes[i]);
    if (needed && !PyObject_GC_IsTracked((PyObject *)self))
        PyObject_GC_Track(self);
}

/* Whether nothing is to be recorded in this thread, -1 after an error (autograd/silence.py). */
static int silent(void)
{
    if (silence == NULL)
        return 0;
    PyObject *asked = Py_NewRef(silence), *answer = PyObject_CallNoArgs(asked);
    int yes = answer == NULL ? -1 : answer == Py_True;
    Py_DECREF(asked);
    Py_XDECREF(answer);
    return yes;
}

/* The result of an operation: a leaf where nothing is to be recorded. */
static PyObject *result(PyObject *op, double number, Record *x, double dx, Record *y, double dy)
{
    int leaf = silent();
    Record *self = leaf < 0 ? NULL : PyObject_GC_New(Record, Value);
    if (self == NULL)
        return NULL;
    self->number = number;
    if (leaf) {
        self->dx = self->dy = self->grad = 0.0;
        self->x = self->y = NULL;
        self->wide = NULL;
        self->op = self->name = NULL;
        self->era = era;
        self->mark = 0;
        return (PyObject *)self;
    }
    self->dx = dx;
    self->dy = dy;
    self->grad = 0.0;
    self->x = (Record *)Py_XNewRef(x);
    self->y = (Record *)Py_XNewRef(y);
    self->wide = NULL;
    self->op = Py_NewRef(op);
    self->name = NULL;
    self->stamp = 0; /* in order, if there has been no assignment */
    self->mark = 0;
    if (tracked(x) || tracked(y) || !Py_IS_TYPE(op, Entry))
        PyObject_GC_Track(self);
    return (PyObject *)self;
}

static PyObject *Record_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    Record *self = (Record *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->era = era;
    if (type == Value)
        PyObject_GC_UnTrack(self);
    return (PyObject *)self;
}

static Wide *new_wide(Py_ssize_t count)
{
    size_t size = sizeof(Wide) + count * (sizeof(Record *) + sizeof(double));
    Wide *wide = PyMem_Calloc(1, size);
    if (wide == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    wide->count = count;
    wide->nodes = (Record **)(wide->numbers + count);
    return wide;
}

/* Gives up a reference to a node. If it was the last one to a Value, that is not freed here but put
   on the list, so that a deep graph is freed without recursion. Nobody finds it there: what
   is freed before it may run Python code, which can ask the collector for all that it tracks. */
static void let_go(Record *node, Record **waiting)
{
    if (node == NULL)
        return;
    if (Py_REFCNT(node) == 1 && Py_IS_TYPE(node, Value)) {
        PyObject_GC_UnTrack(node);
        node->next = *waiting;
        *waiting = node;
    }
    else
        Py_DECREF(node);
}

static void let_go_of_wide(Wide *wide, Record **waiting)
{
    if (wide == NULL)
        return;
    for (Py_ssize_t i = 0; i < wide->count; i++)
        let_go(wide->nodes[i], waiting);
    Py_XDECREF(wide->seen);
    PyMem_Free(wide);
}

static void empty(Record *self, Record **waiting)
{
    Record *x = self->x, *y = self->y;
    Wide *wide = self->wide;
    self->x = self->y = NULL;
    self->wide = NULL;
    let_go(x, waiting);
    let_go(y, waiting);
    let_go_of_wide(wide, waiting);
    Py_CLEAR(self->op);
    Py_CLEAR(self->name);
}

static void free_all(Record *waiting)
{
    while (waiting != NULL) {
        Record *self = waiting;
        waiting = self->next;
        empty(self, &waiting);
        PyObject_GC_Del(self);
        Py_DECREF(Value);
    }
}

static int Record_clear(Record *self)
{
    Record *waiting = NULL;
    empty(self, &waiting);
    free_all(waiting);
    return 0;
}

static void Record_dealloc(Record *self)
{
    PyObject_GC_UnTrack(self);
    Record_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static int Record_traverse(Record *self, visitproc visit, void *arg)
{
    Py_VISIT(self->x);
    Py_VISIT(self->y);
    Py_VISIT(self->op);
    Py_VISIT(self->name);
    if (self->wide != NULL) {
        Py_VISIT(self->wide->seen);
        for (Py_ssize_t i = 0; i < self->wide->count; i++)
            Py_VISIT(self->wide->nodes[i]);
    }
    return 0;
}

/* --- Attributes ------------------------------------------------------------------------------- */

static PyObject *or_none(void *object)
{
    return Py_NewRef(object == NULL ? Py_None : (PyObject *)object);
}

static int refuse_deletion(PyObject *value, const char *name)
{
    if (value == NULL)
        PyErr_Format(PyExc_AttributeError, "property '%s' of 'Value' object has no deleter", name);
    return value == NULL;
}

/* The closure of the next two is where the field is, and for the setter of `_x`, `_y` and `op` also
   which type is stored there. */

static PyObject *get_object(Record *self, void *offset)
{
    return or_none(*(void **)((char *)self + (size_t)offset));
}

static int set_object(Record *self, PyObject *value, void *offset)
{
    PyObject **field = (PyObject **)((char *)self + (size_t)offset);
    PyTypeObject *type = (size_t)offset == offsetof(Record, op)     ? &Applied_Type
                         : (size_t)offset == offsetof(Record, name) ? NULL
                                                                    : &Record_Type;
    if (refuse_deletion(value, type == NULL ? "name" : type == &Applied_Type ? "op" : "_x"))
        return -1;
    if (value == Py_None)
        value = NULL;
    else if (type != NULL && !PyObject_TypeCheck(value, type)) {
        PyErr_Format(PyExc_TypeError, "expected %s, not %R", type->tp_name, value);
        return -1;
    }
    Py_XSETREF(*field, Py_XNewRef(value));
    track_if_needed(self);
    return 0;
}

static PyObject *get_wide(Record *self, void *closure)
{
    if (self->wide == NULL)
        Py_RETURN_NONE;
    Py_ssize_t count = self->wide->count;
    PyObject *nodes = PyTuple_New(count), *numbers = PyTuple_New(count), *tuple = NULL;
    Wide *wide = self->wide; /* the collector may have run code that replaced it */
    if (nodes == NULL || numbers == NULL || wide == NULL || wide->count != count)
        goto done;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *number = PyFloat_FromDouble(wide->numbers[i]);
        if (number == NULL)
            goto done;
        PyTuple_SET_ITEM(numbers, i, number);
        PyTuple_SET_ITEM(nodes, i, or_none(wide->nodes[i]));
    }
    tuple = PyObject_CallFunctionObjArgs(Wide_class, nodes, numbers, wide->seen, NULL);
done:
    if (tuple == NULL && !PyErr_Occurred())
        PyErr_SetString(PyExc_RuntimeError, "the operands changed while they were looked at");
    Py_XDECREF(nodes);
    Py_XDECREF(numbers);
    return tuple;
}

static int set_wide(Record *self, PyObject *value, void *closure)
{
    PyObject *nodes, *numbers, *seen;
    Wide *wide = NULL, *old;
    Record *waiting = NULL;
    if (refuse_deletion(value, "_wide"))
        return -1;
    if (value != Py_None) {
        if (!PyTuple_Check(value)) {
            PyErr_SetString(PyExc_TypeError, "expected a Wide or None");
            return -1;
        }
        if (!PyArg_ParseTuple(value, "O!O!O!", &PyTuple_Type, &nodes, &PyTuple_Type, &numbers,
                              &PyTuple_Type, &seen))
            return -1;
        Py_ssize_t count = PyTuple_GET_SIZE(nodes);
        if (PyTuple_GET_SIZE(numbers) != count) {
            PyErr_SetString(PyExc_ValueError, "operands and partials must be as many");
            return -1;
        }
        if ((wide = new_wide(count)) == NULL)
            return -1;
        wide->seen = Py_NewRef(seen);
        for (Py_ssize_t i = 0; i < count; i++) {
            PyObject *node = PyTuple_GET_ITEM(nodes, i);
            wide->numbers[i] = PyFloat_AsDouble(PyTuple_GET_ITEM(numbers, i));
            if (node != Py_None && PyObject_TypeCheck(node, &Record_Type))
                wide->nodes[i] = (Record *)Py_NewRef(node);
            else if (node != Py_None)
                PyErr_SetString(PyExc_TypeError, "an operand must be a node or None");
            if (PyErr_Occurred()) {
                let_go_of_wide(wide, &waiting);
                free_all(waiting);
                return -1;
            }
        }
    }
    old = self->wide;
    self->wide = wide;
    let_go_of_wide(old, &waiting);
    free_all(waiting);
    track_if_needed(self);
    return 0;
}

/* Anything but a float goes through `convert(node, attribute, value)`, which raises or gives one.
 */
static int converted(Record *self, PyObject *value, const char *attribute, double *number)
{
    if (refuse_deletion(value, attribute))
        return -1;
    if (PyFloat_CheckExact(value)) {
        *number = PyFloat_AS_DOUBLE(value);
        return 0;
    }
    PyObject *other = PyObject_CallFunction(convert, "OsO", self, attribute, value);
    if (other == NULL)
        return -1;
    *number = PyFloat_AsDouble(other);
    Py_DECREF(other);
    return *number == -1.0 && PyErr_Occurred() ? -1 : 0;
}

/* Whether something must not be done to a node here, as a function is recorded in this thread; with
   an error, that of `bar` of autograd/record.py. */
static inline int barred(Record *self, const char *act)
{
    if (seals == 0)
        return 0;
    PyObject *none = PyObject_CallFunction(bar, "sO", act, self);
    Py_XDECREF(none);
    return none == NULL;
}

static PyObject *get_data(Record *self, void *closure)
{
    if (barred(self, "reading .data"))
        return NULL;
    return PyFloat_FromDouble(self->number);
}

static int set_data(Record *self, PyObject *value, void *closure)
{
    if (barred(self, "assigning to .data"))
        return -1;
    assignments++;
    return converted(self, value, "data", &self->number);
}

static PyObject *get_grad(Record *self, void *closure)
{
    if (barred(self, "reading .grad"))
        return NULL;
    return PyFloat_FromDouble(self->grad);
}

static int set_grad(Record *self, PyObject *value, void *closure)
{
    if (barred(self, "assigning to .grad"))
        return -1;
    return converted(self, value, "grad", &self->grad);
}

static PyObject *begin_leaf(Record *self, PyObject *number)
{
    double data = PyFloat_AsDouble(number);
    if (data == -1.0 && PyErr_Occurred())
        return NULL;
    Record_clear(self);
    self->number = data;
    self->dx = self->dy = self->grad = 0.0;
    self->era = era;
    Py_RETURN_NONE;
}

static PyObject *born(Record *self, PyObject *ignored)
{
    self->stamp = self->op == NULL ? era : -1;
    Py_RETURN_NONE;
}

static PyObject *get_settled(Record *self, void *closure)
{
    return PyBool_FromLong(self->op == NULL || self->stamp == assignments);
}

static PyObject *settle(Record *self, PyObject *ignored)
{
    self->stamp = assignments;
    Py_RETURN_NONE;
}

static PyObject *operands_changed(Record *self, PyObject *ignored)
{
    if (self->op != NULL)
        self->stamp = -1;
    track_if_needed(self);
    Py_RETURN_NONE;
}

static PyObject *Record_sizeof(Record *self, PyObject *ignored)
{
    Py_ssize_t size = Py_TYPE(self)->tp_basicsize;
    if (self->wide != NULL)
        size += sizeof(Wide) + self->wide->count * (sizeof(Record *) + sizeof(double));
    return PyLong_FromSsize_t(size);
}

#define OBJECT(attribute, field)                                                                   \
    {attribute, (getter)get_object, (setter)set_object, NULL, (void *)offsetof(Record, field)}

static PyGetSetDef Record_getset[] = {
    {"data", (getter)get_data, (setter)set_data,
     "The number. Assigning to it changes only this Value; what was computed from it stays as\n"
     "it was until `forward()`."},
    {"grad", (getter)get_grad, (setter)set_grad,
     "The gradient `backward()` has accumulated, 0.0 at first. Assigning None resets it."},
    OBJECT("_x", x),
    OBJECT("_y", y),
    OBJECT("op", op),
    OBJECT("name", name),
    {"_wide", (getter)get_wide, (setter)set_wide},
    {"_settled", (getter)get_settled, NULL,
     "Whether its graph was found to follow from its numbers, with none assigned since."},
    {NULL}};

static PyMemberDef Record_members[] = {{"_number", T_DOUBLE, offsetof(Record, number), 0, NULL},
                                       {"_dx", T_DOUBLE, offsetof(Record, dx), 0, NULL},
                                       {"_dy", T_DOUBLE, offsetof(Record, dy), 0, NULL},
                                       {"_grad", T_DOUBLE, offsetof(Record, grad), 0, NULL},
                                       {NULL}};

static PyMethodDef Record_methods[] = {
    {"_begin", (PyCFunction)begin_leaf, METH_O, NULL},
    {"_born", (PyCFunction)born, METH_NOARGS, NULL},
    {"_settle", (PyCFunction)settle, METH_NOARGS, NULL},
    {"_operands_changed", (PyCFunction)operands_changed, METH_NOARGS, NULL},
    {"__sizeof__", (PyCFunction)Record_sizeof, METH_NOARGS, NULL},
    {NULL}};
