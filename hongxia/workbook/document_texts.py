"""The words of docs/workbooks.md and docs/workbooks.zh-CN.md that do not come from the declarations."""

from __future__ import annotations

from dataclasses import dataclass

from hongxia.workbook.layout import COVER, HELP, NOTES, TITLE, UNIT, YEAR
from hongxia.workbook.limits import MEMORY_BYTES, MOST_BYTES, MOST_MERGED, MOST_SHEETS, MOST_TEXT, PROCESSOR_SECONDS
from hongxia.workbook.numberformat import EXACT_DIGITS
from hongxia.workbook.sheet import LONG_GAP, MOST_ROWS

UNPACKED_MB, MEMORY_MB = MOST_BYTES >> 20, MEMORY_BYTES >> 20


@dataclass(frozen=True)
class Words:
    """One language's frame of the page. Templates have the names that `document` fills in."""

    introduction: str
    kinds: tuple[tuple[str, str], ...]
    after_kinds: str
    again: str
    again_header: tuple[str, ...]
    again_cases: tuple[tuple[str, str], ...]
    after_again: str
    kinds_header: tuple[str, ...]
    overview: str
    overview_header: tuple[str, ...]
    columns_header: tuple[str, ...]
    figures_title: str
    figures: str
    figures_header: tuple[str, ...]
    optional: str
    yes: str
    no: str
    separator: str
    service: str
    sheet: str
    key: str
    unique: str
    reference: str
    values: str


