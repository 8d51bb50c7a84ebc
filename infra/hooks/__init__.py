"""What azd runs before and after its own steps. Needs Python and azd, and nothing else on the user's machine:
tokens come from azd's own sign-in, Azure is spoken to over its REST API."""
