/* Calls of compiled functions whose arguments have a structure that is known: what is taken out of
   them, what is around the function, and how the result is put together. They are described by
   autograd/compiler/structures.py and replay.py. */

static double now(void)
{
    struct timespec time;
#ifdef CLOCK_MONOTONIC
    clock_gettime(CLOCK_MONOTONIC, &time);
#else
    timespec_get(&time, TIME_UTC);
#endif
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* How many points a path has computed, whatever did so, and how long that took. */
typedef struct {
    PyObject_HEAD
    long long points;
    double seconds;
} Counter;

static void count(Counter *self, Py_ssize_t points, double start)
{
    self->points += points;
    self->seconds += now() - start;
}

static PyMemberDef Counter_members[] = {{"points", T_LONGLONG, offsetof(Counter, points), 0, NULL},
                                        {"seconds", T_DOUBLE, offsetof(Counter, seconds), 0, NULL},
                                        {NULL}};

static PyTypeObject Counter_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "autograd.forms.native.Counter",
    .tp_doc = "How many points were computed, and how long that took.",
    .tp_basicsize = sizeof(Counter),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_members = Counter_members,
};

/* The fields of an array where all extensions find them that are compiled for NumPy, releases 1
   and 2 (its ndarraytypes.h); autograd/compiler/replay.py looks whether it is so. */
typedef struct {
    PyObject_HEAD
    double *data;
    int dimensions;
    Py_ssize_t *shape, *strides;
    PyObject *base, *dtype;
    int flags;
} Array;

#define WELL_PLACED 0x101 /* side by side, in the order of C, and aligned */

static int is_like(PyObject *item, PyObject *array)
{
    return Py_IS_TYPE(item, Py_TYPE(array)) && ((Array *)item)->dtype == ((Array *)array)->dtype;
}

/* array_fields(array): its address, the length of its axes, and whether it is well placed. */
static PyObject *array_fields(PyObject *module, PyObject *item)
{
    Array *array = (Array *)item;
    PyObject *shape = PyTuple_New(array->dimensions);
    for (Py_ssize_t i = 0; i < array->dimensions && shape != NULL; i++) {
        PyObject *length = PyLong_FromSsize_t(array->shape[i]);
        if (length == NULL)
            Py_CLEAR(shape);
        else
            PyTuple_SET_ITEM(shape, i, length);
    }
    return shape == NULL ? NULL
                         : Py_BuildValue("nNi", (Py_ssize_t)array->data, shape,
                                         (array->flags & WELL_PLACED) == WELL_PLACED);
}

/* --- Parts of arguments and results ---------------------------------------------------------- */

enum Shape { FLOAT, FLOAT64, WHOLE, SAME, TEXT, LIST, TUPLE, DICT, ARRAY, LANES, SHAPES };

static const char *const shape_names[SHAPES] = {"float", "float64", "int",   "same",  "text",
                                                "list",  "tuple",   "dict", "array", "lanes"};

typedef struct Part Part;

struct Part { /* of the arguments, or of the result */
    enum Shape shape;
    PyObject *thing;       /* what it is, its class, its keys, an array like it, what makes one */
    Py_ssize_t count;      /* of its parts, or of its numbers */
    Part *parts;           /* those of a container */
    Py_ssize_t *numbers;   /* of a result: their places; of an argument: the shape of an array */
    Py_ssize_t dimensions; /* of an array; of one of lanes, those of each of them */
};

static void free_part(Part *part)
{
    if (part->parts != NULL)
        for (Py_ssize_t i = 0; i < part->count; i++)
            free_part(part->parts + i);
    PyMem_Free(part->parts);
    PyMem_Free(part->numbers);
}

static Py_ssize_t *indices(PyObject *tuple)
{
    Py_ssize_t count = PyTuple_GET_SIZE(tuple), *found = PyMem_New(Py_ssize_t, count + 1);
    if (found == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count && found != NULL; i++) {
        found[i] = PyLong_AsSsize_t(PyTuple_GET_ITEM(tuple, i));
        if (found[i] == -1 && PyErr_Occurred()) {
            PyMem_Free(found);
            return NULL;
        }
    }
    return found;
}

static int within(const Py_ssize_t *places, Py_ssize_t count, Py_ssize_t limit)
{
    for (Py_ssize_t i = 0; i < count; i++)
        if (places[i] < 0 || places[i] >= limit) {
            PyErr_SetString(PyExc_ValueError, "a program must not use what it has not computed");
            return 0;
        }
    return 1;
}

static int is_tuple(PyObject *described)
{
    if (!PyTuple_Check(described))
        PyErr_Format(PyExc_TypeError, "expected a tuple, not %R", described);
    return PyTuple_Check(described);
}

