"""Who a client is, and what it may do: TLS, logins, rights. Bytes in, bytes out; sockets are the network's."""
