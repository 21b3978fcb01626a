"""A web on loopback for tests: a server whose pages are functions, and the search and data APIs we call.

Each vendor's part is built from its documented requests and answers, and refuses what the vendor refuses.
"""

from factotum.testing.web.server import LoopbackWeb, Page, json_answer

__all__ = ["LoopbackWeb", "Page", "json_answer"]
