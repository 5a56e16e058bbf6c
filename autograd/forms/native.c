/* The native form of the core: what takes most of the time, in C, with the same results to the bit.

   The Python sources are the reference. What is here has its counterpart there, of the same name
   where it can: `Record` is that of autograd/record.py, with the operators of
   autograd/value.py; `Applied` is the call of an operation (autograd/op.py); the functions are
   those of autograd/graph.py and autograd/rows.py. Only the ordinary case is treated: operands that
   are Values or plain numbers, and finite results. Everything else, every warning and every message
   is left to the Python function that is named beside it.

   The rules of differentiation come from the table (autograd/ops.py), whose functions are called,
   except those of + - * / and of squares, and of dot, sum and mean, which are repeated here.

   A sweep runs no Python code, so that with the global interpreter lock no two of them meet; it
   marks the nodes that it has seen with its own number, which no other sweep ever has, so nothing
   has to be cleaned up. */

#include "types.h"
#include "node.h"
#include "arithmetic.h"
#include "operations.h"
#include "sweeps.h"
#include "rows.h"
#include "graphs.h"
#include "parts.h"
#include "tapes.h"
#include "replay.h"
#include "batches.h"
#include "programs.h"
#include "joins.h"

#define VERSION 6 /* FITTING in __init__.py */

static PyObject *new_era(PyObject *module, PyObject *ignored)
{
    return PyLong_FromLongLong(++era);
}

/* Given by `no_grad` the function that tells where nothing is recorded, or None. */
static PyObject *be_silent(PyObject *module, PyObject *function)
{
    Py_XSETREF(silence, function == Py_None ? NULL : Py_NewRef(function));
    Py_RETURN_NONE;
}

/* Given by `sealed` how many more of its blocks there are. */
static PyObject *seal(PyObject *module, PyObject *more)
{
    long change = PyLong_AsLong(more);
    if (change == -1 && PyErr_Occurred())
        return NULL;
    seals += change;
    Py_RETURN_NONE;
}

/* `_node` of autograd/value.py. */
static PyObject *node(PyObject *module, PyObject *args)
{
    PyObject *op, *x, *y = Py_None, *value;
    double number, dx, dy = 0.0;
    if (!PyArg_ParseTuple(args, "dO!Od|Od", &number, &Applied_Type, &op, &x, &dx, &y, &dy) ||
        (x != Py_None && !require_record(x)) || (y != Py_None && !require_record(y)))
        return NULL;
    value = result(op, number, x == Py_None ? NULL : (Record *)x, dx,
                   y == Py_None ? NULL : (Record *)y, dy);
    if (value != NULL)
        track_if_needed((Record *)value);
    return value;
}

static PyObject *older_leaf(PyObject *module, PyObject *args)
{
    PyObject *order, *nodes;
    long long than;
    int found = 0;
    if (!PyArg_ParseTuple(args, "OL", &order, &than) || (nodes = PySequence_List(order)) == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(nodes) && !found; i++) {
        PyObject *node = PyList_GET_ITEM(nodes, i);
        if (!require_record(node)) {
            Py_DECREF(nodes);
            return NULL;
        }
        found = ((Record *)node)->op == NULL && ((Record *)node)->era < than;
    }
    Py_DECREF(nodes);
    return PyBool_FromLong(found);
}

static PyObject *record_operands(PyObject *module, PyObject *args)
{
    PyObject *op, *operands, *value;
    if (!PyArg_ParseTuple(args, "O!O", &Applied_Type, &op, &operands))
        return NULL;
    if (PyList_CheckExact(operands) || PyTuple_CheckExact(operands)) {
        value = recorded((Applied *)op, PySequence_Fast_ITEMS(operands),
                         PySequence_Fast_GET_SIZE(operands), NULL, 0);
        if (value != NULL || PyErr_Occurred())
            return value;
    }
    return PyObject_CallFunctionObjArgs(record, op, operands, NULL);
}

/* install(Value=, Entry=, Wide=, apply=, record=, call=, renew=, convert=, bar=, table=): what
   this module needs of the Python sources. */
