"""Asking a person before something is done: what is asked, the question as durable state, its one answer.

Knows neither tools nor clients nor models. The boundary is the sandbox; this is the second control.
"""
