"""Results back to Excel: points and comments in the form of one record (`form`), or one workbook for many (`workbook`),
with what is to be mended.
"""