static PyObject *install(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"Value", "Entry", "Wide",    "apply", "record",
                               "call",  "renew", "convert", "bar",   "table",  NULL};
    PyObject *table, *functions[7];
    PyTypeObject *value, *entry;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "$O!O!OOOOOOOO!", keywords, &PyType_Type, &value,
                                     &PyType_Type, &entry, &functions[0], &functions[1],
                                     &functions[2], &functions[3], &functions[4], &functions[5],
                                     &functions[6], &PyDict_Type, &table))
        return NULL;
    if (!PyType_IsSubtype(value, &Record_Type) || value->tp_basicsize != sizeof(Record)) {
        PyErr_SetString(PyExc_TypeError, "Value must add nothing to a Record");
        return NULL;
    }
    for (int kind = 1; kind < KINDS; kind++) {
        PyObject *op = PyDict_GetItemString(table, kind_names[kind]);
        if (op == NULL || !PyObject_TypeCheck(op, &Applied_Type)) {
            PyErr_Format(PyExc_TypeError, "%s is not an operation", kind_names[kind]);
            return NULL;
        }
        ((Applied *)op)->kind = (char)kind;
        Py_XSETREF(ops[kind], Py_NewRef(op));
    }
    PyObject **targets[] = {&Wide_class, &apply, &record, &call, &renew, &convert, &bar};
    for (int i = 0; i < 7; i++)
        Py_XSETREF(*targets[i], Py_NewRef(functions[i]));
    Py_XSETREF(Value, (PyTypeObject *)Py_NewRef(value));
    Py_XSETREF(Entry, (PyTypeObject *)Py_NewRef(entry));
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"accumulate", accumulate, METH_VARARGS, NULL},
    {"adjoint_graphs", adjoint_graphs, METH_VARARGS, NULL},
    {"adjoint_rows", adjoint_rows, METH_VARARGS, NULL},
    {"array_fields", array_fields, METH_O, NULL},
    {"clear", clear, METH_O, NULL},
    {"doubtful", doubtful, METH_O, NULL},
    {"extend", extend_program, METH_VARARGS, NULL},
    {"install", (PyCFunction)(void (*)(void))install, METH_VARARGS | METH_KEYWORDS, NULL},
    {"join", join, METH_VARARGS, NULL},
    {"new_era", new_era, METH_NOARGS, NULL},
    {"node", node, METH_VARARGS, NULL},
    {"older_leaf", older_leaf, METH_VARARGS, NULL},
    {"partial_graphs", partial_graphs, METH_VARARGS, NULL},
    {"recompute", recompute, METH_O, NULL},
    {"record", record_operands, METH_VARARGS, NULL},
    {"seal", seal, METH_O, NULL},
    {"second_rows", second_rows, METH_VARARGS, NULL},
    {"silence", be_silent, METH_O, NULL},
    {"sort", (PyCFunction)(void (*)(void))sort, METH_VARARGS | METH_KEYWORDS, NULL},
    {"tangent_rows", tangent_rows, METH_VARARGS, NULL},
    {NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "autograd.forms.native",
    .m_doc = "The native form of the core.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit_native(void)
{
    PyObject *module;
    if (PyType_Ready(&Record_Type) < 0 || PyType_Ready(&Applied_Type) < 0 ||
        PyType_Ready(&Counter_Type) < 0 || PyType_Ready(&Tape_Type) < 0 || PyType_Ready(&Replay_Type) < 0 ||
        PyType_Ready(&Batch_Type) < 0 ||
        (module = PyModule_Create(&definition)) == NULL)
        return NULL;
    if (PyModule_AddIntConstant(module, "VERSION", VERSION) < 0 ||
        PyModule_AddObjectRef(module, "Record", (PyObject *)&Record_Type) < 0 ||
        PyModule_AddObjectRef(module, "Applied", (PyObject *)&Applied_Type) < 0 ||
        PyModule_AddObjectRef(module, "Counter", (PyObject *)&Counter_Type) < 0 ||
        PyModule_AddObjectRef(module, "Tape", (PyObject *)&Tape_Type) < 0 ||
        PyModule_AddObjectRef(module, "Replay", (PyObject *)&Replay_Type) < 0 ||
        PyModule_AddObjectRef(module, "Batch", (PyObject *)&Batch_Type) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
