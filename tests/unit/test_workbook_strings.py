"""Texts as Excel keeps them: escapes, runs, how a word is pronounced, blanks and line breaks."""

from __future__ import annotations

import io
import zipfile

import pytest

from hongxia.workbook.errors import NotAWorkbook
from hongxia.workbook.grid import unescape
from tests.unit.workbook_builders import by_hand, errors, inline, row, values, zipped

SHARED = '<{p}c r="H2" t="s"><{p}v>0</{p}v></{p}c>'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("_x5E74_", "年"),
        ("_x5e74_初", "年初"),
        ("一_x000D__x000A_二", "一\r\n二"),
        ("_x005F_x000D_", "_x000D_"),
        ("_x005F__x5E74_", "_年"),
        ("_xD842__xDFB7_", "𠮷"),
        ("_x5E7_ 年_x", "_x5E7_ 年_x"),
        ("a_x0041_b", "aAb"),
        ("_X5E74_", "_X5E74_"),
    ],
)
def test_escapes_are_decoded_as_excel_does(written: str, meant: str) -> None:
    assert unescape(written) == meant


@pytest.mark.parametrize("prefix", ["", "x"])
def test_escapes_are_decoded_wherever_a_text_is_kept(prefix: str) -> None:
    cells = {
        "shared": SHARED,
        "inline": inline("H2", "甲_x000D_乙_x5E74_"),
        "formula": '<{p}c r="H2" t="str"><{p}f>X</{p}f><{p}v>甲_x000D_乙_x5E74_</{p}v></{p}c>',
    }
    for cell in cells.values():
        data = by_hand(row(2, cell), prefix=prefix, strings="<{p}si><{p}t>甲_x000D_乙_x5E74_</{p}t></{p}si>")
        assert values(data, "remark") == ["甲 乙年"]


@pytest.mark.parametrize("written", ["_x0007_", "_x0000_", "_xD842_"])
def test_an_escape_for_what_can_not_be_seen_is_refused(written: str) -> None:
    [found] = errors(by_hand(row(2, inline("H2", f"甲{written}乙"))))
    assert found.startswith("走访：第2行“备注”：含有不可见字符")


@pytest.mark.parametrize(
    ("string", "text"),
    [
        ("<{p}r><{p}t>陈</{p}t></{p}r><{p}r><{p}rPr><{p}b/></{p}rPr><{p}t>静</{p}t></{p}r>", "陈静"),
        ('<{p}t>林晓</{p}t><{p}rPh sb="0" eb="1"><{p}t>リン</{p}t></{p}rPh><{p}phoneticPr fontId="1"/>', "林晓"),
        ("<{p}r><{p}t>_x00</{p}t></{p}r><{p}r><{p}t>0D_</{p}t></{p}r>", "_x000D_"),
        ('<{p}t xml:space="preserve">  前后 空  </{p}t>', "前后 空"),
        ('<{p}r><{p}t xml:space="preserve">前 </{p}t></{p}r><{p}r><{p}t>后</{p}t></{p}r>', "前 后"),
        ("<{p}t>第一行\n第二行\r\n第三行</{p}t>", "第一行 第二行 第三行"),
        ("<{p}t><![CDATA[甲<乙]]></{p}t>", "甲<乙"),
        ("<{p}t/>", None),
        ("", None),
    ],
    ids=[
        "runs",
        "pronounced",
        "no escape over two runs",
        "blanks",
        "blank at a run's end",
        "lines",
        "cdata",
        "t",
        "none",
    ],
)
def test_a_string_is_its_text_and_nothing_else(string: str, text: str | None) -> None:
    assert values(by_hand(row(2, SHARED), strings=f"<{{p}}si>{string}</{{p}}si>"), "remark") == [text]
    assert values(by_hand(row(2, f'<{{p}}c r="H2" t="inlineStr"><{{p}}is>{string}</{{p}}is></{{p}}c>')), "remark") == [
        text
    ]


@pytest.mark.parametrize("index", ["1", "-1", "x"])
def test_a_string_that_is_not_in_the_file_is_no_other_string(index: str) -> None:
    with pytest.raises(NotAWorkbook, match="已损坏"):
        values(by_hand(row(2, SHARED.replace(">0<", f">{index}<")), strings="<{p}si><{p}t>一</{p}t></{p}si>"), "remark")


@pytest.mark.parametrize("number", ["1_0", "١٢", "0x10", "nan", "1,5"])
def test_what_excel_does_not_write_as_a_number_is_no_number(number: str) -> None:
    with pytest.raises(NotAWorkbook, match="已损坏"):
        values(by_hand(row(2, f'<{{p}}c r="D2"><{{p}}v>{number}</{{p}}v></{{p}}c>')), "people")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_every_part_and_encoding(encoding: str) -> None:
    with zipfile.ZipFile(io.BytesIO(by_hand(row(2), strings="<{p}si><{p}t>一</{p}t></{p}si>"))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in ("xl/workbook.xml", "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml", "xl/styles.xml"):
        xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x>' + parts[name].decode()
        with pytest.raises(NotAWorkbook, match="DOCTYPE"):
            values(zipped({**parts, name: xml.encode(encoding)}), "no")
