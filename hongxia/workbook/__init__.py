"""Excel workbooks as an interface: declared once, then read, written and documented from the declaration.

`declare` says what a workbook holds, `read` turns a file into checked values or into errors by cell,
`write` makes templates and filled workbooks, `document` renders the page that tells people how to fill one in.
Nothing here knows what the rows mean.
"""
