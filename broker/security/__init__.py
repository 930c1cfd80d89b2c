"""Who may do what. Pure: no loop, no clock, no sockets; what is kept of it lies in the metadata log."""
