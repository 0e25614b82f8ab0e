"""Every command is documented, explains itself, and the README begins with the two that a newcomer needs."""

from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from apps.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give each command that does something, with the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        member = command.get_command(context, name)
        assert member is not None, f"{name} is listed, but there is no such command"
        yield from commands(member, (*path, name))


def documentation() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("cli.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_every_command_is_documented() -> None:
    text = documentation()
    missing = [" ".join(words) for words, _ in commands(main, ("portico",)) if " ".join(words) not in text]
    assert missing == []


def test_every_command_has_help() -> None:
    silent = [" ".join(words) for words, command in commands(main, ("portico",)) if not command.help]
    assert silent == []


def test_help_of_every_command_is_printed() -> None:
    for words, _ in commands(main, ()):
        answer = CliRunner().invoke(main, [*words, "--help"])
        assert answer.exit_code == 0, words
        assert answer.output.startswith("Usage:"), words


def test_readme_begins_with_the_two_commands() -> None:
    beginning = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:30])
    assert "make demo" in beginning
    assert "make test" in beginning
