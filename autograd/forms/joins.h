/* Items of long code joined with those that need them (`Loops._join` of autograd/compiler/loops.py). */

typedef struct { /* of each item and, from the end, of each constant */
    Py_ssize_t level, below, size, shape;
    char uniform;
} Joined;

typedef struct { /* what does not change */
    PyObject *items, *uses, *sizes, *indices, *common;
    Py_ssize_t total, largest, most;
    int any_uniform;
} Code;

static Py_ssize_t number_at(PyObject *list, Py_ssize_t i)
{
    return PyLong_AsSsize_t(PyList_GET_ITEM(list, i));
}

/* The index of a shape, which may be new; -1 with an error. */
static Py_ssize_t shape_index(Code *code, PyObject *shape)
{
    PyObject *index = Py_XNewRef(PyDict_GetItemWithError(code->indices, shape));
    if (index == NULL && !PyErr_Occurred() &&
        (index = PyLong_FromSsize_t(PyDict_GET_SIZE(code->indices))) != NULL &&
        PyDict_SetItem(code->indices, shape, index) < 0)
        Py_CLEAR(index);
    Py_ssize_t found = index == NULL ? -1 : PyLong_AsSsize_t(index);
    Py_XDECREF(index);
    return found;
}

/* An item with its operands joined, as far as they can be and `join` says: the shape is put into
   `parts`, what it takes from elsewhere into `needed`, and `taken` tells which are joined. Returns
   how many are needed; -1 with an error. */
static Py_ssize_t join_operands(Code *code, Joined *all, PyObject *leaves, PyObject *item,
                                Joined *self, int join, PyObject *parts, PyObject **needed,
                                char *taken)
{
    Py_ssize_t count = PyTuple_GET_SIZE(item) - 1, found = 0;
    self->size = number_at(code->sizes, PyLong_AsSsize_t(PyTuple_GET_ITEM(item, 0)));
    self->below = 0;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *ref = PyTuple_GET_ITEM(item, k + 1), *part;
        Py_ssize_t x = PyLong_AsSsize_t(ref);
        Joined *operand = all + (x < 0 ? x + code->total : x);
        PyObject *its = x < 0 ? NULL : PyList_GET_ITEM(leaves, x);
        Py_ssize_t lowest = operand->level;
        taken[k] = join && operand->size && self->size + operand->size <= code->largest &&
                   operand->uniform == self->uniform &&
                   found + PyTuple_GET_SIZE(its) < code->most;
        if (taken[k]) {
            for (Py_ssize_t j = 0; j < PyTuple_GET_SIZE(its); j++)
                needed[found++] = PyTuple_GET_ITEM(its, j);
            self->size += operand->size;
            lowest = operand->below;
        }
        else
            needed[found++] = ref;
        if ((part = PyLong_FromSsize_t(taken[k] ? operand->shape : -1)) == NULL)
            return -1;
        PyTuple_SET_ITEM(parts, k + 1, part);
        if (lowest > self->below)
            self->below = lowest;
    }
    return found;
}

/* Whether an item is joined with others in a shape that is not among the common ones. */
static int is_rare(Code *code, Py_ssize_t shape, const char *taken, Py_ssize_t count)
{
    if (code->common == Py_None || memchr(taken, 1, count) == NULL)
        return 0;
    PyObject *index = PyLong_FromSsize_t(shape);
    int there = index == NULL ? -1 : PySet_Contains(code->common, index);
    Py_XDECREF(index);
    return there < 0 ? -1 : !there;
}

