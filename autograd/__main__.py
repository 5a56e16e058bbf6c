"""The command `autograd`."""

import argparse
import importlib
import inspect
import math
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn, cast

import numpy as np

from autograd import __version__
from autograd.compare import check_gradient
from autograd.diagram import FORMATS, draw, suffix
from autograd.explain import explain
from autograd.formula import read
from autograd.graph import topological_order
from autograd.neuron import Neuron, train
from autograd.value import Value

NEURON = Neuron()
FORMULAS = (
    "A formula is made of numbers, names, pi, + - * / **, parentheses and the operations of this "
    "library; dot, sum and their like take lists, as dot([a, b], [c, d])."
)


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def number(text: str) -> float:
    """A finite number."""
    try:
        result = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not math.isfinite(result):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return result


def number_list(text: str) -> list[float]:
    """Finite numbers separated by commas."""
    return [number(item) for item in text.split(",")]


def step_count(text: str) -> int:
    """A whole number, at least 0."""
    try:
        result = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if result < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is negative")
    return result


def picture_path(text: str) -> str:
    """The path of a picture, whose suffix says the format."""
    try:
        suffix(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def neuron(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Train the neuron, print each step, draw the outcome."""
    if len(options.weights) != len(options.inputs):
        parser.error(
            f"as many weights as inputs are needed: there are {len(options.weights)} "
            f"of --weights and {len(options.inputs)} of --inputs"
        )
    example = Neuron(options.inputs, options.weights, options.bias, options.target)
    trained = example._replace(weights=np.array(example.weights))
    print(f"{'step':>4}  {'loss':<24}  automatic - by hand")
    with np.errstate(all="ignore"):
        for count, step in enumerate(train(example, options.steps, options.learning_rate), 1):
            print(f"{count:4}  {step.loss!r:<24}  {step.difference!r}")
            trained = example._replace(weights=step.weights, bias=step.bias)
        loss, *_ = trained.record()
        loss.backward()
    print(f"final weights {trained.weights}")
    print(f"final bias {trained.bias!r}")
    if "svg" in options:
        save_picture(parser, loss, options.svg)


def save_picture(parser: argparse.ArgumentParser, value: Value, path: str) -> None:
    """Draw a graph, however large it is."""
    try:
        draw(value, max_nodes=sys.maxsize, timeout=600.0).save(path)
    except (OSError, RuntimeError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


def named_function(text: str) -> Callable[..., Any]:
    """A function given as `module:function`, the module being found as Python finds it here."""
    module_name, colon, name = text.partition(":")
    if not colon or not module_name or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form module:function")
    sys.path.insert(0, os.getcwd())
    try:
        result = getattr(importlib.import_module(module_name), name)
    except ImportError as error:
        raise argparse.ArgumentTypeError(f"{module_name!r} cannot be imported: {error}") from None
    except AttributeError:
        raise argparse.ArgumentTypeError(f"{module_name!r} has no {name!r}") from None
    finally:
        sys.path.pop(0)
    if not callable(result):
        raise argparse.ArgumentTypeError(f"{text!r} is not a function")
    return cast(Callable[..., Any], result)


def argument(text: str) -> tuple[str, Any]:
    """An argument as `name=number` or `name=number,number,...`, with a ; between rows."""
    name, equals, numbers = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=number,...")
    rows = [number_list(row) for row in numbers.split(";")]
    if len({len(row) for row in rows}) > 1:
        raise argparse.ArgumentTypeError(f"the rows of {name!r} have different lengths")
    if len(rows) > 1:
        return name, np.array(rows)
    return name, np.array(rows[0]) if "," in numbers else rows[0][0]


def check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Compare a hand-written gradient with the automatic one and print the report."""
    given = dict(options.at)
    if len(given) < len(options.at):
        parser.error("an argument is given twice: --at " + " --at ".join(x for x, _ in options.at))
    try:
        parameters = [
            name
            for name, x in inspect.signature(options.function).parameters.items()
            if name in given or x.default is x.empty
        ]
    except (TypeError, ValueError):
        parameters = list(given)
    for name in parameters:
        if name not in given:
            parser.error(f"the argument {name!r} of the function is missing: --at {name}=...")
    for name in given:
        if name not in parameters:
            parser.error(f"the function has no argument {name!r}; it has {', '.join(parameters)}")
    try:
        report = check_gradient(
            options.function,
            options.manual,
            *[given[name] for name in parameters],
            wrt=options.wrt,
            samples=options.samples,
            seed=options.seed,
            tolerance=options.tolerance,
            every_branch=options.every_branch,
        )
    except (TypeError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    print(report)
    if not report.passed:
        sys.exit(1)


def assignment(text: str) -> tuple[str, float]:
    """A number with its name, `name=number`."""
    name, equals, digits = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=number")
    return name.strip(), number(digits)


def graph(
    parser: argparse.ArgumentParser, options: argparse.Namespace
) -> tuple[Value, dict[str, Value]]:
    """The graph of the formula in the options, and its leaves by their names."""
    numbers = dict(options.numbers)
    if len(numbers) < len(options.numbers):
        parser.error("a number is given twice: " + " ".join(name for name, _ in options.numbers))
    try:
        value = read(options.formula, numbers)
    except ValueError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    return value, {node.name: node for node in topological_order(value) if node.name}


def explain_formula(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Explain the derivatives of a formula."""
    value, leaves = graph(parser, options)
    if options.wrt is not None:
        options.wrt = unicodedata.normalize("NFKC", options.wrt)
    if options.wrt is not None and options.wrt not in leaves:
        parser.error(f"argument --wrt: there is no {options.wrt!r} in the formula")
    explanation = explain(value, None if options.wrt is None else leaves[options.wrt])
    texts = {"text": explanation.__str__, "markdown": explanation.markdown}
    text = texts.get(options.format, explanation.latex)()
    encoding = sys.stdout.encoding or "utf-8"  # which may have no ∂
    print(text.encode(encoding, "replace").decode(encoding).removesuffix("\n"))
    if "svg" in options:
        with np.errstate(all="ignore"):
            value.backward()
        save_picture(parser, value, options.svg)


def draw_formula(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Draw the graph of a formula."""
    value, _ = graph(parser, options)
    with np.errstate(all="ignore"):
        value.backward()
    save_picture(parser, value, options.output)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with the given arguments, those of the process by default."""
    parser = Parser(
        prog="autograd", description="A scalar autograd engine: derivatives to see and to trust."
    )
    parser.add_argument("--version", action="version", version=f"autograd {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    command = commands.add_parser(
        "neuron",
        help="train one neuron and compare its gradients with hand-derived ones",
        description=(
            "Train one neuron, loss = (relu(inputs . weights + bias) - target) ** 2, by gradient "
            "descent. Each line shows the loss before the step and the largest difference between "
            "the automatic gradients and those of the formula derived by hand."
        ),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = command.add_argument
    add("--steps", type=step_count, default=20, metavar="N", help="how many steps to train")
    add("--learning-rate", type=number, default=0.001, metavar="RATE",
        help="what the gradient is multiplied by in a step")  # fmt: skip
    add("--inputs", type=number_list, default=_listed(NEURON.inputs), metavar="X,Y,...",
        help="the inputs")  # fmt: skip
    add("--weights", type=number_list, default=_listed(NEURON.weights), metavar="X,Y,...",
        help="the first weights, one per input")  # fmt: skip
    add("--bias", type=number, default=NEURON.bias, metavar="X", help="the first bias")
    add("--target", type=number, default=NEURON.target, metavar="X", help="what to learn")
    add("--svg", type=picture_path, default=argparse.SUPPRESS, metavar="FILE",
        help="draw the trained neuron to a file; the suffix says the format: "
        f"{', '.join(FORMATS)}")  # fmt: skip
    command.set_defaults(run=neuron, parser=command)

    command = commands.add_parser(
        "check",
        help="compare a hand-written gradient with the automatic one",
        description=(
            "Compare a hand-written gradient with the automatic one, at the given arguments and at "
            "others. The exit status is 0 if they agree, 1 if they do not, 2 for a wrong call."
        ),
    )
    add = command.add_argument
    add("function", type=named_function, metavar="MODULE:FUNCTION",
        help="the function, written with the operations of this library")  # fmt: skip
    add("manual", type=named_function, metavar="MODULE:GRADIENT",
        help="its gradient by hand, a function of floats and NumPy arrays")  # fmt: skip
    add("--at", type=argument, action="append", default=[], metavar="NAME=X,...",
        help="an argument: a number, a list 'w=-3,-1,2', a matrix 'm=1,2;3,4'")  # fmt: skip
    add("--wrt", type=lambda text: text.split(","), metavar="NAME,...",
        help="the arguments of which the gradients are given; by default all")  # fmt: skip
    add("--samples", type=step_count, default=10, metavar="N",
        help="at how many other points (default: 10)")  # fmt: skip
    add("--seed", type=step_count, default=0, metavar="N", help="makes the points (default: 0)")
    add("--tolerance", type=number, metavar="X",
        help="what counts as rounding (default: 8 times 2**-52)")  # fmt: skip
    add("--every-branch", action=argparse.BooleanOptionalAction, default=True,
        help="whether a side of a kink that was not reached fails the check "
        "(default: yes)")  # fmt: skip
    command.set_defaults(run=check, parser=command)

    command = commands.add_parser(
        "explain",
        help="work through the derivatives of a formula",
        description=(
            "Work through the derivatives of a formula with its numbers: the chain rule for one of "
            "them, or the whole backward pass. " + FORMULAS
        ),
    )
    add = command.add_argument
    _add_formula(command)
    add("--wrt", metavar="NAME", help="what to differentiate by (default: everything)")
    add("--format", choices=["text", "markdown", "latex"], default="text",
        help="how it is written (default: text)")  # fmt: skip
    add("--svg", type=picture_path, default=argparse.SUPPRESS, metavar="FILE",
        help="also draw the graph to a file, as the command draw does")  # fmt: skip
    command.set_defaults(run=explain_formula, parser=command)

    command = commands.add_parser(
        "draw",
        help="draw the graph of a formula",
        description="Draw the graph of a formula, with its numbers and gradients. " + FORMULAS,
    )
    _add_formula(command)
    command.add_argument(
        "-o", "--output", type=picture_path, required=True, metavar="FILE",
        help=f"the picture; the suffix says the format: {', '.join(FORMATS)}",
    )  # fmt: skip
    command.set_defaults(run=draw_formula, parser=command)

    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["explain"], ["draw"]):
        given = list(_formulas_protected(given))
    options, rest = parser.parse_known_args(list(_joined_negatives(given)))
    if "numbers" in options and not any(
        x.startswith("-") for x in rest
    ):  # some may stand behind an option, where argparse leaves them
        try:
            options.numbers = [*options.numbers, *map(assignment, rest)]
        except argparse.ArgumentTypeError as error:
            options.parser.error(f"argument NAME=X: {error}")
        rest = []
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        options.run(options.parser, options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has seen enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _add_formula(command: argparse.ArgumentParser) -> None:
    command.add_argument("formula", metavar="FORMULA", help="such as '(relu(w*x + b) - t)**2'")
    command.add_argument("numbers", type=assignment, nargs="*", default=[], metavar="NAME=X",
                         help="the number that a name stands for")  # fmt: skip


def _listed(numbers: Iterable[float]) -> str:
    return ",".join(f"{x:g}" for x in numbers)


def _formulas_protected(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments, a space before a formula that begins with a minus: it is no option."""
    previous = ""
    for argument in arguments:
        option = argument in ("-h", "-o", "--") or re.fullmatch(
            r"--[a-z]{2,}(=.*)?|-o\S*\.\w+", argument, re.DOTALL
        )
        value = previous == "-o" or re.fullmatch("--[a-z]{2,}", previous)
        yield argument if option or value or not argument.startswith("-") else f" {argument}"
        previous = "" if value else argument


def _joined_negatives(arguments: Sequence[str]) -> Iterator[str]:
    """`--weights -3,-1` as `--weights=-3,-1`: argparse would take the list for an option."""
    previous = None
    for argument in arguments:
        option = previous is not None and re.match("--.", previous)
        if option and re.match(r"-(\d|\.|inf|nan)", argument, re.IGNORECASE):
            argument = f"{previous}={argument}"
        elif previous is not None:
            yield previous
        previous = argument
    if previous is not None:
        yield previous


if __name__ == "__main__":
    main()
