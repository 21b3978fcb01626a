"""The catalogue: what lacks something is listed with the reason, and not offered."""

import pytest

from factotum.tools.builtin import BUILTIN, builtin_catalogue
from factotum.tools.catalogue import Family, Missing, ToolCatalogue
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput


@tool(effect="pure", family="toys")
async def beep(context: ToolContext) -> ToolOutput:
    """Beep."""
    return ToolOutput("beep")


def test_what_lacks_something_is_listed_and_not_offered() -> None:
    lacking = Missing("There is no horn.", "HORN")
    catalogue = ToolCatalogue([Family(BUILTIN), Family((beep,), lacking)])
    assert (beep, lacking) in list(catalogue)
    assert catalogue.registry.offered() == builtin_catalogue().registry.offered()
    assert catalogue.registry is catalogue.registry
    with pytest.raises(ToolError, match="no tool called 'beep'"):
        catalogue.registry.get("beep")
    assert ToolCatalogue([Family((beep,))]).registry.get("beep") is beep


def test_two_tools_of_one_name_are_refused_also_where_one_is_not_offered() -> None:
    with pytest.raises(ValueError, match="two tools are called beep"):
        ToolCatalogue([Family((beep,)), Family((beep,), Missing("No horn."))])
