"""The command line: `indicator-rules evaluate`, `check`, `list`, `show`, `inputs`.

In: what a person typed, files and folders. Out: text or JSON on standard output, problems on standard error, and an exit code: 0 done
(whatever the score), 1 problems in what the user wrote, 2 wrong usage. Nothing that a user writes ends in a traceback. The rest of the
library is imported when a command needs it, so that help and usage errors come at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from indicator_rules import messages
from indicator_rules.errors import Problem, ProblemsError, RecordError, RulesetError, Where

if TYPE_CHECKING:
    from indicator_rules.evaluation import Evaluation
    from indicator_rules.rules import Rules

DONE, PROBLEMS, USAGE, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
_PLAIN = str.maketrans(
    {"█": "#", "░": ".", "≈": "~", "−": "-", "–": "-", "─": "-", "·": "-", "×": "*", "÷": "/", "≥": ">=", "≤": "<="}
)
"""What stands for signs that an old terminal has not."""


def _say(key: str, **values: object) -> str:
    return messages.text(f"cli.{key}", values)


# ------------------------------------------------------------------------------------- help and usage, in either language


class _Words:
    """Help of a command, from the catalogue when it is asked for; `help` holds the key."""

    help: str | None

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_say(str(self.help)))

    def get_short_help_str(self, limit: int = 45) -> str:
        return _say(str(self.help)).partition("\n")[0]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=_say("usage") + " ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = [record for one in self.get_params(ctx) if (record := one.get_help_record(ctx)) is not None]  # type: ignore[attr-defined]
        with formatter.section(_say("options")):
            formatter.write_dl([(name, _say(key) if key.startswith("help-") else _say("help-help")) for name, key in records])


class _Command(_Words, click.Command):
    pass


class _Group(_Words, click.Group):
    """All commands; settles the language before anything is parsed, and turns every way to end into an exit code."""

    command_class = _Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section(_say("commands")):
            formatter.write_dl([(name, one.get_short_help_str()) for name, one in self.commands.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **more: Any) -> NoReturn:  # type: ignore[override]
        """Run, and exit."""
        typed = list(sys.argv[1:] if args is None else args)
        messages.use_language(_language(typed))
        _forgive_encodings()
        code = PROBLEMS
        try:
            more.pop("standalone_mode", None)
            code = super().main(typed, prog_name="indicator-rules", standalone_mode=False) or DONE
            sys.stdout.flush()
        except click.UsageError as error:
            code = USAGE
            _usage(error)
        except ProblemsError as error:
            _tell(error.problems)
        except (click.exceptions.Abort, KeyboardInterrupt):
            code = INTERRUPTED
        except BrokenPipeError:
            code = PIPE_CLOSED  # whoever read has seen enough
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(code)


def _language(typed: Sequence[str]) -> messages.Language | None:
    """The `--lang` typed, wherever it stands; a wrong one is refused later, when the options are read."""
    found: messages.Language | None = None
    for place, word in enumerate(typed):
        name, sign, value = word.partition("=")
        if name == "--lang":
            value = value if sign else typed[place + 1] if place + 1 < len(typed) else ""
            found = next((lang for lang in messages.LANGUAGES if lang == value), found)
    return found


def _forgive_encodings() -> None:
    """A character that the terminal has not becomes `?`, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _usage(error: click.UsageError) -> None:
    """What was typed wrong, in the language in force."""
    match error:
        case click.NoSuchOption():
            text = _say("no-such-option", text=error.option_name)
        case click.MissingParameter() if error.param is not None:
            text = _say("missing", text=error.param.make_metavar(error.ctx or click.Context(click.Command(""))))
        case click.BadParameter() if error.param is not None and isinstance(error.param.type, click.Choice):
            text = _say("not-a-choice", text=error.param.opts[0], choices=", ".join(map(str, error.param.type.choices)))
        case click.BadParameter() if error.param is not None and isinstance(error.param.type, click.IntRange):
            text = _say("not-a-year", text=error.param.opts[0])
        case click.BadOptionUsage():
            text = _say("option-usage", text=error.option_name)
        case click.exceptions.NoSuchCommand():
            text = _say("no-such-command", text=error.command_name)
        case _:
            text = error.format_message()
    if error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
    click.echo(_say("usage-error", text=text), err=True)


