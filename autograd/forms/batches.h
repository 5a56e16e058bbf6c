/* Calls for a batch all lanes of which are on one path, by code that LLVM has made of it
   (autograd/compiler/native/blocks.py, which tells what the code finds in its workspace). */

#define BLOCK 256 /* lanes that are added by the code itself (autograd/batching/sums.py) */

typedef struct {
    PyObject_HEAD
    PyObject *described; /* keeps alive what the rest points to */
    PyObject *family;    /* whose only path it is */
    PyObject *other;     /* makes a call that is not the usual one */
    PyObject *missed;    /* returned where a lane is not on the path */
    PyObject *shapes;    /* of the tables of results, for a lane; empty for sums */
    PyObject *empty;     /* makes an array of a shape */
    PyObject *interrupts, *interrupted; /* what came up in functions of Python's, and raises it */
    Around around;
    Part arguments, named, result;
    void (*code)(void *, Py_ssize_t);
    Py_ssize_t size, same, fixed; /* of the workspace, and the places of numbers in it */
    Py_ssize_t arrays, tables, sums;
    Py_ssize_t most; /* lanes */
    int asks, mean, vector, patience;
    double *constants, *workspace;
    Py_ssize_t constant_count;
    int busy;
    int misses; /* in excess of calls that have not missed the path */
    Counter *counter;
} Batch;

/* A workspace begins where a line of the cache does. */
static double *new_workspace(Batch *self)
{
    char *memory = PyMem_Malloc((self->size + 8) * sizeof(double));
    if (memory == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    size_t shift = 64 - (size_t)memory % 64; /* 8 at least, as memory is aligned so */
    double *workspace = (double *)(memory + shift);
    workspace[-1] = (double)shift;
    memcpy(workspace + self->same + self->fixed, self->constants,
           self->constant_count * sizeof(double));
    return workspace;
}

static void free_workspace(double *workspace)
{
    if (workspace != NULL)
        PyMem_Free((char *)workspace - (size_t)workspace[-1]);
}

/* The sums of blocks, a row for each of them, added to the first one: neighbours to each other, an
   odd last one kept, until one is left. */
static void add_blocks(double *rows, Py_ssize_t count, Py_ssize_t width)
{
    for (; count > 1; count -= count / 2) {
        for (Py_ssize_t i = 0; i < count / 2; i++)
            for (Py_ssize_t j = 0; j < width; j++)
                rows[i * width + j] = rows[2 * i * width + j] + rows[(2 * i + 1) * width + j];
        if (count % 2)
            memmove(rows + count / 2 * width, rows + (count - 1) * width, width * sizeof(double));
    }
}

/* Runs the code: 1, 0 if a check fails in a lane, -1 with an error. */
static int run_lanes(Batch *self, double *workspace, Py_ssize_t lanes, Py_ssize_t *failed)
{
    int passed = 1;
    Py_BEGIN_ALLOW_THREADS
    self->code(workspace, lanes);
    if (self->sums)
        for (Py_ssize_t i = self->vector; i < 2 * self->vector; i++)
            passed &= failed[i] == 0;
    else if (self->asks)
        for (Py_ssize_t i = 0; i < lanes; i++)
            passed &= failed[i] == -1;
    Py_END_ALLOW_THREADS
    if (PyDict_GET_SIZE(self->interrupts)) {
        PyObject *none = PyObject_CallNoArgs(self->interrupted);
        Py_XDECREF(none);
        if (none == NULL)
            return -1;
    }
    return passed;
}

/* The tables of results, as new arrays. */
static int new_tables(Batch *self, PyObject **tables, Py_ssize_t lanes)
{
    for (Py_ssize_t i = 0; i < self->tables; i++) {
        PyObject *shape = PyTuple_GET_ITEM(self->shapes, i), *all;
        Py_ssize_t count = PyTuple_GET_SIZE(shape);
        if ((all = PyTuple_New(count + 1)) == NULL)
            return 0;
        for (Py_ssize_t j = 0; j < count; j++)
            PyTuple_SET_ITEM(all, j + 1, Py_NewRef(PyTuple_GET_ITEM(shape, j)));
        PyObject *length = PyLong_FromSsize_t(lanes);
        if (length != NULL) {
            PyTuple_SET_ITEM(all, 0, length);
            tables[i] = PyObject_CallOneArg(self->empty, all);
        }
        Py_DECREF(all);
        if (tables[i] == NULL)
            return 0;
    }
    return 1;
}

/* The result, given the arguments in the workspace; `missed` or NULL with an error. */
static PyObject *of_lanes(Batch *self, double *workspace, Py_ssize_t lanes, PyObject **tables)
{
    Py_ssize_t few[16], *failed = few, blocks = (lanes + BLOCK - 1) / BLOCK;
    double *sums = NULL, **addresses = (double **)workspace + self->arrays;
    PyObject *answer = NULL;
    if (self->sums ? (sums = PyMem_New(double, blocks * self->sums)) == NULL
                   : self->asks && (failed = PyMem_New(Py_ssize_t, lanes)) == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (!new_tables(self, tables, lanes))
        goto end;
    for (Py_ssize_t i = 0; i < self->tables; i++)
        *addresses++ = ((Array *)tables[i])->data;
    *addresses++ = (double *)failed;
    *addresses = sums;
    int passed = run_lanes(self, workspace, lanes, failed);
    if (passed > 0 && self->sums) {
        add_blocks(sums, blocks, self->sums);
        for (Py_ssize_t i = 0; i < self->sums && self->mean; i++)
            sums[i] /= (double)lanes;
    }
    if (passed > 0)
        answer = built(&self->result, sums, tables);
    else if (passed == 0)
        answer = Py_NewRef(self->missed);
end:
    if (failed != few)
        PyMem_Free(failed);
    PyMem_Free(sums);
    return answer;
}

/* Whether the path is the only one, and lanes have not missed it too often; -1 with an error. */
static int is_worth_while(Batch *self)
{
    PyObject *paths = PyObject_GetAttrString(self->family, "paths");
    Py_ssize_t count = paths == NULL ? -1 : PyObject_Size(paths);
    Py_XDECREF(paths);
    return count < 0 ? -1 : count == 1 && self->misses <= self->patience;
}

static PyObject *Batch_call(Batch *self, PyObject *args, PyObject *kwargs)
{
    double start = now(), *workspace = NULL;
    PyObject *given, *named, *answer = NULL, *few[16] = {NULL}, **held = few;
    if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &given, &PyDict_Type, &named))
        return NULL;
    Py_ssize_t objects = self->arrays + self->tables;
    if (objects > 16 && (held = PyMem_Calloc(objects, sizeof(PyObject *))) == NULL)
        return PyErr_NoMemory();
    int usual = is_worth_while(self), own = 0;
    if (usual <= 0)
        goto end;
    own = !self->busy;
    workspace = own ? self->workspace : new_workspace(self); /* another thread may be at it */
    self->busy = 1;
    usual = -(workspace == NULL);
    if (usual < 0)
        goto end;
    Taken taken = {workspace + self->same, (double **)workspace, held, -1};
    usual = take(&self->arguments, given, &taken) && take(&self->named, named, &taken) &&
            taken.lanes > 0 && (!self->sums || taken.lanes <= self->most);
    if (usual) {
        int other = changed(&self->around);
        usual = other < 0 ? -1 : !other;
    }
    if (usual > 0 &&
        (answer = of_lanes(self, workspace, taken.lanes, held + self->arrays)) == self->missed)
        self->misses++;
    else if (answer != NULL) {
        self->misses -= self->misses > 0;
        count(self->counter, taken.lanes, start);
    }
end:
    for (Py_ssize_t i = 0; i < objects; i++)
        Py_XDECREF(held[i]);
    if (held != few)
        PyMem_Free(held);
    if (own)
        self->busy = 0;
    else
        free_workspace(workspace);
    return usual == 0 ? PyObject_Call(self->other, args, NULL) : answer;
}