ENGLISH = Words(
    introduction=f"""\
# Workbooks

[中文](workbooks.zh-CN.md)

How to fill in the Excel workbooks that the services import. This page is what `hongxia workbooks` prints of the
declarations in `services/*/workbook.py`, and a test compares the two: change the declaration, not the page.

Sheet names, headers and values are Chinese and are given here exactly as they stand in a file. The easiest start is a
template (`hongxia templates DIR`), which has them all, with drop-down lists; a file made from this page by other means
is read just as well. The name of the file does not matter: a file is known by its cover.

## A file

- Format .xlsx, no password. One year and one unit (bureau) a file. A workbook may be spread over several files, as long
  as each is complete in itself: what a row refers to in another sheet of the workbook must be in the same file.
- A sheet named `{COVER}` with a label in one cell and its value in the next to the right: `{TITLE}` (the title of the
  workbook, below), `{YEAR}` (a number such as 2022, not after the current year) and `{UNIT}` (the name of the bureau).
  `{NOTES}` (notes) is not read.
- The sheets named below, each with its headers in row 1 and one record a row from row 2 on. A sheet without records
  stays in the file with its headers, unless it is marked optional: then it may be left out. Other sheets are an error
  if they hold anything; `{HELP}`, the explanations in a template, is not read.
- Columns may stand in any order. A required column must be there and every cell of it filled in; an optional one may be
  left out or its cells left empty. Other columns are an error, and so is content below an empty header.
- Empty rows are skipped. At most {MOST_ROWS} rows a sheet, {MOST_TEXT} characters a cell (as in Excel),
  {MOST_MERGED} merged ranges a sheet, {MOST_SHEETS} sheets, 20 MB a file, {UNPACKED_MB} MB once it is unpacked.
  A file that takes more than {PROCESSOR_SECONDS} seconds of processor time or {MEMORY_MB} MB of memory to read is
  refused as well.
- Merged cells are an error, named by their range, where they touch the header row or a column that is read, down to
  the last filled row: only the first cell of a range holds its content, so the others would count as empty. Merged
  cells elsewhere, such as a title on the cover, do no harm.
- Hidden rows (by a filter or by hand), hidden columns and hidden sheets are read like all others. The answer to an
  import names them, as well as rows that follow {LONG_GAP} or more empty ones, and empty sheets and charts, which are
  not read.
- A file is imported whole or not at all; errors name sheet, row and column, those of single cells first, and
  once there are none, those of rows that do not fit together or the records there are. The same file imported twice
  changes nothing: a record is known by the key of its sheet.
- `hongxia import DIR` reads the .xlsx files of the directory itself. It mentions other files and sub-folders, which it
  does not read, covers that name different units, and workbooks of which there are several for one year.

## A cell
""",
    kinds_header=("kind", "what is taken"),
    kinds=(
        (
            "text",
            "any text, or a number as Excel shows it (7 under the format `0000` is 0007). Blanks around it are "
            "dropped; line breaks (Alt+Enter) and several blanks inside become one blank; full-width digits and "
            f"letters become half-width. Numbers of more than {EXACT_DIGITS} digits must be text: Excel loses the last "
            "digits",
        ),
        ("whole number", "a number without decimals, also as text"),
        ("yuan", "an amount in yuan (元, never 万元) with at most two decimals, also as text; `1,234.50` is taken"),
        ("date", "an Excel date, or text: `2022-03-01`, `2022/3/1`, `2022.3.1`, `2022年3月1日`, `20220301`"),
        ("month", "an Excel date, or text: `2022-03`, `2022/3`, `2022年3月`"),
        ("yes/no", "`是` or `否`"),
        ("choice", "one of the values listed, exactly"),
    ),
    after_kinds="""\
“In the year” means the year on the cover; “not in the future” means not after the day of the import.

A cell means what Excel shows:

- A whole number or an amount whose number format shows another number than the cell stores (rounded, as a percentage,
  in thousands or 万) is an error that names both. So is any cell whose format can't be shown exactly, such as a
  fraction, an exponent or a number in Chinese numerals.
- All date formats are understood, those of Chinese Excel and files that count days from 1904 too. A date whose format
  hides its year, month or day is read as stored, and the answer to the import names it.
- A formula must have a stored result (save the file in Excel once). One whose result is an empty text is an error in
  a row that is filled in otherwise; formulas that were copied down below the last record do no harm.
- Texts in several fonts are put together, phonetic guides are left out, and escapes such as `_x000D_` are decoded as
  Excel does.
""",
    again="""\
## Importing again

A file is kept up and imported again as the year goes on. Each row is known by the key of its sheet, and compared with
the same row as it was last imported and with the record as it is now:
""",
    again_header=("the row", "what the import does"),
    again_cases=(
        ("is as it was", "nothing, whatever has become of the record since: amended, voided or merged"),
        (
            "is new",
            "makes a record. If one with this key was entered in another way, the row has to say the same; otherwise "
            "the file is refused",
        ),
        ("has changed, the record has not", "amends the record, once somebody has confirmed it"),
        ("has changed to what the record says already", "nothing"),
        (
            "and the record have both changed in a column",
            "refuses the file, and names the column, both values and who changed the record: correct one of the two",
        ),
        (
            "goes on: an empty cell was filled in, such as the day on which a suggestion was resolved",
            "continues the record, without confirmation",
        ),
        (
            "is gone from its file",
            "is listed, and its record stays: void that in the system if it should not count. A row that another file "
            "of the year has is not gone",
        ),
    ),
    after_again="""\
- A row that may be a mistake, such as the same visit entered twice, is asked about and taken once somebody has
  confirmed it.
- Streets, units and liaisons are written by their names, which stand in lists that the bureau keeps. A name that its
  list lacks is shown, and added on confirmation; check that it is no misspelling.
- `hongxia import DIR --dry-run` saves nothing and shows for each file what is new, changed, asked, added to lists and
  gone. Each file is checked as if those before it had been imported. What services do for each other after an import,
  such as the payment of aid, is not part of it.
- `hongxia import DIR` imports files in which nothing has to be confirmed, and refuses the others with the list.
  `hongxia import DIR --apply-changes` checks each file, prints the list, and imports exactly that; a file whose records
  have changed in between is refused. Many changes of one column are summed up; `--all` lists every one.
- Through the API, `POST /workbooks/<name>?dry_run=true` answers the same list with a `digest`;
  `POST /workbooks/<name>?apply_changes=DIGEST` with the same file confirms exactly that list. A dry run can bring along
  what comes before its file, as `multipart/form-data`: the parts `earlier` (files of the same service), `events` (what
  the dry runs of other services answered under `events`, being asked with `preview=true`) and `file`.
""",
    overview="## The workbooks, in the order of import",
    overview_header=(TITLE, "service", "sheets"),
    columns_header=("column", "required", "kind", "what to write", "example"),
    figures_title="## Which rows make which figure",
    figures="""\
Rows of the year on the cover, whatever the bureau; of the register every cadre that is known, by the dates
of the row, whichever year's workbook brought it. Voided or cancelled records count nowhere. A figure named
in two sheets is made of both. A rate is shown in percent with at most two decimals, rounded half up, but
never up to 100.""",
    figures_header=("figure", "name", "workbook · sheet", "rule"),
    optional=" (optional)",
    yes="yes",
    no="no",
    separator=", ",
    service=" Service: {service}.",
    sheet="### {workbook} · sheet `{sheet}`",
    key="Key: {titles}; no two rows may share it.",
    unique=" Nor may two rows share {titles}.",
    reference=" Must be a {titles} of the sheet `{sheet}`.",
    values=" Values: {values}.",
)

