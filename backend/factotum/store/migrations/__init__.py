"""The database's schema, as a line of revisions in plain SQL. Run by `factotum.store.migrate` only."""
