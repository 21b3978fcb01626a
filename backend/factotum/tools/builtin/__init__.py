"""The tools that every agent has: shell, files, plan, talk, the time, what was left out of the context."""

from factotum.tools.builtin.archives import unzip_file, zip_files
from factotum.tools.builtin.browser_hand_over import browser_hand_over
from factotum.tools.builtin.browser_pages import (
    browser_dialog,
    browser_download,
    browser_go_to,
    browser_history,
    browser_search,
    browser_tabs,
    browser_wait,
)
from factotum.tools.builtin.browser_pointing import (
    browser_click,
    browser_drag,
    browser_hover,
    browser_keys,
    browser_scroll,
    browser_select,
    browser_type,
    browser_upload,
)
from factotum.tools.builtin.browser_reading import (
    browser_extract,
    browser_look,
    browser_messages,
    browser_pdf,
    browser_screenshot,
)
from factotum.tools.builtin.clock import get_datetime
from factotum.tools.builtin.edit import append_file, edit_file, str_replace
from factotum.tools.builtin.expand import expand_output
from factotum.tools.builtin.expose_port import expose_port
from factotum.tools.builtin.files import create_file, delete_file, list_files, move_file, rewrite_file
from factotum.tools.builtin.find import find_files, search_files
from factotum.tools.builtin.plan import update_plan
from factotum.tools.builtin.python import run_python
from factotum.tools.builtin.read import read_file
from factotum.tools.builtin.see import see_image
from factotum.tools.builtin.shell import shell
from factotum.tools.builtin.shell_sessions import shell_input, shell_kill, shell_output, shell_sessions
from factotum.tools.builtin.talk import ask, complete
from factotum.tools.catalogue import Family, Missing, ToolCatalogue
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
    expose_port,
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


BROWSER: tuple[Tool, ...] = (
    browser_click,
    browser_dialog,
    browser_download,
    browser_drag,
    browser_extract,
    browser_go_to,
    browser_hand_over,
    browser_history,
    browser_hover,
    browser_keys,
    browser_look,
    browser_messages,
    browser_pdf,
    browser_screenshot,
    browser_scroll,
    browser_search,
    browser_select,
    browser_tabs,
    browser_type,
    browser_upload,
    browser_wait,
)


def browser_family(refusal: str | None) -> Family:
    """Return the tools of the browser; `refusal` says why there can be none."""
    return Family(BROWSER, Missing(refusal) if refusal else None)


def builtin_catalogue(*families: Family) -> ToolCatalogue:
    """Return a catalogue of the built-in tools, which need nothing to be set, and further families."""
    return ToolCatalogue([Family(BUILTIN), *families])


def builtin_registry() -> Registry:
    """Return a registry of the built-in tools."""
    return Registry(BUILTIN)
