"""What every command does at the terminal: help and usage in both languages, exit codes, printing, writing files.

In: what was typed, texts to print or write. Out: exit code 0 done (whatever the score), 1 problems in what the user wrote, 2 wrong usage, 130
interrupted, 141 whoever read has gone. Guaranteed: nothing that a user writes ends in a traceback, a file is written whole or not at all,
and a terminal that lacks a character still shows the rest.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from indicator_rules import messages, quantity
from indicator_rules.errors import Problem, ProblemsError, RecordError, Where
from indicator_rules.files import reason

DONE, PROBLEMS, USAGE, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
_PLAIN = str.maketrans(
    {"█": "#", "░": ".", "≈": "~", "−": "-", "–": "-", "─": "-", "·": "-", "×": "*", "÷": "/", "≥": ">=", "≤": "<="}
)
"""What stands for signs that an old terminal has not."""
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")
"""Characters that move the cursor, change colours, ring, or turn the direction of writing: whoever wrote a file would write on the screen.
Those that take no room too: `6次` with one inside is refused, and nobody would see why."""


def say(key: str, **values: object) -> str:
    """A text of the command line."""
    return messages.text(f"cli.{key}", values)


# ------------------------------------------------------------------------------------- help and usage, in either language


class Command(click.Command):
    """Help of a command, from the catalogue when it is asked for; `help` holds the key."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(say(str(self.help)))

    def get_short_help_str(self, limit: int = 45) -> str:
        return say(str(self.help)).partition("\n")[0]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = self.collect_usage_pieces(ctx)
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=say("usage"))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [
            (one, record[0])
            for one in self.get_params(ctx)
            if isinstance(one, click.Option) and (record := one.get_help_record(ctx))
        ]
        with formatter.section(say("options")):
            formatter.write_dl([(names, say(_help_key(one))) for one, names in options])


def _help_key(option: click.Parameter) -> str:
    """`--help` is click's own and brings English words of its own."""
    key = str(getattr(option, "help", ""))
    return key if key.startswith("help-") else "help-help"


class _PipeClosed(Exception):
    pass


