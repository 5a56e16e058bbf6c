/* Operations of the table applied to Values (autograd/op.py, `_record` of autograd/value.py). */

/* How many operands an operation has for which there are rules, one or two; otherwise 0. */
static Py_ssize_t arity_of(Applied *op)
{
    PyObject *rules = op->rules;
    if (rules == NULL || !PyTuple_CheckExact(rules) || PyTuple_GET_SIZE(rules) != 3)
        return 0;
    return PyTuple_GET_ITEM(rules, 2) != Py_None ? 2 : PyTuple_GET_ITEM(rules, 1) != Py_None;
}

static int is_float(PyObject *object, double *number)
{
    if (object == NULL || !PyFloat_CheckExact(object))
        return 0;
    *number = PyFloat_AS_DOUBLE(object);
    return 1;
}

/* After a call: 0 if the table's other way has to be taken, -1 if an error has to be handed on. */
static int not_ordinary(void)
{
    if (!PyErr_Occurred())
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_ArithmeticError) && !PyErr_ExceptionMatches(PyExc_ValueError))
        return -1;
    PyErr_Clear();
    return 0;
}

/* An operation with one or two operands by its rules, as `Op.evaluate` does where all is finite: 1,
   0 where that has to be asked, -1 with an error. A constant's partial is not computed. */
static int by_rules(Applied *op, Py_ssize_t count, const double *data, const int *constant,
                    double *out, double *partials)
{
    PyObject *stack[4] = {NULL}, **arguments = stack + 1, *answer = NULL;
    int done = 0;
    for (Py_ssize_t i = 0; i < count; i++)
        if ((arguments[i + 1] = PyFloat_FromDouble(data[i])) == NULL)
            goto end;
    if (op->fused != NULL && op->fused != Py_None) {
        answer = PyObject_Vectorcall(op->fused, arguments + 1, count, NULL);
        if (answer == NULL || !PyTuple_CheckExact(answer) || PyTuple_GET_SIZE(answer) != 2)
            goto end;
        PyObject *slopes = PyTuple_GET_ITEM(answer, 1);
        if (!is_float(PyTuple_GET_ITEM(answer, 0), out) || !FINITE(*out) ||
            !PyTuple_CheckExact(slopes) || PyTuple_GET_SIZE(slopes) != count)
            goto end;
        for (Py_ssize_t i = 0; i < count; i++)
            if (!is_float(PyTuple_GET_ITEM(slopes, i), partials + i))
                goto end;
        done = 1;
        goto end;
    }
    answer = PyObject_Vectorcall(PyTuple_GET_ITEM(op->rules, 0), arguments + 1, count, NULL);
    if (!is_float(answer, out) || !FINITE(*out))
        goto end;
    arguments[0] = answer;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (constant[i])
            continue;
        PyObject *rule = PyTuple_GET_ITEM(op->rules, i + 1);
        PyObject *slope = PyObject_Vectorcall(rule, arguments, count + 1, NULL);
        int usual = is_float(slope, partials + i) && FINITE(partials[i]);
        Py_XDECREF(slope);
        if (!usual)
            goto end;
    }
    done = 1;
end:
    arguments[0] = NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        Py_XDECREF(arguments[i + 1]);
    Py_XDECREF(answer);
    return done ? 1 : not_ordinary();
}

/* An operation with any number of operands by `fused`: 1, 0 where the table must be asked, -1 with an
   error. */
static int by_fused(Applied *op, Py_ssize_t count, const double *data, double *out, double *partials)
{
    PyObject *answer = NULL, *slopes, *numbers = PyTuple_New(count);
    int done = 0;
    if (numbers == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *number = PyFloat_FromDouble(data[i]);
        if (number == NULL)
            goto end;
        PyTuple_SET_ITEM(numbers, i, number);
    }
    answer = PyObject_Call(op->fused, numbers, NULL);
    if (answer == NULL || !PyTuple_CheckExact(answer) || PyTuple_GET_SIZE(answer) != 2)
        goto end;
    slopes = PyTuple_GET_ITEM(answer, 1);
    if (!is_float(PyTuple_GET_ITEM(answer, 0), out) || !FINITE(*out) ||
        !PyTuple_CheckExact(slopes) || PyTuple_GET_SIZE(slopes) != count)
        goto end;
    done = 1;
    for (Py_ssize_t i = 0; i < count && done; i++)
        done = is_float(PyTuple_GET_ITEM(slopes, i), partials + i);
end:
    Py_DECREF(numbers);
    Py_XDECREF(answer);
    if (!done && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_TypeError))
        PyErr_Clear(); /* the wrong number of operands, which the table has words for */
    return done ? 1 : not_ordinary();
}

