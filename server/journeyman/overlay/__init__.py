"""What people saved in their folder, and what editors have open and did not save, over the files of a
workspace: brought in, handed back, and never overwritten. Knows no wire, no model and no question.
"""
