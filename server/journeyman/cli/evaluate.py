"""journeyman eval: how many tasks of a folder a model solves, and how two compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import one_line, visible
from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.evaluating.evaluation import Plan
    from journeyman.evaluating.report import Comparison, Summary
    from journeyman.evaluating.results import Results
    from journeyman.evaluating.trial import Trial

ERRORS = 3
STYLES = {"solved": "green", "failed": "red", "error": "yellow"}
WIDTH = 120


def eval_(
    folder: Annotated[Path, typer.Argument(help="A folder of tasks; docs/evaluating.md says what one is.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="Such as openrouter/a/b; {task} is the task's name.")
    ],
    against: Annotated[str | None, typer.Option(help="Another model, compared pair by pair.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many at once.")] = 4,
    attempts: Annotated[int, typer.Option(min=1, max=100, help="How often each task is tried.")] = 1,
    only: Annotated[list[str] | None, typer.Option(help="Only this task; as often as needed.")] = None,
    mode: Annotated[str, typer.Option(help="plan+execute or execute.")] = "plan+execute",
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

    Exit code: 0 every trial was judged, 3 some were errors.
    """
    from journeyman.cli.link import call
    from journeyman.evaluating.evaluation import Plan
    from journeyman.evaluating.report import as_json, comparison, summary
    from journeyman.evaluating.results import Results
    from journeyman.evaluating.task import load_tasks
    from journeyman.evaluating.trial import Way

    if mode not in ("plan+execute", "execute"):
        raise Failure("invalid", f"There is no mode {mode!r} for tasks.", hint="plan+execute or execute.")
    if against == model:
        raise Failure("invalid", "A model is not compared with itself.", hint="Name another with --against.")
    models = [model] if against is None else [model, against]
    plan = Plan(load_tasks(folder, tuple(only or ())), models, attempts, jobs, Way(mode, keep))
    known = Results(results)
    trials = call(lambda client: _watched(client, plan, known))
    by_model = [[trial for trial in trials if trial.model == each] for each in models]
    summaries = [summary(each, own) for each, own in zip(models, by_model, strict=True)]
    compared = comparison(*by_model) if against is not None else None
    if json:
        output.print_json(as_json(summaries, compared, trials))
    else:
        _print(summaries, compared)
    if any(each.errors for each in summaries):
        raise typer.Exit(ERRORS)


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
            text = f"{trial.verdict:7}{trial.task}  {trial.model if len(plan.models) > 1 else ''}".rstrip()
            text = f"{text}  {trial.why}" if trial.why else text
            style = STYLES[trial.verdict]
            console.print(one_line(visible(text), WIDTH), style=style, markup=False)
            bar.advance(task)

        return await evaluate(cast("Asker", client), plan, results, ended)


def _print(summaries: list[Summary], compared: Comparison | None) -> None:
    rows: list[list[str]] = [["solved", *(_rate(each) for each in summaries)]]
    rows.append(["errors", *(str(each.errors) for each in summaries)])
    rows.extend([name, *(_mean(each, name) for each in summaries)] for name in summaries[0].means)
    output.print_table(["", *(each.model for each in summaries)], rows, empty="")
    if compared is None:
        return
    one, other = (each.model for each in summaries)
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
