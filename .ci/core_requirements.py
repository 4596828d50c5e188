"""Prints what the installed indicator-rules needs at its core, one requirement a line, for `pip install -r`.

`--lowest` pins each to its lower bound; `--without NAME` leaves one out, as its marker does on another platform.
"""

import argparse
from importlib.metadata import requires

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--lowest", action="store_true")
parser.add_argument("--without", default="")
options = parser.parse_args()

for line in requires("indicator-rules") or ():
    requirement, _, marker = line.partition(";")
    name, _, rest = requirement.strip().replace("<", ">").partition(">")
    if "extra" in marker or name == options.without:
        continue
    if options.lowest:
        bounds = requirement.strip().removeprefix(name).split(",")
        requirement = name + next(bound for bound in bounds if bound.startswith(">=")).replace(">=", "==")
    print(requirement.strip() + (f" ; {marker.strip()}" if marker else ""))