/* A part from `(shape, thing, parts or numbers)`. Of a result, the numbers are below `limit`. */
static int read_part(PyObject *described, Part *part, Py_ssize_t limit)
{
    const char *name;
    PyObject *more;
    memset(part, 0, sizeof(Part));
    if (!is_tuple(described) ||
        !PyArg_ParseTuple(described, "sOO!", &name, &part->thing, &PyTuple_Type, &more))
        return 0;
    while (part->shape < SHAPES && strcmp(name, shape_names[part->shape]))
        part->shape++;
    Py_ssize_t count = PyTuple_GET_SIZE(more);
    if (part->shape == SHAPES) {
        PyErr_Format(PyExc_ValueError, "%s is not a part", name);
        return 0;
    }
    if (part->shape == LIST || part->shape == TUPLE || part->shape == DICT) {
        if ((part->parts = PyMem_Calloc(count + 1, sizeof(Part))) == NULL) {
            PyErr_NoMemory();
            return 0;
        }
        for (; part->count < count; part->count++) {
            PyObject *one = PyTuple_GET_ITEM(more, part->count);
            if (!read_part(one, part->parts + part->count, limit)) {
                part->count++; /* what has been read of it is to be freed, too */
                return 0;
            }
        }
        return 1;
    }
    if ((part->numbers = indices(more)) == NULL)
        return 0;
    part->count = part->dimensions = count;
    if (limit)
        return within(part->numbers, count, limit);
    if (part->shape == ARRAY || part->shape == LANES)
        for (Py_ssize_t i = part->count = 1; i <= count; i++)
            part->count *= part->numbers[i - 1];
    return 1;
}

/* A part of the result with its numbers, or with arrays of those of all lanes; NULL with an error. */
static PyObject *built(Part *part, const double *numbers, PyObject **arrays)
{
    PyObject *found;
    switch (part->shape) {
    case FLOAT:
        return PyFloat_FromDouble(numbers[part->numbers[0]]);
    case WHOLE:
        return PyLong_FromDouble(numbers[part->numbers[0]]);
    case LIST:
    case TUPLE:
        found = part->shape == LIST ? PyList_New(part->count) : PyTuple_New(part->count);
        for (Py_ssize_t i = 0; i < part->count && found != NULL; i++) {
            PyObject *item = built(part->parts + i, numbers, arrays);
            if (item == NULL)
                Py_CLEAR(found);
            else if (part->shape == LIST)
                PyList_SET_ITEM(found, i, item);
            else
                PyTuple_SET_ITEM(found, i, item);
        }
        return found;
    case DICT:
        found = PyDict_New();
        for (Py_ssize_t i = 0; i < part->count && found != NULL; i++) {
            PyObject *item = built(part->parts + i, numbers, arrays);
            if (item == NULL || PyDict_SetItem(found, PyTuple_GET_ITEM(part->thing, i), item) < 0)
                Py_CLEAR(found);
            Py_XDECREF(item);
        }
        return found;
    case ARRAY:
        found = PyObject_CallNoArgs(part->thing);
        for (Py_ssize_t i = 0; i < part->count && found != NULL; i++)
            ((Array *)found)->data[i] = numbers[part->numbers[i]];
        return found;
    case LANES:
        return Py_NewRef(arrays[part->numbers[0]]);
    default:
        return Py_NewRef(part->thing);
    }
}

typedef struct {        /* what has been taken out of arguments */
    double *next;       /* where the next number goes */
    double **addresses; /* where the address of the next array of lanes goes */
    PyObject **arrays;  /* where that array goes, as a reference of its own */
    Py_ssize_t lanes;   /* how many there are, -1 before the first array */
} Taken;

/* Whether an array has the shape of a part, but for axes before that. */
static int has_shape(Part *part, Array *array, Py_ssize_t before)
{
    if (array->dimensions != part->dimensions + before)
        return 0;
    for (Py_ssize_t i = 0; i < part->dimensions; i++)
        if (array->shape[i + before] != part->numbers[i])
            return 0;
    return (array->flags & WELL_PLACED) == WELL_PLACED;
}

