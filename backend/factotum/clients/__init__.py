"""Outbound HTTP for every other service: deadlines, bounds, retries, breakers and redaction in one place."""
