"""The cadre register as a workbook (干部名册)."""

from __future__ import annotations

from hongxia.definition import Importable
from hongxia.workbook.declare import Workbook
from services.registry.base import RECORDS
from services.registry.cadres import sheet
from services.registry.cadres.sheet import CadreRows

CADRES = Workbook(
    name="cadres",
    title_zh="干部名册",
    service="registry",
    order=1,
    sheets=(sheet.SHEET,),
    help_zh="离退休干部名册。请先导入本表，再导入其他表格。",
    help_en="The register of cadres. It is imported first: the other workbooks name cadres by 干部编号.",
)

IMPORTABLE = Importable(CADRES, (CadreRows(),), (RECORDS,), finish=sheet.finish)
