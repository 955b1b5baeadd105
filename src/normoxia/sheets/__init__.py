"""Text tables at the border of the program: how every table is read, how its numbers are, and how tables are written.

    encoding   bytes into text
    reading    text into cells: delimiters, quotes, the header, comments, rows that are none
    numbers    a cell into a number: decimal marks, thousands, minus signs, and what has two readings
    notation   which decimal mark a table uses, decided from all its cells
    writing    rows into CSV that no spreadsheet takes for formulas

What `writing` wrote, `reading` gives back with the same values.
"""

from normoxia.sheets.reading import Sheet, parse_sheet, read_sheet
from normoxia.sheets.writing import csv_text, safe_cell

__all__ = ["Sheet", "csv_text", "parse_sheet", "read_sheet", "safe_cell"]
