"""Every port of a local system attacked while real calls go on, and what the calls feel of it."""
