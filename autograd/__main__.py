"""The command `autograd`."""

import argparse
import inspect
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd import __version__, core
from autograd.command.arguments import (
    argument,
    assignment,
    formulas_protected,
    joined_negatives,
    number,
    number_list,
    page_path,
    picture_path,
    step_count,
)
from autograd.command.parser import FAILED, INTERRUPTED, Parser, Version, drop
from autograd.command.user_functions import named_function, told
from autograd.compare import Report, check_gradient, check_hessian, check_jacobian
from autograd.compare.checked import SeveralNumbersError
from autograd.diagram import FORMATS, Diagram, draw
from autograd.explain import explain
from autograd.formula import read
from autograd.graph import topological_order
from autograd.neuron import Neuron, train
from autograd.quiet import quiet, quietly
from autograd.value import Value

DISAGREE = 1
NEURON = Neuron()
FORMULAS = (
    "A formula is made of numbers, names, pi, + - * / **, parentheses and the operations of this "
    "library; dot, sum and their like take lists, as dot([a, b], [c, d])."
)


@quiet
def neuron(parser: Parser, options: argparse.Namespace) -> None:
    """Train the neuron, print each step, draw the outcome."""
    if len(options.weights) != len(options.inputs):
        parser.error(
            f"there must be one weight for each input: --weights has {len(options.weights)}, "
            f"--inputs has {len(options.inputs)}"
        )
    example = Neuron(options.inputs, options.weights, options.bias, options.target)
    trained = example._replace(weights=np.array(example.weights))
    changed, states = 0, [trained]
    parser.put(f"{'step':>4}  {'loss':<24}  automatic - by hand")
    for count, step in enumerate(train(example, options.steps, options.learning_rate), 1):
        parser.put(f"{count:4}  {step.loss!r:<24}  {step.difference!r}")
        if step.bias != trained.bias or not np.array_equal(step.weights, trained.weights):
            changed = count
        trained = example._replace(weights=step.weights, bias=step.bias)
        states.append(trained)
    loss, *_, z = trained.record()
    loss.backward()
    if z.data <= 0.0:  # a loss of 0 would look as if it had learnt
        parser.put(
            f"The neuron {f'died in step {changed}' if changed else 'is dead from the start'}: its "
            f"ReLU's input is {z.data!r}, not positive, so it outputs 0, no gradient flows, and "
            "further steps change nothing."
        )
    parser.put(f"final weights {trained.weights}")
    parser.put(f"final bias {trained.bias!r}")
    if "svg" in options:
        save_picture(parser, loss, options.svg)
    if "html" in options:
        save(parser, lambda: Diagram.frames(map(drawn, states)), options.html)


def drawn(state: Neuron) -> Diagram:
    """The picture of a neuron, with its gradients."""
    loss, *_ = state.record()
    loss.backward()
    return whole(loss)


def whole(value: Value) -> Diagram:
    """The picture of a graph, however large it is."""
    return draw(value, max_nodes=sys.maxsize, timeout=600.0)


def save_picture(parser: Parser, value: Value, path: str) -> None:
    """Draw a graph and write it to a file."""
    save(parser, lambda: whole(value), path)


def save(parser: Parser, picture: Callable[[], Diagram], path: str) -> None:
    """Write a picture to a file, or say why that cannot be done."""
    try:
        picture().save(path)
    except (OSError, RuntimeError, ValueError) as error:
        # A TimeoutError is an OSError without a strerror.
        reason = (isinstance(error, OSError) and error.strerror) or error
        parser.error(f"{path!r} cannot be written: {reason}")


def check(parser: Parser, options: argparse.Namespace) -> None:
    """Compare hand-written derivatives with the automatic ones and print the report."""
    given = dict(options.at)
    if len(given) < len(options.at):
        parser.error("an argument is given twice: --at " + " --at ".join(x for x, _ in options.at))
    try:
        parameters = [
            name
            for name, x in inspect.signature(options.function).parameters.items()
            if name in given or x.default is x.empty
        ]
    except Exception:  # there may be no signature, or one that the user computes
        parameters = list(given)
    for name in parameters:
        if name not in given:
            parser.error(f"the argument {name!r} of the function is missing: --at {name}=...")
    for name in given:
        if name not in parameters:
            parser.error(f"the function has no argument {name!r}; it has {', '.join(parameters)}")
    try:
        report = _report(options, [given[name] for name in parameters])
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the functions may raise anything, SystemExit too
        parser.error(told(error))
    parser.put(str(report))
    if not report.passed:
        parser.exit(DISAGREE)


def _report(options: argparse.Namespace, arguments: Sequence[Any]) -> Report:
    """The report on a Hessian, or on a gradient, or on a Jacobian if there are several results."""
    given = {
        name: getattr(options, name)
        for name in ("wrt", "samples", "seed", "tolerance", "every_branch")
    }
    functions = options.function, options.manual
    if options.hessian:
        try:
            return check_hessian(*functions, *arguments, **given)
        except SeveralNumbersError as error:
            words, _, _ = str(error).partition(":")
            raise TypeError(f"{words} if --hessian is given") from None
    try:
        return check_gradient(*functions, *arguments, **given)
    except SeveralNumbersError:
        return check_jacobian(*functions, *arguments, **given)


def graph(parser: Parser, options: argparse.Namespace) -> tuple[Value, dict[str, Value]]:
    """The graph of the formula in the options, and its leaves by their names."""
    numbers = dict(options.numbers)
    if len(numbers) < len(options.numbers):
        parser.error("a number is given twice: " + " ".join(name for name, _ in options.numbers))
    try:
        value = read(options.formula, numbers)
    except ValueError as error:
        parser.exit(FAILED, f"{parser.prog}: {error}\n")  # three lines that show the place
    return value, {node.name: node for node in topological_order(value) if node.name}


