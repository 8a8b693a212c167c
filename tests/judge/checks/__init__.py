"""The checks, a module for each thing that can be wrong. Each reports to `Findings`."""