/* Joins an item; false with an error. */
static int join_item(Code *code, Joined *all, PyObject *leaves, char *joined, Py_ssize_t i)
{
    PyObject *item = PyList_GET_ITEM(code->items, i), *parts = NULL, *mine = NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(item) - 1, found = 0;
    Joined *self = all + i;
    PyObject **needed = PyMem_New(PyObject *, (count + 1) * (code->most + 1));
    char *taken = PyMem_Calloc(count + 1, 1);
    int rare = needed != NULL && taken != NULL ? 1 : -1;
    self->uniform = (char)code->any_uniform;
    for (Py_ssize_t k = 1; k <= count; k++) {
        Py_ssize_t x = PyLong_AsSsize_t(PyTuple_GET_ITEM(item, k));
        self->uniform = self->uniform && all[x < 0 ? x + code->total : x].uniform;
    }
    for (int join = 1; rare > 0; join--) { /* once more without, if the shape is rare */
        Py_XSETREF(parts, PyTuple_New(count + 1));
        if (parts == NULL)
            goto end;
        PyTuple_SET_ITEM(parts, 0, Py_NewRef(PyTuple_GET_ITEM(item, 0)));
        found = join_operands(code, all, leaves, item, self, join, parts, needed, taken);
        self->shape = found < 0 ? -1 : shape_index(code, parts);
        rare = self->shape < 0 ? -1 : is_rare(code, self->shape, taken, count);
    }
    if (rare < 0 || (mine = PyTuple_New(found)) == NULL)
        goto end;
    for (Py_ssize_t k = 0; k < found; k++)
        PyTuple_SET_ITEM(mine, k, Py_NewRef(needed[k]));
    for (Py_ssize_t k = 0; k < count; k++)
        if (taken[k])
            joined[PyLong_AsSsize_t(PyTuple_GET_ITEM(item, k + 1))] = 1;
    self->level = self->below + 1;
    if (number_at(code->uses, i) != 1)
        self->size = 0;
    Py_INCREF(mine);
    PyList_SetItem(leaves, i, mine);
end:
    PyMem_Free(needed);
    PyMem_Free(taken);
    Py_XDECREF(parts);
    Py_XDECREF(mine);
    return mine != NULL;
}

/* join(items, uses, sizes, uniform, any_uniform, indices, common, largest, most): shapes, leaves,
   joined, level and uniform, as the attributes of `Loops` have them. */
static PyObject *join(PyObject *module, PyObject *args)
{
    PyObject *uniform, *leaves = NULL, *lists[4] = {NULL}, *answer = NULL;
    Code code;
    if (!PyArg_ParseTuple(args, "O!O!O!O!pO!Onn", &PyList_Type, &code.items, &PyList_Type,
                          &code.uses, &PyList_Type, &code.sizes, &PyList_Type, &uniform,
                          &code.any_uniform, &PyDict_Type, &code.indices, &code.common,
                          &code.largest, &code.most))
        return NULL;
    Py_ssize_t count = PyList_GET_SIZE(code.items);
    code.total = PyList_GET_SIZE(uniform);
    Joined *all = PyMem_Calloc(code.total + 1, sizeof(Joined));
    char *joined = PyMem_Calloc(count + 1, 1);
    PyObject *none = PyTuple_New(0);
    lists[0] = PyList_New(count);
    lists[1] = PyList_New(count);
    lists[2] = PyList_New(code.total);
    lists[3] = PyList_New(code.total);
    leaves = PyList_New(count);
    if (all == NULL || joined == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    if (none == NULL || leaves == NULL || !lists[0] || !lists[1] || !lists[2] || !lists[3])
        goto end;
    for (Py_ssize_t i = 0; i < count; i++)
        PyList_SET_ITEM(leaves, i, Py_NewRef(none));
    for (Py_ssize_t i = 0; i < code.total; i++)
        all[i].uniform = PyList_GET_ITEM(uniform, i) == Py_True;
    for (Py_ssize_t i = 0; i < count; i++)
        if (PyLong_AsSsize_t(PyTuple_GET_ITEM(PyList_GET_ITEM(code.items, i), 0)) >= 0 &&
            !join_item(&code, all, leaves, joined, i))
            goto end;
    for (Py_ssize_t i = 0; i < code.total; i++) {
        PyObject *level = PyLong_FromSsize_t(all[i].level);
        PyObject *shape = i < count ? PyLong_FromSsize_t(all[i].shape) : NULL;
        PyList_SET_ITEM(lists[2], i, level);
        PyList_SET_ITEM(lists[3], i, PyBool_FromLong(all[i].uniform));
        if (i < count) {
            PyList_SET_ITEM(lists[0], i, shape);
            PyList_SET_ITEM(lists[1], i, PyBool_FromLong(joined[i]));
        }
        if (level == NULL || (i < count && shape == NULL))
            goto end;
    }
    answer = PyTuple_Pack(5, lists[0], leaves, lists[1], lists[2], lists[3]);
end:
    PyMem_Free(all);
    PyMem_Free(joined);
    Py_XDECREF(none);
    Py_XDECREF(leaves);
    for (int i = 0; i < 4; i++)
        Py_XDECREF(lists[i]);
    return answer;
}
