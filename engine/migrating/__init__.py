"""Moving running cases to another version: what it would do, doing it, and taking it back."""
