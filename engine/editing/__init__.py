"""Changing a process: drafts that several people share, what is said about them, and how they become versions."""
