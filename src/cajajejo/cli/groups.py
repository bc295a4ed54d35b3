"""Groups of commands: how their help looks, and what they do when they are called bare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def group(help_text: str, example: str, sections: Mapping[str, Sequence[str]] | None = None) -> typer.Typer:
    """A group of commands: plain help, no Rich, help on stderr and exit code 2 when it is called bare.

    Args:
        help_text: what the group is about, in a sentence.
        example: a line below it.
        sections: the names of its commands in the order of its help, by the title that they stand under.
    """
    return typer.Typer(
        cls=TyperGroup if sections is None else _in_sections(sections),
        help=f"{help_text}\n\n{example}",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _in_sections(sections: Mapping[str, Sequence[str]]) -> type[TyperGroup]:
    class Sectioned(TyperGroup):
        """Shows its commands under several titles."""

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # the signature of the parser
            return [name for names in sections.values() for name in names if name in self.commands]

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            names = self.list_commands(ctx)
            width = max(map(len, names))
            for title, section in sections.items():
                found = [(name, self.commands[name].get_short_help_str(200)) for name in section if name in names]
                with formatter.section(title):
                    formatter.write_dl([(f"{name:<{width}}", told) for name, told in found])

    return Sectioned
