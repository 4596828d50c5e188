"""The command line `indicator-rules`: `commands` has the entry point, each other module one command; `terminal` is what
they share with a screen.
"""
