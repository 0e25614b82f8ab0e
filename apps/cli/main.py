"""`portico`: the command line's entry point and its table of commands."""

from __future__ import annotations

from importlib import import_module

import click

from pods.errors import PodError
from pods.settings import BadSetting

# Imported when used: `portico --help` must not wait for an aggregation engine to load.
COMMANDS = {
    "backup": ("apps.cli.backup", "Copy everything that the host stores, while it serves."),
    "accounts": ("apps.cli.accounts", "Let people back into their accounts; delete accounts."),
    "breach": ("apps.cli.breach", "Keep the register of breaches; tell the people affected."),
    "controllers": ("apps.cli.controllers", "Approve organisations that ask for consent."),
    "delegations": ("apps.cli.delegations", "Record who may act for whom; record deaths."),
    "demo": ("apps.cli.demo", "Run the whole platform with a town's data in it."),
    "doctor": ("apps.cli.doctor", "Look whether everything that the host stores is as it should be."),
    "import": ("apps.cli.imports", "Load real data into pods, or the pods of another server."),
    "issuers": ("apps.cli.issuers", "Admit shops and associations whose signed receipts count."),
    "keys": ("apps.cli.keys", "List and rotate the keys that sign tokens."),
    "log": ("apps.cli.log", "Verify the access logs of the pods."),
    "pods": ("apps.cli.pods", "Create, export and import pods; credentials for scripts."),
    "restore": ("apps.cli.restore", "Put a backup into an empty folder."),
    "rights": ("apps.cli.rights", "Answer requests of people; see whose answers are overdue."),
    "serve": ("apps.cli.serve", "Run the platform, or one part of it."),
    "tour": ("apps.cli.tour", "Perform the main job against the running demo, step by step."),
}


class Portico(click.Group):
    """Loads a command's module when the command is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in sorted(COMMANDS.items())])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (PodError, BadSetting) as error:
            raise click.ClickException(str(error)) from error


@click.command(cls=Portico, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="portico", message="portico %(version)s")
def main() -> None:
    """Personal data in people's own pods; consent, aggregates and value-back on top.

    Exit status: 0 done, 1 refused or failed, 2 wrong usage.
    """