/* Takes numbers out of an argument: false if it has another structure. */
static int take(Part *part, PyObject *item, Taken *taken)
{
    switch (part->shape) {
    case FLOAT:
        if (!PyFloat_CheckExact(item))
            return 0;
        *taken->next++ = PyFloat_AS_DOUBLE(item);
        return 1;
    case FLOAT64:
        if ((PyObject *)Py_TYPE(item) != part->thing)
            return 0;
        *taken->next++ = PyFloat_AS_DOUBLE(item);
        return 1;
    case WHOLE: {
        int overflow;
        long long number = PyLong_CheckExact(item) ? PyLong_AsLongLongAndOverflow(item, &overflow)
                                                   : (overflow = 1, 0);
        if (overflow || number > 1LL << 53 || number < -(1LL << 53))
            return 0;
        *taken->next++ = (double)number;
        return 1;
    }
    case SAME:
        return item == part->thing;
    case TEXT:
        return PyUnicode_CheckExact(item) && !PyUnicode_Compare(item, part->thing);
    case LIST:
        if (!PyList_CheckExact(item) || PyList_GET_SIZE(item) != part->count)
            return 0;
        for (Py_ssize_t i = 0; i < part->count; i++)
            if (!take(part->parts + i, PyList_GET_ITEM(item, i), taken))
                return 0;
        return 1;
    case TUPLE:
        if ((PyObject *)Py_TYPE(item) != part->thing || PyTuple_GET_SIZE(item) != part->count)
            return 0;
        for (Py_ssize_t i = 0; i < part->count; i++)
            if (!take(part->parts + i, PyTuple_GET_ITEM(item, i), taken))
                return 0;
        return 1;
    case DICT: {
        PyObject *key, *value;
        Py_ssize_t at = 0, i = 0;
        if (!PyDict_CheckExact(item) || PyDict_GET_SIZE(item) != part->count)
            return 0;
        for (; PyDict_Next(item, &at, &key, &value); i++)
            if (!PyUnicode_CheckExact(key) ||
                PyUnicode_Compare(key, PyTuple_GET_ITEM(part->thing, i)) ||
                !take(part->parts + i, value, taken))
                return 0;
        return 1;
    }
    case ARRAY:
        if (!is_like(item, part->thing) || !has_shape(part, (Array *)item, 0))
            return 0;
        memcpy(taken->next, ((Array *)item)->data, part->count * sizeof(double));
        taken->next += part->count;
        return 1;
    case LANES:
        if (!is_like(item, part->thing) || !has_shape(part, (Array *)item, 1))
            return 0;
        if (taken->lanes < 0)
            taken->lanes = ((Array *)item)->shape[0];
        *taken->addresses++ = ((Array *)item)->data;
        *taken->arrays++ = Py_NewRef(item);
        return ((Array *)item)->shape[0] == taken->lanes;
    default:
        return 0;
    }
}

/* How many numbers, or arrays of lanes, there are in an argument. */
static Py_ssize_t found_in_part(Part *part, int arrays)
{
    Py_ssize_t found = 0;
    if (part->shape == SAME || part->shape == TEXT)
        return 0;
    if (part->parts == NULL)
        return part->shape == LANES ? arrays : arrays ? 0 : part->shape == ARRAY ? part->count : 1;
    for (Py_ssize_t i = 0; i < part->count; i++)
        found += found_in_part(part->parts + i, arrays);
    return found;
}

/* --- What is around the function -------------------------------------------------------------- */

/* What there is under a name in a dict, or in a variable of a closure; NULL for nothing. */
static PyObject *found_in(PyObject *holder, PyObject *name)
{
    if (PyDict_CheckExact(holder))
        return PyDict_GetItemWithError(holder, name);
    return PyCell_Check(holder) ? PyCell_GET(holder) : NULL;
}

typedef struct {
    PyObject *globals, *functions, *places; /* tuples */
    PyObject *missing;                      /* stands for what is not there */
} Around;

/* Whether something around the function is not what it was; -1 with an error. They are those of
   `Surroundings` (autograd/compiler/surroundings.py): globals as `(names, name, thing)`, functions
   without defaults, and other places as `(holder, name, thing, same)`, the holder being globals, a
   variable of a closure, or None. */
static int changed(Around *around)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(around->globals); i++) {
        PyObject *place = PyTuple_GET_ITEM(around->globals, i);
        PyObject *thing = found_in(PyTuple_GET_ITEM(place, 0), PyTuple_GET_ITEM(place, 1));
        if (thing == NULL && PyErr_Occurred())
            return -1;
        if ((thing == NULL ? around->missing : thing) != PyTuple_GET_ITEM(place, 2))
            return 1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(around->functions); i++) {
        PyFunctionObject *function = (PyFunctionObject *)PyTuple_GET_ITEM(around->functions, i);
        if (function->func_defaults != NULL || function->func_kwdefaults != NULL)
            return 1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(around->places); i++) {
        PyObject *place = PyTuple_GET_ITEM(around->places, i);
        PyObject *thing = found_in(PyTuple_GET_ITEM(place, 0), PyTuple_GET_ITEM(place, 1));
        if (thing != NULL && thing == PyTuple_GET_ITEM(place, 2))
            continue;
        PyObject *answer = PyErr_Occurred() ? NULL : PyObject_CallNoArgs(PyTuple_GET_ITEM(place, 3));
        int same = answer == NULL ? -1 : PyObject_IsTrue(answer);
        Py_XDECREF(answer);
        if (same <= 0)
            return same < 0 ? -1 : 1;
    }
    return 0;
}
