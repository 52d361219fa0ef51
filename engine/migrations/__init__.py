"""What builds the schema, step by step; a step that was released never changes."""
