"""The server: connections, requests, coordinators."""
