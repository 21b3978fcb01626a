"""Turns what the web sends into text that a model can read."""

from factotum.tools.readable.pages import Readable, readable

__all__ = ["Readable", "readable"]
