"""Options that many commands take. Imports nothing heavy, as main.py."""

from enum import StrEnum
from typing import Annotated

import typer


class Listing(StrEnum):
    """The outputs of commands that answer at once."""

    TEXT = "text"
    JSON = "json"


ListingOption = Annotated[Listing, typer.Option("--output", "-o", help="For a person or a program.")]
