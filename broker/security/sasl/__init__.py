"""SASL: clients log in with a name and a secret. Mechanisms are pure: tokens in, tokens out; time is an argument."""
