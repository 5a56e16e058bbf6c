/* Many sweeps through the same graph (autograd/rows.py). */

typedef struct { /* a use of an operand, along which something flows */
    Py_ssize_t operand;
    double partial;
} Use;

typedef struct {
    PyObject *nodes;               /* a list, in topological order */
    Py_ssize_t count, first, last; /* the first and the last place of the seeds */
    double *numbers;               /* an adjoint or a tangent for every node */
    char *reached;                 /* whether there is one */
    Use *uses;                     /* of node i: uses[from[i]], ..., uses[from[i + 1] - 1] */
    Py_ssize_t *from;
} Sweep;

static Record *node_at(Sweep *sweep, Py_ssize_t place)
{
    return (Record *)PyList_GET_ITEM(sweep->nodes, place);
}

static void finish(Sweep *sweep)
{
    Py_CLEAR(sweep->nodes);
    PyMem_Free(sweep->numbers);
    PyMem_Free(sweep->reached);
    PyMem_Free(sweep->uses);
    PyMem_Free(sweep->from);
    memset(sweep, 0, sizeof(Sweep));
}

static int begin(Sweep *sweep, PyObject *order)
{
    memset(sweep, 0, sizeof(Sweep));
    if ((sweep->nodes = PySequence_List(order)) == NULL)
        return 0;
    sweep->count = PyList_GET_SIZE(sweep->nodes);
    sweep->numbers = PyMem_Malloc(sweep->count * sizeof(double) + 1);
    sweep->reached = PyMem_Malloc(sweep->count + 1);
    if (sweep->numbers == NULL || sweep->reached == NULL) {
        PyErr_NoMemory();
        finish(sweep);
        return 0;
    }
    sweeps++;
    for (Py_ssize_t i = 0; i < sweep->count; i++) {
        if (!require_record((PyObject *)node_at(sweep, i))) {
            finish(sweep);
            return 0;
        }
        node_at(sweep, i)->mark = sweeps;
        node_at(sweep, i)->place = i;
    }
    return 1;
}

/* The place of a node in the order of this sweep; -1 with an error. */
static Py_ssize_t place_of(PyObject *node)
{
    if (!require_record(node))
        return -1;
    if (((Record *)node)->mark == sweeps)
        return ((Record *)node)->place;
    PyErr_SetObject(PyExc_KeyError, node);
    return -1;
}

static void give(Sweep *sweep, Py_ssize_t place, double flow)
{
    sweep->numbers[place] = sweep->reached[place] ? sweep->numbers[place] + flow : flow;
    sweep->reached[place] = 1;
}

/* Seeds, or the nodes whose numbers are wanted, by place: found before anything is made that might
   set off the collector, since that may run Python code, and other sweeps with it. */
typedef struct {
    Py_ssize_t place;
    double number;
} Placed;

static Placed *places_of_seeds(PyObject *seeds)
{
    PyObject *node, *number;
    Py_ssize_t position = 0, count = 0;
    if (!PyDict_Check(seeds)) {
        PyErr_SetString(PyExc_TypeError, "seeds must be a dict");
        return NULL;
    }
    Placed *placed = PyMem_Malloc((PyDict_GET_SIZE(seeds) + 1) * sizeof(Placed));
    if (placed == NULL)
        PyErr_NoMemory();
    while (placed != NULL && PyDict_Next(seeds, &position, &node, &number)) {
        placed[count] = (Placed){place_of(node), PyFloat_AsDouble(number)};
        if (placed[count++].place < 0 || PyErr_Occurred()) {
            PyMem_Free(placed);
            return NULL;
        }
    }
    if (placed != NULL)
        placed[count].place = -1;
    return placed;
}

static Py_ssize_t *places_of_nodes(PyObject *list)
{
    Py_ssize_t count = PyList_GET_SIZE(list), *places = PyMem_Malloc((count + 1) * sizeof(*places));
    if (places == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count && places != NULL; i++) {
        PyObject *node = PyList_GET_ITEM(list, i);
        places[i] = PyFloat_Check(node) ? -1 : place_of(node);
        if (PyErr_Occurred()) {
            PyMem_Free(places);
            return NULL;
        }
    }
    return places;
}

static void seed(Sweep *sweep, const Placed *seeds)
{
    memset(sweep->reached, 0, sweep->count);
    sweep->first = sweep->count;
    sweep->last = -1;
    for (; seeds->place >= 0; seeds++) {
        sweep->numbers[seeds->place] = seeds->number;
        sweep->reached[seeds->place] = 1;
        if (seeds->place < sweep->first)
            sweep->first = seeds->place;
        if (seeds->place > sweep->last)
            sweep->last = seeds->place;
    }
}

