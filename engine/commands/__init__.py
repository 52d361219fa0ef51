"""What can be done to a case, one module a use case. Each is one transaction that locks one case."""
