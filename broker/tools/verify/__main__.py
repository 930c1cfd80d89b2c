"""`python -m odradek.broker.tools.verify`: the verifier without the broker's command line."""

from .command import verify

if __name__ == "__main__":
    verify(prog_name="odradek verify")