#define EACH_OPERAND(node, use)                                                                    \
    if ((node)->op != NULL) {                                                                      \
        use((node)->x, (node)->dx)                                                                 \
            use((node)->y, (node)->dy) if ((node)->wide != NULL) for (Py_ssize_t k = 0;            \
                                                                      k < (node)->wide->count;     \
                                                                      k++)                         \
                use((node)->wide->nodes[k], (node)->wide->numbers[k])                              \
    }

/* Puts all the uses side by side, since every one of the sweeps reads them. False with an error. */
static int gather(Sweep *sweep)
{
    Py_ssize_t count = 0;
#define COUNT(operand, partial) count += (operand) != NULL;
    for (Py_ssize_t i = 0; i < sweep->count; i++)
        EACH_OPERAND(node_at(sweep, i), COUNT)
    sweep->uses = PyMem_Malloc((count + 1) * sizeof(Use));
    sweep->from = PyMem_Malloc((sweep->count + 1) * sizeof(Py_ssize_t));
    if (sweep->uses == NULL || sweep->from == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    count = 0;
    for (Py_ssize_t i = 0; i < sweep->count; i++) {
        Record *node = node_at(sweep, i);
        sweep->from[i] = count;
#define LINK(x, slope)                                                                             \
    if ((x) != NULL && (x)->mark == sweeps && FLOWS(node, slope))                                  \
        sweep->uses[count++] = (Use){(x)->place, slope};
        EACH_OPERAND(node, LINK)
    }
    sweep->from[sweep->count] = count;
    return 1;
}

static void sweep_back(Sweep *sweep)
{
    for (Py_ssize_t i = sweep->last; i >= 0; i--)
        if (sweep->reached[i]) {
            double adjoint = sweep->numbers[i];
            for (Use *use = sweep->uses + sweep->from[i]; use < sweep->uses + sweep->from[i + 1];
                 use++)
                give(sweep, use->operand, adjoint * use->partial);
        }
}

static void sweep_forward(Sweep *sweep)
{
    for (Py_ssize_t i = sweep->first; i < sweep->count; i++)
        if (!sweep->reached[i])
            for (Use *use = sweep->uses + sweep->from[i]; use < sweep->uses + sweep->from[i + 1];
                 use++)
                if (sweep->reached[use->operand])
                    give(sweep, i, sweep->numbers[use->operand] * use->partial);
}

/* A list of the numbers that a sweep has found; constants have 0. */
static PyObject *numbers_at(Sweep *sweep, const Py_ssize_t *places, Py_ssize_t count,
                            int unsigned_zero)
{
    PyObject *numbers = PyList_New(count);
    for (Py_ssize_t i = 0; i < count && numbers != NULL; i++) {
        int found = places[i] >= 0 && sweep->reached[places[i]];
        double number = found ? sweep->numbers[places[i]] : 0.0;
        PyObject *item = PyFloat_FromDouble(unsigned_zero ? number + 0.0 : number);
        if (item == NULL)
            Py_CLEAR(numbers);
        else
            PyList_SET_ITEM(numbers, i, item);
    }
    return numbers;
}

/* What the three functions below are given: a seed for each row, and the nodes wanted. */
typedef struct {
    PyObject *seeds, *wanted; /* lists */
    Py_ssize_t rows, columns, *places;
    Placed **placed;
} Request;

static int listed(Request *request, PyObject *seeds, PyObject *wanted)
{
    memset(request, 0, sizeof(Request));
    request->seeds = PySequence_List(seeds);
    request->wanted = PySequence_List(wanted);
    return request->seeds != NULL && request->wanted != NULL;
}

static int placed(Request *request)
{
    request->rows = PyList_GET_SIZE(request->seeds);
    request->columns = PyList_GET_SIZE(request->wanted);
    request->places = places_of_nodes(request->wanted);
    request->placed = PyMem_Calloc(request->rows + 1, sizeof(Placed *));
    if (request->placed == NULL && !PyErr_Occurred())
        PyErr_NoMemory();
    if (request->places == NULL || request->placed == NULL)
        return 0;
    for (Py_ssize_t i = 0; i < request->rows; i++)
        if ((request->placed[i] = places_of_seeds(PyList_GET_ITEM(request->seeds, i))) == NULL)
            return 0;
    return 1;
}

static void answered(Request *request)
{
    for (Py_ssize_t i = 0; i < request->rows && request->placed != NULL; i++)
        PyMem_Free(request->placed[i]);
    PyMem_Free(request->placed);
    PyMem_Free(request->places);
    Py_XDECREF(request->seeds);
    Py_XDECREF(request->wanted);
}

/* Many seeds at once, a row of numbers for every node, as in autograd/rows.py: there, too, is why
   this gives what single sweeps do where the numbers found are finite. False without an error where
   it cannot be done. */
static int sweep_rows(Sweep *sweep, Placed **seeds, Py_ssize_t width, int forward, double *table)
{
#define ROW(place) (table + (place) * width)
    memset(sweep->reached, 0, sweep->count);
    for (Py_ssize_t k = 0; k < width; k++)
        for (const Placed *at = seeds[k]; at->place >= 0; at++) {
            if (forward && sweep->from[at->place] < sweep->from[at->place + 1])
                return 0; /* what flows there must not be added */
            if (!sweep->reached[at->place])
                memset(ROW(at->place), 0, width * sizeof(double));
            ROW(at->place)[k] = at->number;
            sweep->reached[at->place] = 1;
        }
    for (Py_ssize_t n = 0; n < sweep->count; n++) {
        Py_ssize_t i = forward ? n : sweep->count - 1 - n;
        for (Use *use = sweep->uses + sweep->from[i]; use < sweep->uses + sweep->from[i + 1];
             use++) {
            Py_ssize_t source = forward ? use->operand : i, target = forward ? i : use->operand;
            double *from = ROW(source), *to = ROW(target), partial = use->partial;
            if (!sweep->reached[source])
                continue;
            if (sweep->reached[target])
                for (Py_ssize_t k = 0; k < width; k++)
                    to[k] += from[k] * partial;
            else
                for (Py_ssize_t k = 0; k < width; k++)
                    to[k] = from[k] * partial;
            sweep->reached[target] = 1;
        }
    }
    return 1;
}

/* The numbers of one of the seeds, without -0.0; false where one is not finite. */
static int take_row(Sweep *sweep, const double *table, Py_ssize_t width, Py_ssize_t k,
                    const Py_ssize_t *places, Py_ssize_t count, double *numbers)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        int found = places[i] >= 0 && sweep->reached[places[i]];
        numbers[i] = found ? ROW(places[i])[k] + 0.0 : 0.0;
        if (!FINITE(numbers[i]))
            return 0;
    }
    return 1;
}

