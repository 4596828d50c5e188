"""`python -m indicator_rules`, the command line."""

from indicator_rules.cli.commands import main

if __name__ == "__main__":
    main()
