"""Tools: typed async functions whose signature and docstring are their schema."""
