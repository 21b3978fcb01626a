"""What runs inside a sandbox, with the standard library of whatever Python it has. The service never imports it."""
