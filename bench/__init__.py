"""Speed and load, run by hand or by `make bench`."""
