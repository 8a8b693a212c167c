"""How fast rackform is, beside what else a user would pick: `make bench`."""