CHINESE = Words(
    introduction=f"""\
# 工作簿填写说明

[English](workbooks.md)

本页说明怎样填写各服务导入的 Excel 工作簿。内容由命令 `hongxia workbooks --language zh` 根据 `services/*/workbook.py`
中的声明生成，并有测试核对两者一致：需要改动时请改声明，不要改本页。

工作表名、表头和可选值都须与本页所列完全一致。最方便的办法是从模板填起（`hongxia templates 目录`）：模板中表头齐全，
并带有下拉列表；用其他办法按本页制作的文件同样可以导入。文件名不限，系统按封面识别是哪一种工作簿。

## 文件

- 格式为 .xlsx，不加密码。一个文件只填一个年度、一个单位。一种工作簿可以分成几个文件，但每个文件自身要完整：
  某行引用同一工作簿中另一张表的内容时，被引用的行须在同一个文件中。
- 封面工作表名为“{COVER}”，一格写项目名，右边一格写内容：“{TITLE}”（工作簿名称，见下文）、“{YEAR}”（如 2022，
  不晚于今年）、“{UNIT}”。“{NOTES}”不读取。
- 下文所列的各工作表：第1行是表头，从第2行起逐行填写，一行一条。没有内容的工作表请保留表头；注明“可省略”的工作表
  可以不放在文件中。其他工作表如有内容即为错误；模板中的“{HELP}”表不读取。
- 各列的次序不限。必填的列不能缺少，每行都要填写；非必填的列可以不要，也可以留空。其他列、没有表头而有内容的列均为错误。
- 空行跳过。每张工作表最多 {MOST_ROWS} 行、{MOST_MERGED} 处合并单元格，每格最多 {MOST_TEXT} 个字（与 Excel
  相同）；每个文件最多 {MOST_SHEETS} 张工作表、20 MB，解压后不超过 {UNPACKED_MB} MB。读取时需要的处理器时间超过
  {PROCESSOR_SECONDS} 秒、或内存超过 {MEMORY_MB} MB 的文件也会被拒绝。
- 表头行以及要读取的列（到最后一个有内容的行为止）中的合并单元格按区域报错：合并后只有第一格有内容，
  其余各格会被当作空白。其他地方的合并单元格（如封面标题）不受影响。
- 隐藏的行（筛选或手工隐藏）、隐藏的列和隐藏的工作表照常读取，导入结果会列出是哪些；连续空 {LONG_GAP} 行以上
  之后还有内容的，以及没有读取的空工作表和图表，也会提示。
- 一个文件要么全部导入，要么全不导入。错误按工作表、行、列列出：先列出单个单元格的错误，都改正后再列出行与行之间、
  与系统已有记录之间不一致之处。同一个文件重复导入不会重复计数：记录按各表的关键列识别。
- `hongxia import 目录` 只读取该目录本身的 .xlsx 文件；其他文件和子目录没有读取、各文件封面上的单位名称不一致、
  同一年度同一工作簿有几个文件的，都会提示。

## 单元格
""",
    kinds_header=("类型", "可以填写"),
    kinds=(
        (
            "文本",
            "任意文字；也可以是数字，按 Excel 显示的内容读取（数字 7 的格式为 `0000`，即 0007）。首尾空格去掉；"
            "单元格内换行（Alt+Enter）和连续空格并作一个空格；全角数字和字母转为半角。"
            f"超过{EXACT_DIGITS}位的数字须用文本格式：Excel 会丢失末尾几位",
        ),
        ("整数", "不带小数的数字，用文本格式也可以"),
        ("金额", "单位为元（不是万元），最多两位小数，用文本格式也可以；可以写 `1,234.50`"),
        ("日期", "Excel 日期，或文本：`2022-03-01`、`2022/3/1`、`2022.3.1`、`2022年3月1日`、`20220301`"),
        ("月份", "Excel 日期，或文本：`2022-03`、`2022/3`、`2022年3月`"),
        ("是否", "`是` 或 `否`"),
        ("选项", "所列各值之一，须完全一致"),
    ),
    after_kinds="""\
“本年度内”指封面上的年度；“不晚于今天”指不晚于导入当天。

单元格的内容以 Excel 显示的为准：

- 整数和金额的数字格式如果使显示的数与存储的数不同（四舍五入、百分比、以千或万为单位），报错并列出两个数；
  分数、科学计数、中文大写数字等不能确定显示内容的格式，同样报错。
- 各种日期格式都能识别，包括中文版 Excel 的日期格式和从 1904 年起算日期的文件。格式中没有显示年、月或日的日期，
  按存储的日期读取，并在导入结果中列出。
- 公式须有计算结果（用 Excel 打开并保存一次）。所在行已有其他内容而公式结果为空文本的，报错；
  在最后一条记录之下预先填充的公式不受影响。
- 一格中用了几种字体的文字合在一起读取，拼音指南不读取，`_x000D_` 之类的转义按 Excel 的规则还原。
""",
    again="""\
## 再次导入

文件可以随时补充、改正后再次导入。每一行按所在表的关键列识别，并与上次导入时的同一行、与系统中现有的记录比较：
""",
    again_header=("表中的行", "导入的结果"),
    again_cases=(
        ("与上次导入时相同", "不作任何改动，不论该记录此后在系统中是否修改、作废或合并"),
        ("是新增的", "登记新记录。系统中已有以其他方式录入的同一关键列的记录时，各列须与之相同，否则整个文件不导入"),
        ("有改动，系统中的记录没有改动", "确认后修改该记录"),
        ("改成了系统中记录现有的内容", "不作任何改动"),
        ("与系统中的记录在同一列都有改动", "整个文件不导入，并列出该列、两处的内容和修改人：请改正其中一处"),
        ("原来空着的单元格补填了后续内容，如意见建议的办结日期", "续填到该记录，不需要确认"),
        (
            "已从原来的文件中删去",
            "列出该行，记录保持原样：不应计入的，请在系统中作废。本年度另一个文件中仍有的行不算删去",
        ),
    ),
    after_again="""\
- 可能填错的行（如同一次走访登记了两次）作为疑问列出，确认后才导入。
- 街道、单位、联络员填写名称，名称由本单位在系统中维护。名单中没有的名称会列出，确认后加入名单；请先核对是否写错。
- `hongxia import 目录 --dry-run` 只检查，不保存：逐个文件列出新增、改动、疑问、将加入名单的名称和已删去的行。
  检查后面的文件时，视同前面的文件已经导入；各服务在导入之后相互办理的事项（如帮扶款的拨付）不计入。
- `hongxia import 目录` 导入没有须确认内容的文件，其余文件不导入并列出原因。`hongxia import 目录 --apply-changes`
  逐个检查、列出，并只导入所列的内容；检查之后系统中的记录又有变动的，不导入。同一列改动很多时归并显示，
  加 `--all` 逐行列出。
- 通过接口：`POST /workbooks/<name>?dry_run=true` 返回同样的清单和 `digest`；
  `POST /workbooks/<name>?apply_changes=DIGEST` 附同一文件，即确认这份清单。检查时可以用 `multipart/form-data`
  附带在前的内容：`earlier`（同一服务的文件）、`events`（检查其他服务的文件时加 `preview=true` 所返回的 `events`），
  以及要检查的文件 `file`。
""",
    overview="## 各工作簿（按导入次序）",
    overview_header=(TITLE, "服务", "工作表"),
    columns_header=("列", "必填", "填写内容", "格式或可选值", "示例"),
    figures_title="## 各项指标由哪些行得出",
    figures="""\
统计封面年度的各行，不分单位；干部名册统计全部已登记的干部，按行中的日期计算，不论由哪一年度的工作簿导入。
已作废或已取消的记录不计入。一项指标列在两张表下的，由两张表共同得出。比率以百分数表示，最多两位小数，四舍五入，
但不足 100 的不进为 100。""",
    figures_header=("指标", "名称", "工作簿 · 工作表", "计算办法"),
    optional="（可省略）",
    yes="必填",
    no="选填",
    separator="、",
    service="由 {service} 服务导入。",
    sheet="### {workbook} · “{sheet}”表",
    key="关键列：{titles}；任何两行不得重复。",
    unique="{titles} 也不得重复。",
    reference="须是“{sheet}”表中的{titles}。",
    values="",
)
