/* Order, the backward and the forward sweep (autograd/graph.py). */

typedef struct {
    Record **items;
    Py_ssize_t count, room;
} Nodes;

static int grow(Nodes *nodes)
{
    Py_ssize_t room = nodes->room ? 2 * nodes->room : 64;
    Record **items = PyMem_Realloc(nodes->items, room * sizeof(Record *));
    if (items == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    nodes->items = items;
    nodes->room = room;
    return 1;
}

static inline int append(Nodes *nodes, Record *node)
{
    if (nodes->count == nodes->room && !grow(nodes))
        return 0;
    nodes->items[nodes->count++] = node;
    return 1;
}

static inline int number_next(Nodes *order, Record *node)
{
    node->mark = sweeps;
    node->place = order->count;
    return append(order, node);
}

/* On the path, a node that waits for its operands is told from one to be visited by its lowest bit.
 */
#define WAITS(node) ((Record *)((uintptr_t)(node) | 1))

/* Adds to an order, in topological order, what `root` was computed from and is not marked yet:
   `sort` of autograd/graph.py. False with an error. */
static int extend(Nodes *order, Record *root)
{
    Nodes path = {NULL};
    Record *node = root;
    int well = 1;
    for (;;) {
        if (node->mark != sweeps) {
            Record *x = node->x, *y = node->y, *next = NULL;
            if (y != NULL && y->mark != sweeps)
                next = y;
            if (x != NULL && x->mark != sweeps) {
                if (next != NULL) /* y, to be visited after x; below it the node itself */
                    well = append(&path, WAITS(node)) && append(&path, next);
                else
                    well = append(&path, WAITS(node));
                next = x;
            }
            else if (next != NULL)
                well = append(&path, WAITS(node));
            else if (node->wide != NULL)
                for (Py_ssize_t i = node->wide->count; i-- > 0 && well;) {
                    Record *operand = node->wide->nodes[i];
                    if (operand == NULL || operand->mark == sweeps)
                        continue;
                    well = append(&path, next == NULL ? WAITS(node) : next);
                    next = operand;
                }
            if (next == NULL)
                well = number_next(order, node);
            else if (well) {
                node = next;
                continue;
            }
        }
        while (well && path.count && (uintptr_t)path.items[path.count - 1] & 1)
            well = number_next(order, (Record *)((uintptr_t)path.items[--path.count] ^ 1));
        if (!well || path.count == 0)
            break;
        node = path.items[--path.count];
    }
    PyMem_Free(path.items);
    return well;
}

static int require_record(PyObject *object)
{
    if (PyObject_TypeCheck(object, &Record_Type))
        return 1;
    PyErr_Format(PyExc_TypeError, "expected a Value, not %R", object);
    return 0;
}

/* The order of everything a node was computed from; false with an error. */
static int order_of(PyObject *root, Nodes *order)
{
    sweeps++;
    return require_record(root) && extend(order, (Record *)root);
}

static PyObject *sort(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"first", NULL};
    PyObject *first = NULL, *list = NULL, *none = PyTuple_New(0);
    Nodes order = {NULL};
    int well = PyArg_ParseTupleAndKeywords(none, kwargs, "|$O:sort", keywords, &first);
    Py_DECREF(none);
    if (!well)
        return NULL;
    if (first != NULL && (first = PySequence_List(first)) == NULL)
        return NULL;
    sweeps++;
    for (Py_ssize_t i = 0; first != NULL && i < PyList_GET_SIZE(first) && well; i++) {
        PyObject *node = PyList_GET_ITEM(first, i);
        well = require_record(node) &&
               (((Record *)node)->mark == sweeps || number_next(&order, (Record *)node));
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args) && well; i++) {
        PyObject *root = PyTuple_GET_ITEM(args, i);
        well = require_record(root) && extend(&order, (Record *)root);
    }
    for (Py_ssize_t i = 0; i < order.count && well; i++) /* a new list may set off the collector */
        Py_INCREF(order.items[i]);
    if (well)
        list = PyList_New(order.count);
    for (Py_ssize_t i = 0; i < order.count && well; i++)
        if (list != NULL)
            PyList_SET_ITEM(list, i, (PyObject *)order.items[i]);
        else
            Py_DECREF(order.items[i]);
    PyMem_Free(order.items);
    Py_XDECREF(first);
    return list;
}

static PyObject *accumulate(PyObject *module, PyObject *args)
{
    PyObject *root;
    double seed, *adjoints = NULL;
    char *reached = NULL;
    Nodes order = {NULL};
    if (!PyArg_ParseTuple(args, "Od", &root, &seed) || !order_of(root, &order))
        goto error;
    adjoints = PyMem_Malloc(order.count * sizeof(double));
    reached = PyMem_Calloc(order.count, 1);
    if (adjoints == NULL || reached == NULL) {
        PyErr_NoMemory();
        goto error;
    }
    adjoints[order.count - 1] = seed;
    reached[order.count - 1] = 1;

#define PUSH(operand, partial)                                                                     \
    if ((operand) != NULL && FLOWS(node, partial)) {                                               \
        Py_ssize_t place = (operand)->place;                                                       \
        double flow = adjoint * (partial);                                                         \
        adjoints[place] = reached[place] ? adjoints[place] + flow : flow;                          \
        reached[place] = 1;                                                                        \
    }

    for (Py_ssize_t i = order.count - 1; i >= 0; i--) {
        if (!reached[i])
            continue;
        Record *node = order.items[i];
        double adjoint = adjoints[i];
        node->grad += adjoint;
        if (node->op == NULL)
            continue;
        PUSH(node->x, node->dx)
        PUSH(node->y, node->dy)
        if (node->wide != NULL)
            for (Py_ssize_t k = 0; k < node->wide->count; k++)
                PUSH(node->wide->nodes[k], node->wide->numbers[k])
    }
#undef PUSH
    PyMem_Free(adjoints);
    PyMem_Free(reached);
    PyMem_Free(order.items);
    Py_RETURN_NONE;
error:
    PyMem_Free(adjoints);
    PyMem_Free(reached);
    PyMem_Free(order.items);
    return NULL;
}

