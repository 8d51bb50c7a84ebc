"""Chaos: what a call needs is taken away while people talk, and what they notice of it is measured."""
