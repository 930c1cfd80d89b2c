"""The control plane: faults, clocks, clusters and what is in them, over HTTP, for tests in any language."""