#define FEWEST  8           /* seeds in a row */
#define MOST    128         /* so that rows stay in the processor's cache */
#define NUMBERS (1LL << 24) /* in all the rows, at most */

/* The numbers found for all the seeds, row by row; NULL with an error. */
static double *found(Sweep *sweep, Request *request, void (*run)(Sweep *), int forward)
{
    Py_ssize_t rows = request->rows, columns = request->columns, most, width;
    double *numbers = PyMem_Malloc((rows * columns + 1) * sizeof(double)), *table = NULL;
    most = NUMBERS / (sweep->count + 1) < MOST ? NUMBERS / (sweep->count + 1) : MOST;
    if (numbers != NULL && rows >= FEWEST && most >= FEWEST)
        table = PyMem_Malloc(sweep->count * most * sizeof(double));
    if (numbers == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t start = 0; start < rows && numbers != NULL; start += width) {
        width = table == NULL ? 1 : rows - start < most ? rows - start : most;
        char at_once[MOST] = {0};
        if (table != NULL && sweep_rows(sweep, request->placed + start, width, forward, table))
            for (Py_ssize_t k = 0; k < width; k++)
                at_once[k] = (char)take_row(sweep, table, width, k, request->places, columns,
                                            numbers + (start + k) * columns);
        for (Py_ssize_t k = 0; k < width; k++) {
            if (at_once[k])
                continue;
            double *row = numbers + (start + k) * columns;
            seed(sweep, request->placed[start + k]);
            run(sweep);
            for (Py_ssize_t i = 0; i < columns; i++) {
                Py_ssize_t place = request->places[i];
                row[i] = place >= 0 && sweep->reached[place] ? sweep->numbers[place] : 0.0;
                if (forward || rows > 1)
                    row[i] += 0.0;
            }
        }
    }
    PyMem_Free(table);
    return numbers;
}

static PyObject *list_of(const double *numbers, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; i < count && list != NULL; i++) {
        PyObject *item = PyFloat_FromDouble(numbers[i]);
        if (item == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, item);
    }
    return list;
}

