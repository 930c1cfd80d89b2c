"""`make hostile`: every attack at full size, with what the bystander and the machine saw of it; nothing is asserted."""

import argparse
import tempfile
from pathlib import Path

from .attack import start, watch
from .bystander import Bystander
from .table import ATTACKS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--only", default="", help="attacks whose title has this in it")
    parser.add_argument("--small", action="store_true", help="at the size of `make test`")
    parser.add_argument("--disk", action="store_true", help="keep the data on the disk, not in memory")
    arguments = parser.parse_args()
    print(f"{'took s':>8}{'answers':>9}{'p99 ms':>9}{'longest':>9}{'MB more':>9}{'fds':>6}  attack")
    for attack in ATTACKS:
        if arguments.only not in attack.title:
            continue
        with tempfile.TemporaryDirectory(prefix="hostile-") as directory:
            size = attack.small if arguments.small else attack.full
            broker = start(attack, size, Path(directory), ephemeral=not arguments.disk)
            bystander = Bystander(broker.address.partition(",")[0])
            try:
                seen = watch(attack, size, broker, bystander)
                waits = seen.bystander
                print(
                    f"{seen.took_s:8.2f}{waits.answers:9}{waits.p99_ms:9.1f}{waits.longest_ms:9.1f}"
                    f"{seen.memory_bytes / 1e6:9.1f}{seen.descriptors:6}  {attack.title}",
                    flush=True,
                )
            finally:
                bystander.close()
                broker.kill()


if __name__ == "__main__":
    main()