static PyObject *clear(PyObject *module, PyObject *root)
{
    Nodes order = {NULL};
    int well = order_of(root, &order);
    for (Py_ssize_t i = 0; i < order.count && well; i++)
        order.items[i]->grad = 0.0;
    PyMem_Free(order.items);
    if (!well)
        return NULL;
    Py_RETURN_NONE;
}

/* The number and the partials of a node at the numbers that its operands have now: 1; 0 where
   `renew` has to be asked; -1 with an error. */
static int computed(Record *node, double *out, double *dx, double *dy, double **numbers)
{
    Applied *op = (Applied *)node->op;
    Wide *wide = node->wide;
    *numbers = NULL;
    if (wide == NULL) {
        double data[2] = {NUMBER(node->x, node->dx), NUMBER(node->y, node->dy)};
        double partials[2] = {0.0, 0.0};
        int constant[2] = {node->x == NULL, node->y == NULL};
        int usual =
            arithmetic(op->kind, data[0], data[1], constant[1], out, partials, partials + 1);
        if (!usual && arity_of(op) > 0)
            usual = by_rules(op, arity_of(op), data, constant, out, partials);
        *dx = constant[0] ? data[0] : partials[0];
        *dy = constant[1] ? data[1] : partials[1];
        return usual;
    }
    if (!reduces(op->kind))
        return 0;
    double *data = PyMem_Malloc(2 * wide->count * sizeof(double));
    if (data == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < wide->count; i++)
        data[i] = NUMBER(wide->nodes[i], wide->numbers[i]);
    *dx = *dy = 0.0;
    *numbers = data;
    if (!reduced(op->kind, wide->count, data, out))
        return 0;
    slopes(op->kind, wide->count, data, wide->nodes, data + wide->count);
    return 1;
}

static PyObject *recompute(PyObject *module, PyObject *root)
{
    Nodes order = {NULL};
    Py_ssize_t held = 0;
    int well = order_of(root, &order);
    for (Py_ssize_t i = 0; i < order.count && well; i++) {
        Record *node = order.items[i];
        double out, dx, dy, *numbers;
        if (node->op == NULL)
            continue;
        if (node->wide == NULL) {
            double x = NUMBER(node->x, node->dx), y = NUMBER(node->y, node->dy);
            int kind = ((Applied *)node->op)->kind;
            if (arithmetic(kind, x, y, node->y == NULL, &out, &dx, &dy)) {
                node->number = out;
                node->dx = node->x == NULL ? x : dx;
                node->dy = node->y == NULL ? y : dy;
                continue;
            }
        }
        for (; held < order.count; held++) /* what is called now may do anything */
            Py_INCREF(order.items[held]);
        int usual = computed(node, &out, &dx, &dy, &numbers);
        if (usual > 0) {
            node->number = out;
            node->dx = dx;
            node->dy = dy;
            if (numbers != NULL) {
                Py_ssize_t count = node->wide->count;
                memcpy(node->wide->numbers, numbers + count, count * sizeof(double));
            }
        }
        else if (usual == 0) {
            PyObject *none = PyObject_CallFunctionObjArgs(renew, node, NULL);
            Py_XDECREF(none);
            well = none != NULL;
        }
        else
            well = 0;
        PyMem_Free(numbers);
    }
    while (held > 0)
        Py_DECREF(order.items[--held]);
    PyMem_Free(order.items);
    if (!well)
        return NULL;
    Py_RETURN_NONE;
}

/* The nodes whose number or partials are not at once seen to follow from their operands. */
static PyObject *doubtful(PyObject *module, PyObject *order)
{
    PyObject *nodes = PySequence_List(order), *found = PyList_New(0);
    int well = nodes != NULL && found != NULL;
    for (Py_ssize_t i = 0; well && i < PyList_GET_SIZE(nodes); i++) {
        PyObject *item = PyList_GET_ITEM(nodes, i);
        Record *node = (Record *)item;
        double out, dx, dy, *numbers;
        if (!(well = require_record(item)) || node->op == NULL)
            continue;
        int same = computed(node, &out, &dx, &dy, &numbers);
        if (same > 0) {
            same = out == node->number && dx == node->dx && dy == node->dy;
            if (numbers != NULL) {
                Py_ssize_t count = node->wide->count;
                for (Py_ssize_t k = 0; same && k < count; k++)
                    same = numbers[count + k] == node->wide->numbers[k];
            }
        }
        PyMem_Free(numbers);
        well = same > 0 || (same == 0 && PyList_Append(found, item) == 0);
    }
    Py_XDECREF(nodes);
    if (well)
        return found;
    Py_XDECREF(found);
    return NULL;
}
