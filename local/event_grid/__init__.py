"""A stand-in for Azure Event Grid: topics, subscriptions, validation, delivery with retry, dead letters."""
