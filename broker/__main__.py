"""`python -m odradek.broker` is `odradek`."""

from .cli import main

main()
