"""A stand-in for ACS Call Automation, with a phone line for a phone network."""
