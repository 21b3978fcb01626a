"""`python -m factotum.cli`."""

from factotum.cli.main import main

main()
