"""The tools that every agent has: shell, files, plan, talk, the time, what was left out of the context."""

from factotum.tools.builtin.archives import unzip_file, zip_files
from factotum.tools.builtin.clock import get_datetime
from factotum.tools.builtin.edit import append_file, edit_file, str_replace
from factotum.tools.builtin.expand import expand_output
from factotum.tools.builtin.files import create_file, delete_file, list_files, move_file, rewrite_file
from factotum.tools.builtin.find import find_files, search_files
from factotum.tools.builtin.plan import update_plan
from factotum.tools.builtin.python import run_python
from factotum.tools.builtin.read import read_file
from factotum.tools.builtin.see import see_image
from factotum.tools.builtin.shell import shell
from factotum.tools.builtin.shell_sessions import shell_input, shell_kill, shell_output, shell_sessions
from factotum.tools.builtin.talk import ask, complete
from factotum.tools.catalogue import Family, ToolCatalogue
from factotum.tools.registry import Registry
from factotum.tools.tool import Tool

BUILTIN: tuple[Tool, ...] = (
    append_file,
    ask,
    complete,
    create_file,
    delete_file,
    edit_file,
    expand_output,
    find_files,
    get_datetime,
    list_files,
    move_file,
    read_file,
    rewrite_file,
    run_python,
    search_files,
    see_image,
    shell,
    shell_input,
    shell_kill,
    shell_output,
    shell_sessions,
    str_replace,
    unzip_file,
    update_plan,
    zip_files,
)


def builtin_catalogue() -> ToolCatalogue:
    """Return a catalogue of the built-in tools, all of which need nothing to be set."""
    return ToolCatalogue([Family(BUILTIN)])


def builtin_registry() -> Registry:
    """Return a registry of the built-in tools."""
    return Registry(BUILTIN)
