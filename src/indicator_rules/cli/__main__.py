"""`python -m indicator_rules.cli.commands`."""

from indicator_rules.cli.commands import main

main()
