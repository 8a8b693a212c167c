"""CloudFormation in slow motion: every moment between two outputs, in every order it may choose.

`README.md` of the judge says what is looked for; `moments.py` why nothing escapes.
"""
