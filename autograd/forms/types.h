/* What a node and an operation consist of, and what this module has been given. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <structmember.h>
#include <time.h>

#if defined(__FAST_MATH__) || defined(_M_FP_FAST) ||                                               \
    (defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0)
#error "numbers would not be rounded as Python rounds them"
#endif

/* From RELU on they are repeated in recorded programs alone (tapes.h). */
enum Kind {
    GENERAL, ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATIVE, POWER, SQUARE, DOT, SUM, MEAN,
    RELU, WHERE, GREATER_THAN, MAXIMUM, MINIMUM, ABSOLUTE, SQRT, KINDS
};

static const char *const kind_names[KINDS] = {
    NULL, "add", "subtract", "multiply", "divide", "negative", "power", "square", "dot", "sum", "mean",
    "relu", "where", "greater", "maximum", "minimum", "abs", "sqrt"
};

typedef struct { /* an operation: what the loops ask of it */
    PyObject_HEAD
    PyObject *rules; /* (forward, partial, partial), None for what is missing or must not be used */
    PyObject *fused; /* computes the value and the partials at once, or None */
    char selects;    /* whether nothing flows where a partial is 0 */
    char kind;       /* which of the operations that are repeated here */
} Applied;

typedef struct Record Record;

typedef struct {      /* the parts of a node that most nodes do without, in one piece of memory */
    PyObject *seen;   /* a tuple */
    Py_ssize_t count; /* 0 if the operands are those of the node itself */
    Record **nodes;   /* NULL for a constant; they follow the numbers */
    double numbers[]; /* the partial derivatives, or the constants */
} Wide;

struct Record {
    PyObject_HEAD
    double number, dx, dy, grad; /* dx and dy hold a constant where x or y is NULL */
    Record *x, *y;
    Wide *wide;
    PyObject *op, *name; /* NULL for None */
    union {
        long long era;   /* for a leaf */
        long long stamp; /* for another: the assignments when its graph was last found in order */
    };
    unsigned long long mark; /* the last sweep that has seen it */
    union {
        Py_ssize_t place; /* in the order of that sweep */
        Record *next;     /* of those that wait to be freed */
    };
};

static PyTypeObject Record_Type, Applied_Type;

/* Given by `install`. */
static PyTypeObject *Value, *Entry;
static PyObject *Wide_class, *apply, *record, *call, *renew, *convert, *bar, *ops[KINDS];

static PyObject *silence; /* tells whether nothing is to be recorded here; NULL if there is no such
                             block anywhere */

static long seals; /* the blocks in which a function is recorded, of all threads */

static long long era, assignments;
static unsigned long long sweeps;

#define SELECTS(node)          (((Applied *)(node)->op)->selects)
#define FLOWS(node, partial)   ((partial) != 0.0 || !SELECTS(node))
#define NUMBER(node, constant) ((node) == NULL ? (constant) : (node)->number)
#define FINITE(x)              ((x) - (x) == 0.0)
