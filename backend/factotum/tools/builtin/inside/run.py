"""Runs a file of Python inside the sandbox: `FILE CHARTS PREFIX`.

Shows the last expression's value, as a notebook does, and saves the figures of matplotlib that are shown, or
open at the end, as CHARTS/PREFIX-N.png.
"""

import ast
import linecache
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

MOST_FIGURES = 20


class Charts:
    """Saves each figure once, as it is when it is shown or when the code ends."""

    def __init__(self, folder: str, prefix: str) -> None:
        self.folder = Path(folder)
        self.prefix = prefix
        self.count = 0

    @property
    def shown(self) -> Callable[..., None]:
        """What stands in for `show`, with whatever arguments it is given."""

        def show(*_: object, **__: object) -> None:
            self.save()

        return show

    def save(self) -> None:
        plots: Any = sys.modules.get("matplotlib.pyplot")
        if plots is None:
            return
        for number in plots.get_fignums():
            if self.count >= MOST_FIGURES:
                break
            self.count += 1
            self.folder.mkdir(parents=True, exist_ok=True)
            plots.figure(number).savefig(self.folder / f"{self.prefix}-{self.count}.png", bbox_inches="tight")
        plots.close("all")


def run(source: str, name: str, charts: Charts) -> None:
    """Run the code in a fresh main module. Raises what it raises."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.parse(source, name)
    last = tree.body[-1] if tree.body else None
    module: Any = type(sys)("__main__")
    module.__file__ = name
    sys.modules["__main__"] = module
    if "matplotlib" in source:
        try:
            plots: Any = import_module("matplotlib.pyplot")
            plots.switch_backend("Agg")
            plots.show = charts.shown
        except ImportError:
            pass
    if not isinstance(last, ast.Expr):
        exec(compile(tree, name, "exec"), module.__dict__)
        return
    tree.body.pop()
    exec(compile(tree, name, "exec"), module.__dict__)
    value = eval(compile(ast.Expression(last.value), name, "eval"), module.__dict__)
    if value is not None:
        sys.stdout.write(f"{value!r}\n")


def main(file: str, folder: str, prefix: str) -> int:
    charts = Charts(folder, prefix)
    sys.argv = [file]
    code = 0
    try:
        run(Path(file).read_text(encoding="utf-8"), "<code>", charts)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:  # noqa: BLE001 - it is a stranger's code: whatever ends it is its output
        own = error.__traceback__
        while own is not None and own.tb_frame.f_code.co_filename != "<code>":
            own = own.tb_next
        sys.stdout.flush()
        traceback.print_exception(type(error), error, own)
        code = 1
    charts.save()
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
