"""A process as a list of steps: the second way to edit the model that the diagram shows: names, roles, dates, order.

`model.py` holds the XML, `read.py` makes the list of it, `say.py` changes what a step says, `flow.py` which steps there
are and in what order, `templates.py` what can be added. `engine.editing.texts` has the words of the rest.
"""
