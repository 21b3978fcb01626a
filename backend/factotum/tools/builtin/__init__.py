"""The tools that every agent has: shell, files, plan, talk, and what was left out of the context."""

from factotum.tools.builtin.edit import str_replace
from factotum.tools.builtin.expand import expand_output
from factotum.tools.builtin.expose_port import expose_port
from factotum.tools.builtin.files import create_file, delete_file, list_files, rewrite_file
from factotum.tools.builtin.plan import update_plan
from factotum.tools.builtin.read import read_file
from factotum.tools.builtin.shell import shell
from factotum.tools.builtin.shell_sessions import shell_input, shell_kill, shell_output, shell_sessions
from factotum.tools.builtin.talk import ask, complete
from factotum.tools.registry import Registry
from factotum.tools.tool import Tool

BUILTIN: tuple[Tool, ...] = (
    ask,
    complete,
    create_file,
    delete_file,
    expand_output,
    expose_port,
    list_files,
    read_file,
    rewrite_file,
    shell,
    shell_input,
    shell_kill,
    shell_output,
    shell_sessions,
    str_replace,
    update_plan,
)


def builtin_registry() -> Registry:
    """Return a registry of the built-in tools."""
    return Registry(BUILTIN)
