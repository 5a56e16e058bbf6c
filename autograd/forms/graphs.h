/* Adjoints as graphs (autograd/derivative.py). */

/* What the nodes of a sweep depend on, found before Python code runs, which may take their marks.
 */
typedef struct {
    char *below;                /* whether a node is sought or computed from one that is */
    Py_ssize_t *first, *places; /* of node i's operands: places[first[i]], ...; -1 for a constant,
                                   and for what is not computed from a node that is sought */
    Py_ssize_t most;            /* operands of a node */
} Dependence;

typedef struct {
    PyObject *gated, *either;     /* functions of autograd/derivative.py */
    PyObject **adjoints, **gates; /* of every node, or NULL */
} Graphs;

static int is_one(PyObject *factor, double one)
{
    return PyFloat_CheckExact(factor) && PyFloat_AS_DOUBLE(factor) == one;
}

/* `_product` */
static PyObject *times(PyObject *adjoint, PyObject *partial)
{
    if (is_one(partial, 1.0))
        return Py_NewRef(adjoint);
    if (is_one(adjoint, 1.0))
        return Py_NewRef(partial);
    return is_one(partial, -1.0) ? PyNumber_Negative(adjoint) : PyNumber_Multiply(adjoint, partial);
}

/* `_add`; the flow and its gate are given away. */
static int arrive(Graphs *graphs, Py_ssize_t place, PyObject *flow, PyObject *gate)
{
    PyObject *before = graphs->adjoints[place], *other = graphs->gates[place], *both = NULL;
    if (before == NULL) {
        graphs->adjoints[place] = flow;
        graphs->gates[place] = gate;
        return 1;
    }
    graphs->adjoints[place] = PyNumber_Add(before, flow);
    graphs->gates[place] = NULL;
    if (gate != NULL && other != NULL && graphs->adjoints[place] != NULL)
        both = graphs->gates[place] =
            PyObject_CallFunctionObjArgs(graphs->either, other, gate, NULL);
    int well = graphs->adjoints[place] != NULL && (both != NULL || gate == NULL || other == NULL);
    Py_DECREF(before);
    Py_DECREF(flow);
    Py_XDECREF(gate);
    Py_XDECREF(other);
    return well;
}

/* Hands the adjoint of a node on to one of its operands. */
static int flow(Graphs *graphs, Record *node, Py_ssize_t i, Py_ssize_t to, PyObject *partial)
{
    PyObject *product, *gate = graphs->gates[i];
    int there = node->op != NULL; /* the code of the partials may have taken it away */
    if (gate == NULL && there && !(SELECTS(node) && PyObject_TypeCheck(partial, &Record_Type))) {
        product = times(graphs->adjoints[i], partial);
        return product != NULL && arrive(graphs, to, product, NULL);
    }
    PyObject *pair = PyObject_CallFunctionObjArgs(graphs->gated, node, graphs->adjoints[i], partial,
                                                  gate == NULL ? Py_None : gate, NULL);
    if (pair == NULL)
        return 0;
    product = Py_NewRef(PyTuple_GET_ITEM(pair, 0));
    gate = PyTuple_GET_ITEM(pair, 1);
    gate = gate == Py_None ? NULL : Py_NewRef(gate);
    Py_DECREF(pair);
    return arrive(graphs, to, product, gate);
}

static Record *operand_at(Record *node, Py_ssize_t k)
{
    if (node->wide != NULL && node->wide->count)
        return node->wide->nodes[k];
    return k ? node->y : node->x;
}

/* The partials of a node as graphs or constants, of the operands that have a place: 1, 0 where
   `partials` has to be asked, -1 with an error. */
static int partials_by_rules(Record *node, const Py_ssize_t *places, PyObject **partials)
{
    Applied *op = (Applied *)node->op;
    PyObject *arguments[3] = {(PyObject *)node};
    int usual = 1;
    if (op == NULL || arity_of(op) == 0 || op->selects || node->number != node->number)
        return 0;
    Py_ssize_t arity = arity_of(op);
    for (Py_ssize_t k = 0; k < arity && usual; k++) {
        Record *operand = operand_at(node, k);
        arguments[k + 1] = operand == NULL ? PyFloat_FromDouble(k ? node->dy : node->dx)
                                           : Py_NewRef((PyObject *)operand);
        usual = arguments[k + 1] != NULL;
    }
    for (Py_ssize_t k = 0; k < arity && usual; k++)
        if (places[k] >= 0) {
            PyObject *rule = PyTuple_GET_ITEM(op->rules, k + 1);
            partials[k] = PyObject_Vectorcall(rule, arguments, arity + 1, NULL);
            usual = partials[k] != NULL && (PyFloat_CheckExact(partials[k]) ||
                                            PyObject_TypeCheck(partials[k], &Record_Type));
        }
    for (Py_ssize_t k = 0; k < arity; k++) {
        Py_XDECREF(arguments[k + 1]);
        if (!usual)
            Py_CLEAR(partials[k]);
    }
    return usual ? 1 : not_ordinary();
}

