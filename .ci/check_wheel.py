"""Checks a wheel (`check_wheel.py WHEEL`): what it asks pip for on each platform, and that it carries its data.

Asks for no compiler where durable-rules has none to be had: markers are evaluated as pip would there.
"""

import email
import sys
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

LINUX = {"sys_platform": "linux", "platform_system": "Linux"}
WINDOWS = {"sys_platform": "win32", "platform_system": "Windows"}
MACOS = {"sys_platform": "darwin", "platform_system": "Darwin"}


def required(requirements: list[Requirement], platform: dict[str, str], python: str, extra: str = "") -> set[str]:
    """Names that pip would install for this platform, Python and extra."""
    environment = {**platform, "python_version": python, "python_full_version": f"{python}.0", "extra": extra}
    names = set()
    for requirement in requirements:
        if requirement.marker is None or requirement.marker.evaluate(environment):
            names |= {requirement.name}
            if requirement.name == "indicator-rules":  # `all` names other extras of ours
                for inner in requirement.extras:
                    names |= required(requirements, platform, python, inner)
    return names


archive = zipfile.ZipFile(Path(sys.argv[1]))
files = set(archive.namelist())
metadata = email.message_from_bytes(archive.read(next(name for name in files if name.endswith(".dist-info/METADATA"))))
requirements = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]

for platform, python, has_engine in [
    (LINUX, "3.11", True),
    (LINUX, "3.12", True),
    (LINUX, "3.13", False),
    (LINUX, "3.14", False),
    (WINDOWS, "3.11", False),
    (MACOS, "3.12", False),
]:
    place = f"{platform['platform_system']}, Python {python}"
    for extra in ("", "testing", "dev", "all"):
        names = required(requirements, platform, python, extra)
        assert ("durable-rules" in names) is has_engine, f"{place}, extra `{extra}`: asks for {sorted(names)}"
    assert "durable-rules" in required(requirements, platform, python, "durable"), f"{place}: the extra gives no engine"

extras = set(metadata.get_all("Provides-Extra", []))
everything = required(requirements, LINUX, "3.11", "all")
for extra in extras - {"bench"}:  # the peers that benchmarks measure against are no part of the product
    missing = required(requirements, LINUX, "3.11", extra) - everything
    assert not missing, f"`all` lacks {sorted(missing)} of `{extra}`"

assert metadata["License-Expression"] == "Apache-2.0"
assert {"indicator_rules/py.typed", "indicator_rules/messages/common.toml"} <= files
rulesets = sorted(str(path.relative_to("rulesets")) for path in Path("rulesets").rglob("*.toml"))
assert rulesets, "no rulesets in the checkout"
missing_rulesets = [path for path in rulesets if f"indicator_rules/rulesets/{path}" not in files]
assert not missing_rulesets, f"not in the wheel: {missing_rulesets}"
print(f"{len(files)} files, {len(rulesets)} of them rulesets and cases; core: {sorted(required(requirements, LINUX, '3.11'))}")
