"""TLS of the listeners: certificates and keys in, what is said on the wire out."""
