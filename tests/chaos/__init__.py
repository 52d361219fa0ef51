"""Samled among failures, with real processes. Short in `make test`; `make chaos` is the same for ten minutes."""
