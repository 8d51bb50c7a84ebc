"""Restaurants in and out of the catalogue: schema.org JSON-LD, and extracts of OpenStreetMap."""
