"""What the browser can be told to do, by name."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

from . import pages, pointing, reading

ACTIONS = {
    "go_to": pages.go_to,
    "history": pages.history,
    "tabs": pages.tabs,
    "wait": pages.wait,
    "dialog": pages.dialog,
    "look": pages.look,
    "click": pointing.click,
    "type": pointing.type_text,
    "keys": pointing.keys,
    "scroll": pointing.scroll,
    "hover": pointing.hover,
    "drag": pointing.drag,
    "select": pointing.select,
    "upload": pointing.upload,
    "download": pages.download,
    "extract": reading.extract,
    "messages": reading.messages,
    "screenshot": reading.screenshot,
    "pdf": reading.pdf,
}
