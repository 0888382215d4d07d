"""journeyman eval: how many tasks of a folder a model solves, and how two configurations compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import one_line, visible
from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.evaluating.configuration import Configuration
    from journeyman.evaluating.evaluation import Plan
    from journeyman.evaluating.report import Comparison, Summary
    from journeyman.evaluating.results import Results
    from journeyman.evaluating.task import Task
    from journeyman.evaluating.trial import Trial

ERRORS = 3
STYLES = {"solved": "green", "failed": "red", "error": "yellow"}
WIDTH = 120
MODES = ("plan+execute", "execute")
EFFORTS = ("low", "medium", "high")


def eval_(
    folder: Annotated[Path, typer.Argument(help="A folder of tasks; docs/evaluating.md says what one is.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="Such as openrouter/a/b; {task} is the task's name.")
    ],
    mode: Annotated[str, typer.Option(help="plan+execute or execute.")] = "plan+execute",
    effort: Annotated[
        str | None, typer.Option(help="low, medium or high; otherwise it follows the phase of the run.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Compare pair by pair with this model; the same one where left out.")
    ] = None,
    against_mode: Annotated[
        str | None, typer.Option(help="... in this mode; the same one where left out.")
    ] = None,
    against_effort: Annotated[
        str | None, typer.Option(help="... with this effort; the same one where left out.")
    ] = None,
    against_results: Annotated[
        Path | None,
        typer.Option(help="Compare with what another evaluation kept in this file, under other settings."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many at once.")] = 4,
    attempts: Annotated[int, typer.Option(min=1, max=100, help="How often each task is tried.")] = 1,
    only: Annotated[list[str] | None, typer.Option(help="Only this task; as often as needed.")] = None,
    results: Annotated[
        Path | None, typer.Option(help="Keep results in this file, and go on from what is in it.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the projects there, to look at.")] = False,
    json: Json = False,
) -> None:
    """Let a model do every task of a folder, each in a workspace of its own, and count what is solved.

    The check runs afterwards in a fork of the project that the agent never saw. What cannot be set up is an
    error, not a failure of the model.

    \b
    journeyman eval tasks --model openrouter/qwen/qwen3-coder --jobs 8 --results qwen.jsonl
    journeyman eval tasks --model openrouter/a/b --against ollama/c
    journeyman eval tasks --model openrouter/a/b --against-mode execute
    journeyman eval tasks --model openrouter/a/b --results new.jsonl --against-results old.jsonl

    Exit code: 0 every trial was judged, 3 some were errors.
    """
    from journeyman.cli.link import call
    from journeyman.evaluating.configuration import Configuration
    from journeyman.evaluating.evaluation import Plan
    from journeyman.evaluating.report import as_json, comparison, summary
    from journeyman.evaluating.results import Results
    from journeyman.evaluating.task import load_tasks
    from journeyman.evaluating.trial import Way

    measured = [Configuration(model, mode, effort)]
    if against is not None or against_mode is not None or against_effort is not None:
        other = Configuration(against or model, against_mode or mode, against_effort or effort)
        measured.append(other)
    _check(measured, results, against_results)
    tasks = load_tasks(folder, tuple(only or ()))
    kept = None if against_results is None else _kept(against_results, tasks)
    known = Results(results)
    plan = Plan(tasks, measured, attempts, jobs, Way(keep))
    trials = call(lambda client: _watched(client, plan, known))
    sides = {of.name: [trial for trial in trials if trial.configuration == of] for of in measured}
    if kept is not None:
        sides[f"{kept[0].configuration.name} of {against_results}"] = kept
    summaries = [summary(name, own) for name, own in sides.items()]
    compared = comparison(*sides.values()) if len(sides) == 2 else None
    if json:
        output.print_json(as_json(summaries, compared, [each for own in sides.values() for each in own]))
    else:
        _print(summaries, compared)
    if any(each.errors for each in summaries):
        raise typer.Exit(ERRORS)


def _check(measured: list[Configuration], results: Path | None, against_results: Path | None) -> None:
    for each in measured:
        if each.mode not in MODES:
            hint = f"One of {', '.join(MODES)}."
            raise Failure("invalid", f"There is no mode {each.mode!r} for tasks.", hint=hint)
        if each.effort is not None and each.effort not in EFFORTS:
            hint = f"One of {', '.join(EFFORTS)}."
            raise Failure("invalid", f"There is no effort {each.effort!r}.", hint=hint)
    if len(measured) == 2 and measured[0] == measured[1]:
        raise Failure(
            "invalid",
            "A configuration is not compared with itself.",
            hint="Name another model, mode or effort to compare with.",
        )
    if against_results is not None and len(measured) == 2:
        raise Failure("invalid", "Two are compared, not three.", hint="Leave --against-results out.")
    if against_results is not None and results is not None and against_results.resolve() == results.resolve():
        raise Failure("invalid", "The results are not compared with themselves.", hint="Name another file.")


def _kept(path: Path, tasks: list[Task]) -> list[Trial]:
    """What another evaluation kept, of these tasks. Raises `invalid` where it is not one configuration."""
    from journeyman.evaluating.results import Results

    if not path.exists():
        raise Failure("invalid", f"There is no file {path}.", hint="--results of an evaluation writes one.")
    found = Results(path).of(tasks)
    if len(found) != 1:
        names = "; ".join(of.name for of in found) or "none"
        raise Failure(
            "invalid",
            f"{path} has results of {len(found)} configurations for these tasks as they are now: {names}.",
            hint="Compare with a file that has those of one.",
        )
    return next(iter(found.values()))


async def _watched(client: object, plan: Plan, results: Results) -> list[Trial]:
    """Every trial with a progress bar, where there is a terminal to show one."""
    from typing import cast

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from journeyman.evaluating.evaluation import evaluate
    from journeyman.evaluating.place import Asker

    console = output.stderr()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("trials", total=len(plan.wanted))

        def ended(trial: Trial) -> None:
            which = trial.configuration.name if len(plan.configurations) > 1 else ""
            text = f"{trial.verdict:7}{trial.task}  {which}".rstrip()
            text = f"{text}  {trial.why}" if trial.why else text
            style = STYLES[trial.verdict]
            console.print(one_line(visible(text), WIDTH), style=style, markup=False)
            bar.advance(task)

        return await evaluate(cast("Asker", client), plan, results, ended)


def _print(summaries: list[Summary], compared: Comparison | None) -> None:
    names = ["", *(each.name for each in summaries)]
    rows: list[list[str]] = [] if output.stdout().is_terminal else [names]  # in a pipe, too
    rows.append(["solved", *(_rate(each) for each in summaries)])
    rows.append(["errors", *(str(each.errors) for each in summaries)])
    rows.extend([name, *(_mean(each, name) for each in summaries)] for name in summaries[0].means)
    output.print_table(names, rows, empty="")
    if compared is None:
        return
    one, other = (each.name for each in summaries)
    lines = [
        f"pair by pair ({compared.pairs}): both {compared.both}, neither {compared.neither}, "
        f"only {one} {compared.only_one}, only {other} {compared.only_other}; p = {compared.p:.3g} "
        "(McNemar, exact)"
    ]
    lines += [
        f"{name} where both solved: {one} less in {less}, {other} less in {more}; p = {p:.3g} (sign test)"
        for name, (less, more, p) in compared.less.items()
        if less + more
    ]
    for line in lines:
        output.stdout().print(visible(line), markup=False)


def _rate(each: Summary) -> str:
    if not each.judged:
        return "nothing was judged"
    share = each.solved / each.judged
    return (
        f"{each.solved} of {each.judged}, {share:.0%} ({each.rate_low:.0%} to {each.rate_high:.0%}, Wilson)"
    )


def _mean(each: Summary, name: str) -> str:
    mean = each.means[name]
    if mean is None:
        return "unknown"
    told = "" if mean.of == each.judged else f", told by {mean.of}"
    return f"{mean.value:,.4g} ({mean.low:,.4g} to {mean.high:,.4g}{told})"
