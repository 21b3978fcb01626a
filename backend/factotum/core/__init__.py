"""The ground floor: ids, clock, errors, redaction, bounded containers. Standard library and pydantic only."""