class Group(Command, click.Group):
    """All commands; settles the language before anything is parsed, and turns every way to end into an exit code."""

    command_class = Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section(say("commands")):
            formatter.write_dl([(name, one.get_short_help_str()) for name, one in self.commands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. click would take a closed pipe for a failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _PipeClosed from None

    def main(self, args: Sequence[str] | None = None, *rest: Any, **more: Any) -> NoReturn:
        """Run, and exit."""
        typed = list(sys.argv[1:] if args is None else args)
        messages.use_language(_language(typed))
        _open_streams()
        _forgive_encodings()
        code = PROBLEMS
        try:
            settings = {**more, "prog_name": "indicator-rules", "standalone_mode": False}
            code = super().main(typed, *rest, **settings) or DONE
            sys.stdout.flush()
        except click.UsageError as error:
            code = USAGE
            _usage(error)
        except ProblemsError as error:
            tell(error.problems)
        except (click.exceptions.Abort, KeyboardInterrupt):
            code = INTERRUPTED
        except (_PipeClosed, BrokenPipeError):
            code = PIPE_CLOSED
            _drop_output()
        except OSError as error:
            # A path that the system will not even look up; without a name it is the screen, sent to a full disk.
            name = error.filename if isinstance(error.filename, str) else ""
            failed = "file-unreadable" if name else "output-not-written"
            tell([Problem(failed, Where(quantity.shown(name)), {"reason": reason(error)})])
            if not name:
                _drop_output()
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


def _open_streams() -> None:
    """Where the shell closed a stream (`>&-`), Python has None: what is said there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 -- it lives as long as the process


def _drop_output() -> None:
    """What is still to be printed goes nowhere, so that Python does not complain of it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _forgive_encodings() -> None:
    """A character that the terminal has not becomes `?`, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _meant(error: click.exceptions.NoSuchCommand | click.NoSuchOption) -> str:
    """The command or option that is spelt nearly so."""
    from indicator_rules.record_fields import suggestion

    command = error.ctx.command if error.ctx is not None else None
    if isinstance(error, click.NoSuchOption):
        options = [name for one in command.params for name in one.opts] if command is not None else []
        known = suggestion(error.option_name, options)
    else:
        known = suggestion(error.command_name, command.commands) if isinstance(command, click.Group) else {}
    return say("command-meant", **known) if known else ""


def _left_out(parameter: click.Parameter, ctx: click.Context | None) -> str:
    """What was not typed, as it would be: `--to GRADE`, `RECORD...`."""
    name = parameter.make_metavar(ctx or click.Context(click.Command("")))
    return f"{parameter.opts[0]} {name}" if isinstance(parameter, click.Option) else name


def _usage(error: click.UsageError) -> None:
    """What was typed wrong, in the language in force."""
    match error:
        case click.NoSuchOption():
            text = say("no-such-option", text=error.option_name) + _meant(error)
        case click.MissingParameter() if error.param is not None:
            text = say("missing", text=_left_out(error.param, error.ctx))
        case click.BadParameter() if error.param is not None and isinstance(error.param.type, click.Choice):
            text = say("not-a-choice", text=error.param.opts[0], choices=", ".join(map(str, error.param.type.choices)))
        case click.BadParameter() if error.param is not None and isinstance(error.param.type, click.IntRange):
            text = say("not-a-percent" if error.param.type.max == 100 else "not-a-year", text=error.param.opts[0])
        case click.BadOptionUsage():
            text = say("option-usage", text=error.option_name)
        case click.exceptions.NoSuchCommand():
            text = say("no-such-command", text=error.command_name) + _meant(error)
        case _:
            text = error.format_message()
    if error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
    click.echo(seen(say("usage-error", text=text)), err=True)


# ------------------------------------------------------------------------------------------------------------------ output


def columns() -> int:
    """Columns of the terminal, inside what can be read well; 100 where there is none."""
    return min(max(shutil.get_terminal_size((100, 24)).columns, 80), 140)


def seen(text: str) -> str:
    """`text` with every character that a terminal would obey spelt out, as JSON spells it too; lines and tabs stay."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def show(text: str, *, as_json: bool = False) -> None:
    """`text` to standard output; what its encoding cannot hold is spelt otherwise, and JSON stays JSON."""
    text = seen(text)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        # JSON has an escape for every character, and only texts hold any beyond ASCII.
        escaped = (character if character.isascii() else json.dumps(character)[1:-1] for character in text)
        text = "".join(escaped) if as_json else text.translate(_PLAIN)
    sys.stdout.write(text)
    sys.stdout.flush()


def tell(problems: Iterable[Problem]) -> None:
    """`problems` to standard error, after what is already printed."""
    from indicator_rules.render import problems_text

    sys.stdout.flush()
    sys.stderr.write(seen(problems_text(problems)))
    sys.stderr.flush()


def tell_with_lines(problems: Iterable[Problem]) -> None:
    """`problems` to standard error, each with the line of its file that it is about."""
    from indicator_rules.cli.excerpt import excerpt
    from indicator_rules.render import problems_text

    lines: dict[str, list[str]] = {}
    sys.stdout.flush()
    for problem in problems:
        if problem.where.line is not None and problem.where.file not in lines:
            lines[problem.where.file] = _lines(Path(problem.where.file))
        text = problems_text([problem]) + excerpt(problem, lines.get(problem.where.file, []))
        sys.stderr.write(seen(text))
    sys.stderr.flush()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except (OSError, ValueError):  # gone since it was checked
        return []


def check_output(path: Path, *read: Iterable[Path] | str | None) -> None:
    """Say early that `path` cannot be written, or is one of the files that are `read`: records, or what was typed. Raises `RecordError`."""
    if path.is_dir():
        raise RecordError([Problem("path-is-folder", Where(str(path)))])
    if not path.parent.is_dir():
        raise RecordError([Problem("output-folder-missing", Where(str(path)))])
    files = (file for one in read if one for file in ([Path(one)] if isinstance(one, str) else one))
    if path.exists() and any(file.exists() and path.samefile(file) for file in files):
        raise RecordError([Problem("output-is-input", Where(str(path)))])


def deliver(text: str, output: str | None, *, as_json: bool = False) -> None:
    """Show `text`, or write it to the file named. Raises `RecordError`, as `write` does."""
    if output is None:
        show(text, as_json=as_json)
    else:
        write(Path(output), text)


def write(path: Path, content: str | bytes) -> None:
    """`content` to `path`, whole or not at all. Raises `RecordError`."""
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():  # a pipe or a device: nothing to put in its place
            path.write_bytes(data)
            return
        path = _target(path)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        raise not_written(path, error) from None


def _target(path: Path) -> Path:
    """Where a link leads to; what is written goes through it, not in its place. Raises OSError for one that leads back to itself."""
    found = Path(os.path.realpath(path))
    if found.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return found


def not_written(path: Path, error: OSError | ValueError) -> RecordError:
    """What is told of a file that the system does not let be written."""
    return RecordError([Problem("output-not-written", Where(str(path)), {"reason": reason(error)})])


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
