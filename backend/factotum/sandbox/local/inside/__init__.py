"""What runs inside a sandbox, with the standard library of whatever Python it has; never in the service."""
