"""Numbers that keep a form and an answer small enough to handle in one request."""

from __future__ import annotations

#: Bytes of a form file.
FILE_BYTES = 1_000_000
#: Components of a form, those inside groups and lists included.
COMPONENTS = 1_000
#: Groups and lists inside each other.
NESTING = 10
#: Characters of one text answer.
TEXT = 20_000
#: Characters of one number, date, choice or file name.
SHORT_TEXT = 300
#: Rows of a dynamic list, and ticks of a checklist.
ROWS = 200
#: Rows of all lists of a form together, lists inside lists included: each row's conditions take time.
ROWS_IN_ALL = 1_000
#: Bytes of one attached file, when the form sets no `maxSize` of its own.
FILE_SIZE = 20 * 2**20
#: Characters of a pattern.
PATTERN = 1_000
#: Rounds of deciding what is hidden. Chains of conditions longer than this do not settle.
ROUNDS = 25
