"""The cloud on one machine: stand-ins for the services of a call, a phone, and what runs them."""
