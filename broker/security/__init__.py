"""Who may do what: TLS, logins, rights. Everything here is bytes in, bytes out; sockets are the network's."""