# ----------------------------------------------------------------------------------------------------------------- options


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang`, before or after the command; `_Group.main` has read it."""
    choices = click.Choice(messages.LANGUAGES)
    return click.option("--lang", type=choices, expose_value=False, help="help-lang")(command)


_year = click.option("--year", type=click.IntRange(1990, 2200), metavar="YEAR", help="help-year")


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"indicator-rules {version('indicator-rules')}")
        ctx.exit()


@click.group(cls=_Group, help="help", invoke_without_command=True)
@_common
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="help-version")
@click.pass_context
def commands(ctx: click.Context) -> int:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        return USAGE
    return DONE


def main() -> None:
    """Entry point of `indicator-rules`."""
    commands.main()


# ---------------------------------------------------------------------------------------------------------------- evaluate


@commands.command(help="help-evaluate")
@click.argument("records", nargs=-1, required=True, metavar="RECORD...")
@click.option("--ruleset", metavar="NAME", help="help-ruleset")
@_year
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="help-format")
@click.option("-o", "--output", metavar="FILE", help="help-output")
@click.option("--engine", type=click.Choice(["durable-rules", "plain"]), help="help-engine")
@_common
def evaluate(
    records: tuple[str, ...], ruleset: str | None, year: int | None, form: str, output: str | None, engine: str | None
) -> int:
    files = _record_files(records)
    if output is not None:
        _check_output(Path(output), files)
    single = len(records) == 1 and files == [Path(records[0])]
    results: list[Evaluation | RecordError] = []
    written: list[str] = []
    for file, result in zip(files, _scored(files, ruleset, year, engine), strict=True):
        results.append(result)
        page = (
            _json(file, result, single=single) if form == "json" else _page(file, result, first=len(results) == 1, single=single)
        )
        # Each is shown when it is ready; a JSON list and a file are written whole at the end.
        if form == "json" or output is not None:
            written.append(page)
        else:
            _print(page)
    scored = [result for result in results if not isinstance(result, RecordError)]
    if form == "json" and not single:
        written = ["[\n" + ",\n".join(page.rstrip("\n") for page in written) + "\n]\n"]
    summary = "" if single else _summary(scored, len(results)) + "\n"
    if output is None:
        _print("".join(written) if form == "json" else ("\n" if scored else "") + summary, as_json=form == "json")
    elif scored:
        _write(Path(output), "".join(written) + ("" if form == "json" or single else "\n" + summary))
    return DONE if len(scored) == len(results) else PROBLEMS


def _record_files(records: Sequence[str]) -> list[Path]:
    """The files of `records`. Raises `RecordError` for a folder without any."""
    from indicator_rules.reading import record_files

    empty = [name for name in records if not record_files([name])]
    if empty:
        raise RecordError([Problem("no-records-in-folder", Where(name)) for name in empty])
    return record_files(records)


def _scored(
    files: Iterable[Path], ruleset: str | None, year: int | None, engine: str | None
) -> Iterator[Evaluation | RecordError]:
    """Each record scored, or refused; what is wrong with it, or with its ruleset (once), goes to standard error."""
    from indicator_rules.reading import read_record
    from indicator_rules.rules import located

    named: set[str] = set()
    for file in files:
        try:
            record = read_record(file)
            try:
                rules = _rules_for(record, ruleset, year, engine)
                yield rules.evaluate(record)
                continue
            except RecordError as error:
                found = located([problem.at(file=str(file)) for problem in error.problems], file.read_bytes())
            except RulesetError as error:
                found = [problem if problem.where.file else problem.at(file=str(file)) for problem in error.problems]
        except RecordError as error:
            found = list(error.problems)
        _tell(problem for problem in found if str(problem) not in named)
        named |= {str(problem) for problem in found}
        yield RecordError(found)


def _rules_for(record: Any, ruleset: str | None, year: int | None, engine: str | None) -> Rules:
    """The ruleset named, in the edition for the year; else the one that applies to the record."""
    from indicator_rules.catalog import Catalog, load

    try:
        if ruleset is None:
            return Catalog.builtin().for_record(record, year, engine)
        return load(ruleset, record.subject.year if year is None else year, engine)
    except ImportError as error:
        raise click.UsageError(_say("no-engine", text=engine)) from error


def _page(file: Path, result: Evaluation | RecordError, *, first: bool, single: bool) -> str:
    from indicator_rules import render

    if isinstance(result, RecordError):
        return ""
    page = render.text(result, columns=_columns())
    return page if single else f"{'' if first else chr(10)}── {file} ──\n{page}"


def _json(file: Path, result: Evaluation | RecordError, *, single: bool) -> str:
    if isinstance(result, RecordError):
        return _dumped({"file": str(file), "problems": [problem.as_dict() for problem in result.problems]})
    return result.to_json() if single else _dumped({"file": str(file), **result.as_dict()})


def _dumped(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _summary(scored: Sequence[Evaluation], count: int) -> str:
    grades = Counter(result.grade or "—" for result in scored)
    order = [str(label) for result in scored for label in result.plan.grade_labels]
    told = sorted(grades, key=lambda grade: order.index(grade) if grade in order else len(order))
    text = _say("summary", scored=len(scored), refused=count - len(scored))
    return text + "".join(_say("summary-grade", grade=grade, count=grades[grade]) for grade in told)


# -------------------------------------------------------------------------------------------------------------- other commands


@commands.command(help="help-check")
@click.argument("rulesets", nargs=-1, required=True, metavar="RULESET...")
@_common
def check(rulesets: tuple[str, ...]) -> int:
    from indicator_rules.catalog import Catalog, is_name, ruleset_files
    from indicator_rules.rules import check as problems_of

    code = DONE
    for name in rulesets:
        try:
            if is_name(name) and not Path(name).exists():
                files = [Catalog.builtin().entry(name).path]
            elif Path(name).is_dir():
                files = ruleset_files(name)
                if not files:
                    raise RulesetError([Problem("no-rulesets-in-folder", Where(name))])
            else:
                files = [Path(name)]
        except RulesetError as error:
            _tell(error.problems)
            code = PROBLEMS
            continue
        for file in files:
            problems = problems_of(file)
            _tell(problems)
            wrong = sum(problem.severity == "error" for problem in problems)
            key, count = ("check-errors", wrong) if wrong else ("check-warnings", len(problems)) if problems else ("check-ok", 0)
            _print(_say(key, file=file, count=count) + "\n")
            code = PROBLEMS if wrong else code
    return code


@commands.command("list", help="help-list")
@_common
def list_() -> int:
    from indicator_rules.catalog import Catalog, years_text
    from indicator_rules.render import pad, width

    catalog = Catalog.builtin()
    lang = messages.language()
    rows = [tuple(_say(f"list-{column}") for column in ("name", "years", "where", "status", "title"))]
    for entry in catalog.entries:
        status = messages.text(f"status.{entry.status}-short")
        rows.append((entry.name, years_text(entry.applies), entry.applies.jurisdiction, status, entry.title.text(lang)))
    sizes = [max(width(row[place]) for row in rows) for place in range(len(rows[0]))]
    _print("".join("  ".join(map(pad, row, sizes)).rstrip() + "\n" for row in rows))
    _tell(catalog.problems)
    return PROBLEMS if catalog.problems else DONE


@commands.command(help="help-show")
@click.argument("ruleset")
@_year
@_common
def show(ruleset: str, year: int | None) -> int:
    from indicator_rules import rubric
    from indicator_rules.catalog import load

    _print(rubric.text(load(ruleset, year).spec, columns=_columns()))
    return DONE


@commands.command(help="help-inputs")
@click.argument("ruleset")
@_year
@_common
def inputs(ruleset: str, year: int | None) -> int:
    from indicator_rules import rubric
    from indicator_rules.catalog import load

    _print(rubric.inputs_text(load(ruleset, year).inputs(), columns=_columns()))
    return DONE


# ------------------------------------------------------------------------------------------------------------------ output


def _columns() -> int:
    """Columns of the terminal, inside what can be read well; 100 where there is none."""
    return min(max(shutil.get_terminal_size((100, 24)).columns, 80), 140)


def _print(text: str, *, as_json: bool = False) -> None:
    """`text` to standard output; what its encoding cannot hold is spelt otherwise, and JSON stays JSON."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text), indent=2) + "\n" if as_json else text.translate(_PLAIN)
    sys.stdout.write(text)
    sys.stdout.flush()


def _tell(problems: Iterable[Problem]) -> None:
    """`problems` to standard error, after what is already printed."""
    from indicator_rules.render import problems_text

    sys.stdout.flush()
    sys.stderr.write(problems_text(problems))
    sys.stderr.flush()


def _check_output(path: Path, records: Iterable[Path]) -> None:
    """Say early that `path` cannot be written. Raises `RecordError`."""
    if path.is_dir():
        raise RecordError([Problem("path-is-folder", Where(str(path)))])
    if not path.parent.is_dir():
        raise RecordError([Problem("output-folder-missing", Where(str(path)))])
    if path.exists() and any(file.exists() and path.samefile(file) for file in records):
        raise RecordError([Problem("output-is-input", Where(str(path)))])


def _write(path: Path, text: str) -> None:
    """`text` to `path`, whole or not at all. Raises `RecordError`."""
    try:
        if path.exists() and not path.is_file():  # a pipe or a device: nothing to put in its place
            path.write_text(text, encoding="utf-8")
            return
        path = path.resolve()  # through a link, not in place of it
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "").lower()
        raise RecordError([Problem("output-not-written", Where(str(path)), {"reason": reason})]) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


if __name__ == "__main__":
    main()
