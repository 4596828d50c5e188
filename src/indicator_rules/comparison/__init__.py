"""What differs between two rulesets, by meaning: as data (`comparison`), in words (`wording`), as a page (`text`).
`indicator_rules.comparing` is the verb.
"""
