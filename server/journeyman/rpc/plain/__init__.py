"""For editors that know no method of ours: the standard requests of LSP, translated to ours and back.

`commands` gives every request of ours a name for `workspace/executeCommand`; `actions` offers what a person
would do with the text under the cursor. Knows the handlers' rows, and no service but what they show.
"""
