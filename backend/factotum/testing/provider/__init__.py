"""The scripted provider: a loopback server that plays a script as OpenAI's and Anthropic's models would.

    async with ScriptedProvider("primes.json") as provider:
        provider.openai_base, provider.anthropic_base, provider.journal

From the command line: `python -m factotum.testing.provider FILE --port 0`. The format of scripts is
described in README.md beside this file.
"""

from factotum.testing.provider.journal import Exchange, Journal
from factotum.testing.provider.loading import EXAMPLES, ScriptFault, ScriptSource, load_script
from factotum.testing.provider.script import Script
from factotum.testing.provider.server import ScriptedProvider

__all__ = [
    "EXAMPLES",
    "Exchange",
    "Journal",
    "Script",
    "ScriptFault",
    "ScriptSource",
    "ScriptedProvider",
    "load_script",
]