/* Batch(arguments, named, around, result, (owner, address, size, same, fixed, constants, vector, asks,
   sums, interrupts, interrupted, mean, most), shapes, empty, family, counter, other, missed,
   patience) */
static PyObject *Batch_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *arguments, *named, *result, *constants, *owner;
    Py_ssize_t address;
    Batch *self = (Batch *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    if (!PyArg_ParseTuple(args, "OO(O!O!O!O)O(OnnnnO!ipnO!Opn)O!OOO!OOi", &arguments, &named,
                          &PyTuple_Type, &self->around.globals, &PyTuple_Type,
                          &self->around.functions, &PyTuple_Type, &self->around.places,
                          &self->around.missing, &result, &owner, &address, &self->size,
                          &self->same, &self->fixed, &PyTuple_Type, &constants, &self->vector,
                          &self->asks, &self->sums, &PyDict_Type, &self->interrupts,
                          &self->interrupted, &self->mean, &self->most, &PyTuple_Type,
                          &self->shapes, &self->empty, &self->family, &Counter_Type,
                          &self->counter, &self->other, &self->missed, &self->patience))
        goto error;
    self->described = Py_NewRef(args);
    self->code = (void (*)(void *, Py_ssize_t))address;
    self->tables = PyTuple_GET_SIZE(self->shapes);
    self->constant_count = PyTuple_GET_SIZE(constants);
    self->constants = PyMem_New(double, self->constant_count + 1);
    if (self->constants == NULL) {
        PyErr_NoMemory();
        goto error;
    }
    for (Py_ssize_t i = 0; i < self->constant_count; i++)
        self->constants[i] = PyFloat_AsDouble(PyTuple_GET_ITEM(constants, i));
    if (PyErr_Occurred() || !read_part(arguments, &self->arguments, 0) ||
        !read_part(named, &self->named, 0) ||
        !read_part(result, &self->result, self->sums ? self->sums : self->tables))
        goto error;
    self->arrays = found_in_part(&self->arguments, 1) + found_in_part(&self->named, 1);
    if ((self->workspace = new_workspace(self)) != NULL)
        return (PyObject *)self;
error:
    Py_DECREF(self);
    return NULL;
}

static int Batch_traverse(Batch *self, visitproc visit, void *arg)
{
    Py_VISIT(self->described);
    return 0;
}

static void Batch_dealloc(Batch *self)
{
    PyObject_GC_UnTrack(self);
    free_part(&self->arguments);
    free_part(&self->named);
    free_part(&self->result);
    free_workspace(self->workspace);
    PyMem_Free(self->constants);
    Py_CLEAR(self->described);
    Py_TYPE(self)->tp_free(self);
}

static PyMemberDef Batch_members[] = {{"misses", T_INT, offsetof(Batch, misses), 0, NULL},
                                      {NULL}};

static PyTypeObject Batch_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "autograd.forms.native.Batch",
    .tp_doc = "A call of a function for a batch, by code for the processor.",
    .tp_basicsize = sizeof(Batch),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = Batch_new,
    .tp_dealloc = (destructor)Batch_dealloc,
    .tp_traverse = (traverseproc)Batch_traverse,
    .tp_call = (ternaryfunc)Batch_call,
    .tp_members = Batch_members,
};
