"""`python -m indicator_rules.cli`."""

from indicator_rules.cli.commands import main

main()