/* The same for any node; NULL remains where an operand is cut off for good. False with an error. */
static int partials_of(PyObject *ask, Record *node, const Py_ssize_t *places, Py_ssize_t count,
                       PyObject **partials)
{
    memset(partials, 0, count * sizeof(PyObject *));
    int usual = partials_by_rules(node, places, partials);
    if (usual)
        return usual > 0;
    PyObject *wrt = PyList_New(count), *pairs = NULL;
    for (Py_ssize_t k = 0; k < count && wrt != NULL; k++)
        PyList_SET_ITEM(wrt, k, or_none(places[k] < 0 ? NULL : operand_at(node, k)));
    if (wrt != NULL)
        pairs = PyObject_CallFunctionObjArgs(ask, node, wrt, NULL);
    Py_XDECREF(wrt);
    if (pairs == NULL)
        return 0;
    for (Py_ssize_t k = 0, at = 0; k < count && at < PyList_GET_SIZE(pairs); k++) {
        PyObject *pair = PyList_GET_ITEM(pairs, at); /* those of the operands in their order */
        if (places[k] >= 0 && (PyObject *)operand_at(node, k) == PyTuple_GET_ITEM(pair, 0)) {
            partials[k] = Py_NewRef(PyTuple_GET_ITEM(pair, 1));
            at++;
        }
    }
    Py_DECREF(pairs);
    return 1;
}

static void forget(Dependence *on)
{
    PyMem_Free(on->below);
    PyMem_Free(on->first);
    PyMem_Free(on->places);
}

/* `_dependent`: `wrt` is a list of nodes, whose places are put into `sought`, -1 for none. */
static int depend(Dependence *on, Sweep *sweep, PyObject *wrt, Py_ssize_t *sought)
{
    Py_ssize_t edges = 0;
    on->most = 2;
    for (Py_ssize_t i = 0; i < sweep->count; i++) {
        Wide *wide = node_at(sweep, i)->wide;
        Py_ssize_t count = wide != NULL && wide->count ? wide->count : 2;
        on->most = count > on->most ? count : on->most;
        edges += count;
    }
    on->below = PyMem_Calloc(sweep->count + 1, 1);
    on->first = PyMem_Malloc((sweep->count + 1) * sizeof(Py_ssize_t));
    on->places = PyMem_Malloc((edges + 1) * sizeof(Py_ssize_t));
    if (on->below == NULL || on->first == NULL || on->places == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(wrt); i++) {
        Record *one = (Record *)PyList_GET_ITEM(wrt, i);
        if (!require_record((PyObject *)one))
            return 0;
        sought[i] = one->mark == sweeps ? one->place : -1;
        if (sought[i] >= 0)
            on->below[sought[i]] = 1;
    }
    edges = 0;
    for (Py_ssize_t i = 0; i < sweep->count; i++) {
        Record *node = node_at(sweep, i);
        Py_ssize_t count = node->wide != NULL && node->wide->count ? node->wide->count : 2;
        int dependent = 0;
        on->first[i] = edges;
        for (Py_ssize_t k = 0; k < count && node->op != NULL; k++) {
            Record *operand = operand_at(node, k);
            int depends = operand != NULL && operand->mark == sweeps && on->below[operand->place];
            on->places[edges++] = depends ? operand->place : -1;
            dependent |= depends;
        }
        if (!dependent)
            edges = on->first[i]; /* nothing is asked of its operands */
        on->below[i] |= dependent;
    }
    on->first[sweep->count] = edges;
    return 1;
}

/* What is common to the next two: a sweep, the nodes sought, and the dependence on them. */
typedef struct {
    Sweep sweep;
    Dependence on;
    PyObject *wrt, **partials;
    Py_ssize_t *sought;
} Search;

