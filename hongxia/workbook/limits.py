"""What a workbook may ask of the machine, and the one error for a file that asks for more or is no workbook.

The process that reads files imports this module, so it imports nothing itself. The figures are bounds of Excel where
Excel has one, and otherwise far above what a bureau's workbook needs.
"""

from __future__ import annotations

# Of the file
MOST_BYTES = 128 * 1024 * 1024  # unpacked, in all that is read; 200,000 rows of a declared sheet are about half of it
MOST_PARTS = 1_000
MOST_SHEETS = 50
MOST_ELEMENTS = 8_000_000  # in all parts that are read; a filled cell has two or three
MOST_STRINGS = 1_000_000  # different texts
MOST_STRING_CHARACTERS = 20_000_000  # in all of them
MOST_STYLES = 65_536  # Excel: 65,490 formats of cells
MOST_FORMATS = 5_000

# Of one piece of XML
MOST_DEPTH = 100
MOST_TOKEN = 1024 * 1024  # bytes of a tag with its attributes, of a comment, of an instruction
MOST_TEXT = 32_767  # characters in a cell: Excel's bound
MOST_ESCAPED = 7 * MOST_TEXT  # a character may be written as _x000D_
LONGEST_NUMBER = 255  # characters; Excel writes about 24, and a date about as many
LONGEST_FORMAT = 255
LONGEST_TITLE = 255

# Of one sheet
MOST_COLUMNS = 1_000
MOST_CELLS = 16_384  # Excel's own last column
LAST_ROW = 1_048_576  # Excel's own last row
MOST_FILLED_ROWS = 400_000  # twice the rows that a declared sheet may have: the others are refused by name
MOST_ROW_CHARACTERS = 1_000_000
MOST_UNUSED = 1_000_000  # elements that are neither cells nor what cells hold
MOST_MERGED = 10_000
MOST_COLUMN_RANGES = 20_000
MOST_SPILLED = 1_000_000  # cells that formulas for several cells lay claim to

# Of the process that reads it
MEMORY_BYTES = 256 * 1024 * 1024  # of address space; an empty process needs about 25 MB
PROCESSOR_SECONDS = 30
WAIT_SECONDS = 120.0  # for all its answers to one file, while nothing else is done
MOST_AT_ONCE = 2  # such processes of one service process
TURN_SECONDS = 30.0  # how long a file may wait for its turn
MOST_ANSWER = 16 * 1024 * 1024  # bytes of one line

UNREADABLE = "文件已损坏或不是 Excel 工作簿，请用 Excel 打开后另存为 .xlsx 再试"
TOO_MUCH = "文件解压后过大，请使用模板填写"
TOO_LONG_TEXT = f"有单元格的文字超过 Excel 的上限（{MOST_TEXT} 个字），请缩短后再导入"


class NotAWorkbook(Exception):
    """The file is no workbook that could be read at all; `message_zh` says why."""

    def __init__(self, message_zh: str) -> None:
        super().__init__(message_zh)
        self.message_zh = message_zh