static PyObject *swept(PyObject *args, void (*run)(Sweep *), int forward)
{
    PyObject *order, *seeds, *wanted, *rows = NULL;
    Sweep sweep = {NULL};
    Request request;
    double *numbers = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &order, &seeds, &wanted))
        return NULL;
    if (listed(&request, seeds, wanted) && begin(&sweep, order) && gather(&sweep) &&
        placed(&request) && (numbers = found(&sweep, &request, run, forward)) != NULL)
        rows = PyList_New(request.rows);
    for (Py_ssize_t i = 0; i < request.rows && rows != NULL; i++) {
        PyObject *row = list_of(numbers + i * request.columns, request.columns);
        if (row == NULL)
            Py_CLEAR(rows);
        else
            PyList_SET_ITEM(rows, i, row);
    }
    PyMem_Free(numbers);
    answered(&request);
    finish(&sweep);
    return rows;
}

static PyObject *adjoint_rows(PyObject *module, PyObject *args)
{
    return swept(args, sweep_back, 0);
}

static PyObject *tangent_rows(PyObject *module, PyObject *args)
{
    return swept(args, sweep_forward, 1);
}

typedef struct { /* an edge with its partial: a constant, or a node */
    Py_ssize_t node, operand, partial;
    double constant;
    int selects;
} Edge;

/* `second_sweep` of autograd/derivative.py. */
static void sweep_second(Sweep *tangents, Sweep *adjoints, Sweep *changes, const Edge *edges,
                         Py_ssize_t count)
{
    for (Py_ssize_t i = count - 1; i >= 0; i--) {
        const Edge *edge = edges + i;
        if (!adjoints->reached[edge->node])
            continue;
        double adjoint = adjoints->numbers[edge->node], slope = edge->constant, bend = 0.0, change;
        int bent = edge->partial >= 0 && tangents->reached[edge->partial];
        if (edge->partial >= 0) {
            slope = node_at(tangents, edge->partial)->number;
            bend = bent ? tangents->numbers[edge->partial] : 0.0;
            if (slope == 0.0 && bend == 0.0 && edge->selects)
                continue;
        }
        give(adjoints, edge->operand, adjoint * slope);
        if (changes->reached[edge->node]) {
            change = changes->numbers[edge->node] * slope;
            if (bent)
                change += adjoint * bend;
        }
        else if (bent)
            change = adjoint * bend;
        else
            continue;
        give(changes, edge->operand, change);
    }
}

static Edge *parsed(PyObject *list, Py_ssize_t *count)
{
    Edge *edges;
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "edges must be a list");
        return NULL;
    }
    *count = PyList_GET_SIZE(list);
    if ((edges = PyMem_Calloc(*count + 1, sizeof(Edge))) == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < *count; i++) {
        PyObject *node, *operand, *partial;
        Edge *edge = edges + i;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(list, i), "OOO", &node, &operand, &partial) ||
            (edge->node = place_of(node)) < 0 || (edge->operand = place_of(operand)) < 0)
            goto error;
        edge->selects = ((Record *)node)->op != NULL && SELECTS((Record *)node);
        if (PyObject_TypeCheck(partial, &Record_Type))
            edge->partial = place_of(partial);
        else {
            edge->partial = -1;
            edge->constant = PyFloat_AsDouble(partial);
        }
        if (PyErr_Occurred())
            goto error;
    }
    return edges;
error:
    PyMem_Free(edges);
    return NULL;
}

static PyObject *second_rows(PyObject *module, PyObject *args)
{
    PyObject *order, *list, *start, *directions, *wanted, *rows = NULL;
    Sweep tangents = {NULL}, adjoints = {NULL}, changes = {NULL};
    Request request;
    Placed *first = NULL;
    Edge *edges = NULL;
    Py_ssize_t count = 0;
    if (!PyArg_ParseTuple(args, "OOOOO", &order, &list, &start, &directions, &wanted))
        return NULL;
    if (listed(&request, directions, wanted) && begin(&adjoints, order) && begin(&changes, order) &&
        begin(&tangents, order) && gather(&tangents) && placed(&request) &&
        (edges = parsed(list, &count)) != NULL && (first = places_of_seeds(start)) != NULL)
        rows = PyList_New(request.rows);
    for (Py_ssize_t i = 0; i < request.rows && rows != NULL; i++) {
        memset(changes.reached, 0, changes.count);
        seed(&adjoints, first);
        seed(&tangents, request.placed[i]);
        sweep_forward(&tangents);
        sweep_second(&tangents, &adjoints, &changes, edges, count);
        PyObject *row = numbers_at(&changes, request.places, request.columns, request.rows > 1);
        if (row == NULL)
            Py_CLEAR(rows);
        else
            PyList_SET_ITEM(rows, i, row);
    }
    answered(&request);
    finish(&adjoints);
    finish(&changes);
    finish(&tangents);
    PyMem_Free(edges);
    PyMem_Free(first);
    return rows;
}