/* The error of a product: the two add up to the exact product (Veltkamp 1968, Dekker 1971). */
static double product_error(double x, double y, double product)
{
    double scaled = 134217729.0 * x, x1 = scaled - (scaled - x), x2 = x - x1;
    double scaled2 = 134217729.0 * y, y1 = scaled2 - (scaled2 - y), y2 = y - y1;
    return x2 * y2 - (((product - x1 * y1) - x2 * y1) - x1 * y2);
}

/* A sum in two parts, the rest being the rounding errors so far, and the sizes of those (Ogita,
   Rump and Oishi 2005). */
typedef struct {
    double sum, rest, sizes;
} Exact;

static void put(Exact *total, double term, double error)
{
    double sum = total->sum + term, other = sum - total->sum;
    double lost = (total->sum - (sum - other)) + (term - other);
    total->sum = sum;
    total->rest += lost + error;
    total->sizes += fabs(lost) + fabs(error);
}

/* `a + b` if every number within `bound` of that sum rounds to the same. */
static int rounded(double a, double b, double bound, double *out)
{
    double sum = a + b, other = sum - a, lost = (a - (sum - other)) + (b - other);
    *out = sum;
    return FINITE(sum) && sum + (lost + bound) == sum && sum + (lost - bound) == sum;
}

/* The dot product (or, without a second vector, the sum or the mean), rounded once; false where
   autograd/kernels.py must be asked, since the error bound leaves it open how to round, or errors
   of products are out of range. */
static int reduce(int kind, Py_ssize_t count, const double *left, const double *right, double *out)
{
    Exact total = {-0.0, 0.0, 0.0};
    double u = 0x1p-52, bound, rest, slack;
    for (Py_ssize_t i = 0; i < count; i++) {
        double x = left[i], y = kind == DOT ? right[i] : 1.0, product = x * y;
        if (!(fabs(product) <= 0x1p900 && fabs(x) <= 0x1p900 && fabs(y) <= 0x1p900) ||
            (kind == DOT && fabs(product) < 0x1p-500 && x != 0.0 && y != 0.0))
            return 0;
        put(&total, product, kind == DOT ? product_error(x, y, product) : 0.0);
    }
    bound = (2.0 * count + 4.0) * u * total.sizes;
    if (total.sizes == 0.0 && kind != MEAN) {
        *out = count ? total.sum : 0.0;
        return 1;
    }
    if (kind != MEAN)
        return rounded(total.sum, total.rest, bound, out);
    if (!(fabs(total.sum) >= 0x1p-900)) /* the remainder must be exact */
        return 0;
    double quotient = total.sum / count, product = quotient * count;
    rest = ((total.sum - product) - product_error(quotient, (double)count, product) + total.rest);
    rest /= count;
    slack = bound / count + 4.0 * u * (fabs(rest) + total.sizes / count);
    return rounded(quotient, rest, slack, out);
}

static int reduces(int kind)
{
    return kind == DOT || kind == SUM || kind == MEAN;
}

/* Where a reduction is finite, so are its operands. */
static void slopes(int kind, Py_ssize_t count, const double *data, Record **nodes, double *numbers)
{
    Py_ssize_t half = count / 2;
    for (Py_ssize_t i = 0; i < count; i++)
        if (nodes[i] == NULL)
            numbers[i] = data[i];
        else if (kind == DOT)
            numbers[i] = data[i < half ? i + half : i - half];
        else
            numbers[i] = kind == SUM ? 1.0 : 1.0 / count;
}

static int reduced(int kind, Py_ssize_t count, const double *data, double *out)
{
    Py_ssize_t length = kind == DOT ? count / 2 : count;
    return length > 0 && reduce(kind, length, data, data + length, out);
}

/* The Value that an operation gives with these operands; NULL without an error where `record` has
   to be asked. A second sequence follows the first one. */
