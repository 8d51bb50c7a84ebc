"""Looks at a system from inside and outside and says what is wrong, why it matters and what mends it."""