static int search(Search *search, PyObject *order, PyObject *wrt)
{
    if ((search->wrt = PySequence_List(wrt)) == NULL || !begin(&search->sweep, order))
        return 0;
    search->sought = PyMem_Malloc((PyList_GET_SIZE(search->wrt) + 1) * sizeof(Py_ssize_t));
    if (search->sought == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    if (!depend(&search->on, &search->sweep, search->wrt, search->sought))
        return 0;
    if ((search->partials = PyMem_Malloc(search->on.most * sizeof(PyObject *))) == NULL)
        PyErr_NoMemory();
    return search->partials != NULL;
}

static void end_search(Search *search)
{
    finish(&search->sweep);
    forget(&search->on);
    Py_XDECREF(search->wrt);
    PyMem_Free(search->partials);
    PyMem_Free(search->sought);
}

/* adjoint_graphs(order, seeds, wrt, partials, gated, either): the adjoints, as graphs or constants.
 */
static PyObject *adjoint_graphs(PyObject *module, PyObject *args)
{
    PyObject *order, *seeds, *wrt, *ask, *node, *adjoint, *found = NULL;
    Graphs graphs = {NULL};
    Search in = {.wrt = NULL};
    Py_ssize_t position = 0, count;
    if (!PyArg_ParseTuple(args, "OO!OOOO", &order, &PyDict_Type, &seeds, &wrt, &ask, &graphs.gated,
                          &graphs.either))
        return NULL;
    if (!search(&in, order, wrt))
        goto end;
    graphs.adjoints = PyMem_Calloc(in.sweep.count + 1, sizeof(PyObject *));
    graphs.gates = PyMem_Calloc(in.sweep.count + 1, sizeof(PyObject *));
    if (graphs.adjoints == NULL || graphs.gates == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    while (PyDict_Next(seeds, &position, &node, &adjoint)) {
        Py_ssize_t place = place_of(node);
        if (place < 0)
            goto end;
        graphs.adjoints[place] = Py_NewRef(adjoint);
    }
    for (Py_ssize_t i = in.sweep.count - 1; i >= 0; i--) {
        Py_ssize_t *places = in.on.places + in.on.first[i];
        count = in.on.first[i + 1] - in.on.first[i];
        if (count == 0 || graphs.adjoints[i] == NULL)
            continue;
        int well = partials_of(ask, node_at(&in.sweep, i), places, count, in.partials);
        for (Py_ssize_t k = 0; k < count; k++)
            if (in.partials[k] != NULL) {
                well = well && flow(&graphs, node_at(&in.sweep, i), i, places[k], in.partials[k]);
                Py_DECREF(in.partials[k]);
            }
        if (!well)
            goto end;
    }
    count = PyList_GET_SIZE(in.wrt);
    found = PyList_New(count);
    for (Py_ssize_t i = 0; i < count && found != NULL; i++) {
        adjoint = in.sought[i] < 0 ? NULL : graphs.adjoints[in.sought[i]];
        adjoint = adjoint == NULL ? PyFloat_FromDouble(0.0) : Py_NewRef(adjoint);
        if (adjoint == NULL)
            Py_CLEAR(found);
        else
            PyList_SET_ITEM(found, i, adjoint);
    }
end:
    for (Py_ssize_t i = 0; i < in.sweep.count; i++) {
        if (graphs.adjoints != NULL)
            Py_XDECREF(graphs.adjoints[i]);
        if (graphs.gates != NULL)
            Py_XDECREF(graphs.gates[i]);
    }
    PyMem_Free(graphs.adjoints);
    PyMem_Free(graphs.gates);
    end_search(&in);
    return found;
}

/* partial_graphs(order, wrt, partials): the edges that `recorded_partials` looks for, in a list. */
static PyObject *partial_graphs(PyObject *module, PyObject *args)
{
    PyObject *order, *wrt, *ask, *edges = NULL;
    Search in = {.wrt = NULL};
    int well = 0;
    if (!PyArg_ParseTuple(args, "OOO", &order, &wrt, &ask))
        return NULL;
    if (search(&in, order, wrt))
        well = (edges = PyList_New(0)) != NULL;
    for (Py_ssize_t i = 0; i < in.sweep.count && well; i++) {
        Py_ssize_t *places = in.on.places + in.on.first[i];
        Py_ssize_t count = in.on.first[i + 1] - in.on.first[i];
        Record *node = node_at(&in.sweep, i);
        if (count == 0)
            continue;
        well = partials_of(ask, node, places, count, in.partials);
        for (Py_ssize_t k = 0; k < count; k++)
            if (in.partials[k] != NULL) {
                Record *operand = node_at(&in.sweep, places[k]);
                PyObject *edge = PyTuple_Pack(3, node, operand, in.partials[k]);
                well = well && edge != NULL && PyList_Append(edges, edge) == 0;
                Py_XDECREF(edge);
                Py_DECREF(in.partials[k]);
            }
    }
    end_search(&in);
    if (well)
        return edges;
    Py_XDECREF(edges);
    return NULL;
}