static PyObject *recorded(Applied *op, PyObject *const *first, Py_ssize_t count,
                          PyObject *const *second, Py_ssize_t more)
{
    int whole = 0;
    Py_ssize_t all = count + more, arity = 0, nodes = 0, held = 0;
    Record *few[16], **found = few;
    double few_numbers[16], *data = few_numbers, out, partials[2];
    PyObject *value = NULL;
    arity = arity_of(op);
    if (arity == 0 && all > 2 && !reduces(op->kind) && op->fused != NULL && op->fused != Py_None)
        whole = PyType_IsSubtype(Py_TYPE(op), Entry);
    if (!(arity > 0 && arity == all) && !reduces(op->kind) && !whole)
        return NULL;
    if (all > 16) {
        data = PyMem_Malloc(all * (sizeof(Record *) + sizeof(double)));
        if (data == NULL)
            return PyErr_NoMemory();
        found = (Record **)(data + all);
    }
    for (Py_ssize_t i = 0; i < all; i++) {
        int known = operand(i < count ? first[i] : second[i - count], found + i, data + i);
        if (known < 0)
            PyErr_Clear();
        if (known <= 0)
            goto end;
        nodes += found[i] != NULL;
    }
    if (nodes == 0)
        goto end;
    for (; held < all;
         held++) /* a list may change while rules, or the collector, run Python code */
        Py_XINCREF(found[held]);
    if (arity) {
        int constant[2] = {found[0] == NULL, arity == 1 || found[1] == NULL};
        double y = arity == 1 ? 0.0 : data[1];
        int usual = arithmetic(op->kind, data[0], y, constant[1], &out, partials, partials + 1)
                        ? 1
                        : by_rules(op, arity, data, constant, &out, partials);
        if (usual > 0)
            value = result((PyObject *)op, out, found[0], constant[0] ? data[0] : partials[0],
                           arity == 1 ? NULL : found[1], constant[1] ? y : partials[1]);
    }
    else if (whole || reduced(op->kind, all, data, &out)) {
        Wide *wide = new_wide(all);
        if (wide == NULL)
            goto end;
        if (whole && (whole = by_fused(op, all, data, &out, wide->numbers)) <= 0) {
            PyMem_Free(wide);
            goto end;
        }
        if ((value = result((PyObject *)op, out, NULL, 0.0, NULL, 0.0)) == NULL) {
            PyMem_Free(wide);
            goto end;
        }
        if (((Record *)value)->op == NULL) { /* a leaf */
            PyMem_Free(wide);
            goto end;
        }
        wide->seen = PyTuple_New(0);
        for (Py_ssize_t i = 0; i < all; i++)
            wide->nodes[i] = (Record *)Py_XNewRef(found[i]);
        if (!whole)
            slopes(op->kind, all, data, wide->nodes, wide->numbers);
        for (Py_ssize_t i = 0; i < all && whole; i++)
            if (found[i] == NULL)
                wide->numbers[i] = data[i];
        ((Record *)value)->wide = wide;
        track_if_needed((Record *)value);
    }
end:
    while (held > 0)
        Py_XDECREF(found[--held]);
    if (data != few_numbers)
        PyMem_Free(data);
    return value;
}

/* The call of an operation; `call` is that of autograd/op.py. */
static PyObject *Applied_call(Applied *self, PyObject *args, PyObject *kwargs)
{
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    PyObject *const *items = &PyTuple_GET_ITEM(args, 0), *value = NULL;
    if (kwargs == NULL || PyDict_GET_SIZE(kwargs) == 0) {
        if (!reduces(self->kind))
            value = recorded(self, items, count, NULL, 0);
        else if (count == (self->kind == DOT ? 2 : 1)) {
            int lists = 1;
            for (Py_ssize_t i = 0; i < count; i++)
                lists = lists && (PyList_CheckExact(items[i]) || PyTuple_CheckExact(items[i]));
            PyObject *last = items[count - 1];
            if (lists && count == 1)
                value = recorded(self, PySequence_Fast_ITEMS(last), PySequence_Fast_GET_SIZE(last),
                                 NULL, 0);
            else if (lists && PySequence_Fast_GET_SIZE(*items) == PySequence_Fast_GET_SIZE(last))
                value =
                    recorded(self, PySequence_Fast_ITEMS(*items), PySequence_Fast_GET_SIZE(*items),
                             PySequence_Fast_ITEMS(last), PySequence_Fast_GET_SIZE(last));
        }
    }
    if (value != NULL || PyErr_Occurred())
        return value;
    PyObject *whole = PyTuple_New(count + 1);
    if (whole == NULL)
        return NULL;
    PyTuple_SET_ITEM(whole, 0, Py_NewRef(self));
    for (Py_ssize_t i = 0; i < count; i++)
        PyTuple_SET_ITEM(whole, i + 1, Py_NewRef(items[i]));
    value = PyObject_Call(call, whole, kwargs);
    Py_DECREF(whole);
    return value;
}

static int Applied_traverse(Applied *self, visitproc visit, void *arg)
{
    Py_VISIT(self->rules);
    Py_VISIT(self->fused);
    return 0;
}

static int Applied_clear(Applied *self)
{
    Py_CLEAR(self->rules);
    Py_CLEAR(self->fused);
    return 0;
}

static void Applied_dealloc(Applied *self)
{
    PyObject_GC_UnTrack(self);
    Applied_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyMemberDef Applied_members[] = {{"rules", T_OBJECT, offsetof(Applied, rules), 0, NULL},
                                        {"fused", T_OBJECT, offsetof(Applied, fused), 0, NULL},
                                        {"selects", T_BOOL, offsetof(Applied, selects), 0, NULL},
                                        {NULL}};

static PyTypeObject Applied_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "autograd.forms.native.Applied",
    .tp_doc = "The fields of an operation that are needed often, and its call.",
    .tp_basicsize = sizeof(Applied),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)Applied_dealloc,
    .tp_traverse = (traverseproc)Applied_traverse,
    .tp_clear = (inquiry)Applied_clear,
    .tp_call = (ternaryfunc)Applied_call,
    .tp_members = Applied_members,
};
