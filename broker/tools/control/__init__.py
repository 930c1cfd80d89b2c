"""`odradek control`: the control plane of a broker from a shell."""
