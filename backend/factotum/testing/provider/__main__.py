"""Serves a script from the command line: `python -m factotum.testing.provider FILE --port 0`.

When it listens it prints one line of JSON with its addresses; it ends at SIGINT and SIGTERM.
"""

import argparse
import asyncio
import signal
import sys
from typing import cast, get_args

import orjson

from factotum.testing.provider.loading import EXAMPLES, ScriptFault
from factotum.testing.provider.server import HOST, Calls, ScriptedProvider


def main() -> int:
    """Serve until told to end. Returns 0; 2 for a script that is wrong, 3 when the port is taken."""
    options = _options()
    try:
        provider = ScriptedProvider(
            _named(str(options.file)), port=int(options.port), calls=cast("Calls | None", options.calls)
        )
        asyncio.run(_serve(provider))
    except ScriptFault as fault:
        sys.stderr.write(f"{fault.message}\n{fault.hint}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {HOST}:{options.port}: {error.strerror}. Try --port 0.\n")
        return 3
    return 0


def _options() -> argparse.Namespace:
    examples = ", ".join(sorted(path.stem for path in EXAMPLES.glob("*.json")))
    parser = argparse.ArgumentParser(prog="python -m factotum.testing.provider", description=__doc__)
    parser.add_argument("file", help=f"the script: a JSON file, or the name of an example ({examples})")
    parser.add_argument(
        "--port", type=int, default=0, help="the port on 127.0.0.1; 0 (the default) takes a free one"
    )
    parser.add_argument(
        "--calls", choices=get_args(Calls), help="write all calls so, whatever the script says"
    )
    return parser.parse_args()


def _named(file: str) -> str:
    """Return the path of an example for its name, and any other path as it is."""
    example = EXAMPLES / f"{file}.json"
    return str(example) if example.parent == EXAMPLES and example.is_file() else file


async def _serve(provider: ScriptedProvider) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with provider:
        addresses = {
            "openai_base": provider.openai_base,
            "anthropic_base": provider.anthropic_base,
            "port": provider.port,
            "requests": f"{provider.root}/_requests",
        }
        sys.stdout.write(orjson.dumps(addresses).decode() + "\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    sys.exit(main())
