"""The web: pages, REST API, editor, and the outermost layer of the command line."""
