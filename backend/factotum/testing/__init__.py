"""What users and our own tests share: the scripted provider, in-memory ports, conformance suites."""
