"""Workbooks in and out: a fenced reader (`workbook`), published and own forms (`form_…`), tables of many records
(`mapping`).
"""
