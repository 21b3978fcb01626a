"""The browser's driver: runs inside the sandbox, with the standard library and Playwright, and is never
imported by the service.
"""
