"""Studies: what one difference makes, everything else being equal; one file each.

A study's ``run(data, **options)`` returns a table. It imports the few methods that it compares.
"""