def explain_formula(parser: Parser, options: argparse.Namespace) -> None:
    """Explain the derivatives of a formula."""
    value, leaves = graph(parser, options)
    if options.wrt is not None:
        options.wrt = unicodedata.normalize("NFKC", options.wrt)
    if options.wrt is not None and options.wrt not in leaves:
        parser.error(f"argument --wrt: there is no {options.wrt!r} in the formula")
    explanation = explain(value, None if options.wrt is None else leaves[options.wrt])
    texts = {"text": explanation.__str__, "markdown": explanation.markdown}
    parser.put(texts.get(options.format, explanation.latex)().removesuffix("\n"))
    if "svg" in options:
        quietly(value.backward)
        save_picture(parser, value, options.svg)


def draw_formula(parser: Parser, options: argparse.Namespace) -> None:
    """Draw the graph of a formula."""
    value, _ = graph(parser, options)
    quietly(value.backward)
    save_picture(parser, value, options.output)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with the given arguments, those of the process by default.

    Raises:
        SystemExit: unless all went well.
    """
    parser = _parser()
    try:
        options = _options(parser, arguments)
        options.run(options.parser, options)
    except KeyboardInterrupt:
        drop(sys.stdout)  # its reader may be waiting for it to end
        sys.exit(INTERRUPTED)
    except Exception:  # a bug in this library: shown in full, and not an answer of `check`
        sys.excepthook(*sys.exc_info())
        sys.exit(FAILED)
    finally:
        parser.finish()


def _parser() -> Parser:
    parser = Parser(
        prog="autograd",
        description="A scalar autograd engine: derivatives to see and to trust.",
        epilog=(
            "The exit status is 0 if all went well, 1 if `autograd check` found that gradients do "
            "not agree, and 2 if something was wrong: the call, a formula, a function, a file."
        ),
    )
    parser.add_argument("--version", action=Version, version=f"{__version__} ({core} core)")
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
        help="draw the trained neuron to a file; the suffix is the format: "
        f"{', '.join(FORMATS)}")  # fmt: skip
    add("--html", type=page_path, default=argparse.SUPPRESS, metavar="FILE",
        help="write a page on which each press is one step of the training")  # fmt: skip
    command.set_defaults(run=neuron, parser=command)

    command = commands.add_parser(
        "check",
        help="compare a hand-written gradient, Jacobian or Hessian with the automatic one",
        description=(
            "Compare a hand-written gradient with the automatic one, at the given arguments and at "
            "others; its Jacobian if the function returns several numbers, such as a vector. The "
            "exit status is 0 if they agree, 1 if they do not, and 2 if there is no "
            "telling: a wrong call, a function that fails, a report that cannot be written."
        ),
    )
    add = command.add_argument
    add("function", type=named_function, metavar="MODULE:FUNCTION",
        help="the function, written with the operations of this library")  # fmt: skip
    add("manual", type=named_function, metavar="MODULE:GRADIENT",
        help="its gradient or Jacobian by hand, a function of floats and NumPy arrays")  # fmt: skip
    add("--hessian", action="store_true", help="the second function returns the Hessian")
    add("--at", type=argument, action="append", default=[], metavar="NAME=X,...",
        help="an argument: a number, a list 'w=-3,-1,2', a matrix 'm=1,2;3,4'")  # fmt: skip
    add("--wrt", type=lambda text: text.split(","), metavar="NAME,...",
        help="the arguments whose gradients are given (default: all)")  # fmt: skip
    add("--samples", type=step_count, default=10, metavar="N",
        help="how many other points to compare at (default: 10)")  # fmt: skip
    add("--seed", type=step_count, default=0, metavar="N", help="seed of the points (default: 0)")
    add("--tolerance", type=number, metavar="X",
        help="what counts as rounding (default: 8 times 2**-52)")  # fmt: skip
    add("--every-branch", action=argparse.BooleanOptionalAction, default=True,
        help="whether the check fails if a side of a kink is never reached "
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
    add("--wrt", metavar="NAME", help="what to differentiate with respect to (default: everything)")
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
        help=f"the picture; the suffix is the format: {', '.join(FORMATS)}",
    )  # fmt: skip
    command.set_defaults(run=draw_formula, parser=command)

    return parser


def _options(parser: Parser, arguments: Sequence[str] | None) -> argparse.Namespace:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["explain"], ["draw"]):
        given = list(formulas_protected(given))
    options, rest = parser.parse_known_args(list(joined_negatives(given)))
    if "numbers" in options and not any(
        x.startswith("-") for x in rest
    ):  # some may follow an option, where argparse leaves them
        try:
            options.numbers = [*options.numbers, *map(assignment, rest)]
        except argparse.ArgumentTypeError as error:
            options.parser.error(f"argument NAME=X: {error}")
        rest = []
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def _add_formula(command: argparse.ArgumentParser) -> None:
    command.add_argument("formula", metavar="FORMULA", help="such as '(relu(w*x + b) - t)**2'")
    command.add_argument("numbers", type=assignment, nargs="*", default=[], metavar="NAME=X",
                         help="the number that a name stands for")  # fmt: skip


def _listed(numbers: Iterable[float]) -> str:
    return ",".join(f"{x:g}" for x in numbers)


if __name__ == "__main__":
    main()
