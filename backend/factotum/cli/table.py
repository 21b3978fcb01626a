"""Lists as tables: for people with heads, for programs with a tab between the cells."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from factotum.cli import text as write
from factotum.cli.output import make_console


def print_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], nothing: str, *, numbers: bool = False
) -> None:
    """Print rows, or `nothing` where there are none. `numbers`: all columns after the first are."""
    console = make_console()
    if not rows:
        console.print(Text(nothing, "dim"))
        return
    if not console.is_terminal:
        for row in rows:
            console.file.write("\t".join(write.one_line(cell) for cell in row) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(
            head,
            no_wrap=number == 0,
            overflow="fold" if number == 0 else "ellipsis",
            justify="right" if numbers and number else "left",
        )
    for row in rows:
        table.add_row(*(Text(write.one_line(cell)) for cell in row))
    console.print(table)
