"""What a run asked its model and what it was answered: written down exactly, read again, compared.

Knows no wire and no provider: a request is written in a form of its own, which every provider's follows from.
"""
