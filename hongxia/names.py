"""Names and other texts of one line: how they are stored, compared, searched, and how two persons' records resemble.

One name has many spellings: the dot of 阿布都·热合曼 is typed in half a dozen ways, PDF files turn 长 into the radical
⻓, fonts add variation selectors. `clean` gives the form that is stored, `folded` what all spellings have in common.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain, combinations, islice, product
from typing import TypeVar

K = TypeVar("K")

# What is stored ---------------------------------------------------------------------------------------------------

# Ranges that are accepted whatever the Unicode version of the running Python knows of them: CJK Extension A, unified
# ideographs, strokes and description characters, planes 2 and 3 (Extension B and later). Private use (category Co) is
# accepted, since no rule below refuses it.
_ACCEPTED = (
    (0x2FF0, 0x2FFF),
    (0x31C0, 0x31EF),
    (0x3400, 0x9FFF),
    (0x20000, 0x2FFFD),
    (0x30000, 0x3FFFD),
)
# Control, format (zero width, bidirectional), surrogate, unassigned; line ends are handled before.
_REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Cn"}
# Characters that show nothing, yet are not format characters: joiner, Hangul fillers, Khmer vowels, Braille blank.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_LINE_ENDS = frozenset("\n\r\v\f\x85\u2028\u2029")
# What is removed around a text: the blanks of Unicode, and the tabs and line ends that pasting brings.
_BLANKS = "\t\n\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
# Nearly all texts: ASCII, ideographs, Chinese punctuation. They need no closer look, and NFC changes none of them.
_COMMON = re.compile(r"[ -~\u3000-\u301f\u3400-\u9fff\uff01-\uff5e]*")
_LOST = frozenset("\ufffc\ufffd")
_HALF_WIDTH = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in chain(range(0xFF10, 0xFF1A), range(0xFF21, 0xFF3B), range(0xFF41, 0xFF5B), (0xFF0D,))
}
_SELECTORS = frozenset(map(chr, chain(range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))))


def clean_text(text: str) -> str:
    """Return a text of one line as it is stored: no blanks around it, single ones inside, NFC.

    U+3000 and the other blanks of Unicode count as blanks. NFC replaces compatibility ideographs (U+F979) by the
    unified ones. Rare characters stay: Extension B and later, private use, variation selectors after a character.
    A text of blanks only becomes "". Raises ValueError, with a Chinese sentence, for line feeds inside the text,
    control, zero-width and bidirectional characters, unassigned code points and the replacement character U+FFFD.
    """
    text = text.strip(_BLANKS)
    if _COMMON.fullmatch(text):
        return " ".join(text.split())
    previous = " "
    for character in text:
        problem = _problem(character, previous)
        if problem:
            raise ValueError(problem)
        previous = character
    return unicodedata.normalize("NFC", " ".join(text.split()))


def half_width(text: str) -> str:
    """Return a text with digits, letters and hyphens in half width, as they are stored of everything but names."""
    return text.translate(_HALF_WIDTH)


def clean(name: str) -> str:
    """Return a person's name as it is stored: as `clean_text`. Raises ValueError for an empty name, too."""
    name = clean_text(name)
    if not name:
        raise ValueError("不能为空白")
    return name


def _problem(character: str, previous: str) -> str | None:
    if character in _LINE_ENDS:
        return "不能换行，请写在一行内"
    if character in _LOST:
        return "含有乱码（原来的字已丢失），请重新填写"
    if character in _SELECTORS:
        return _invisible(character) if previous.isspace() or previous in _SELECTORS else None
    if _is_accepted(ord(character)):
        return None
    if character in _INVISIBLE or unicodedata.category(character) in _REFUSED_CATEGORIES:
        return _invisible(character)
    return None


def _is_accepted(code: int) -> bool:
    return any(first <= code <= last for first, last in _ACCEPTED)


def _invisible(character: str) -> str:
    return f"含有不可见字符或无效字符（U+{ord(character):04X}），请删除后重新填写"


# What spellings have in common ------------------------------------------------------------------------------------

# Radicals and strokes, each followed by the ideograph that it looks like, where NFKC does not map it.
# Source: property Equivalent_Unified_Ideograph of the Unicode Character Database (version 14).
_RADICALS = (
    "⺁厂 ⺂乛 ⺃乚 ⺄乙 ⺅亻 ⺆冂 ⺇𠘨 ⺈刀 ⺉刂 ⺊卜 ⺋㔾 ⺌小 ⺍小 ⺎兀 ⺏尣 ⺐尢 ⺑𡯂 ⺒巳 ⺓幺 "
    "⺔彑 ⺕彐 ⺖忄 ⺗心 ⺘扌 ⺙攵 ⺛旡 ⺜日 ⺝月 ⺞歺 ⺠民 ⺡氵 ⺢氺 ⺣灬 ⺤爫 ⺥爫 ⺦丬 ⺧牛 ⺨犭 "
    "⺩王 ⺪𤴔 ⺫目 ⺬示 ⺭礻 ⺮𥫗 ⺯糹 ⺰纟 ⺱罓 ⺲罒 ⺳㓁 ⺴冗 ⺵𦉫 ⺶羊 ⺷𦍌 ⺸𦍋 ⺹耂 ⺺肀 ⺻聿 "
    "⺼肉 ⺽𦥑 ⺾艹 ⺿艹 ⻀艹 ⻁虎 ⻂衤 ⻃覀 ⻄西 ⻅见 ⻆角 ⻇𧢲 ⻈讠 ⻉贝 ⻊𧾷 ⻋车 ⻌辶 ⻍辶 ⻎辶 "
    "⻏邑 ⻐钅 ⻑長 ⻒镸 ⻓长 ⻔门 ⻕𨸏 ⻖阝 ⻗雨 ⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻞𩙿 ⻟飠 ⻠饣 ⻡𩠐 "
    "⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻪黾 ⻫斉 ⻬齐 ⻭歯 ⻮齿 ⻯竜 ⻰龙 ⻱龜 ⻲亀 ㇆𠃌 ㇏乀 "
    "㇐一 ㇑丨 ㇒丿 ㇓丿 ㇔丶 ㇕𠃍 ㇖乛 ㇗𠃊 ㇘𠃎 ㇙𠄌 ㇚亅 ㇛𡿨 ㇜𠃋 ㇝乀 ㇞𠃑 ㇟乚 ㇠乙 ㇡𠄎 "
)
_LOOK_ALIKES = {ord(pair[0]): pair[1] for pair in _RADICALS.split()}
# The dots (and hyphens) that stand between the parts of a name. They vanish, because some registers leave them out.
_SEPARATORS = frozenset("·•‧．.・･∙⋅˙․﹒●⦁⸱⸳ꞏ᛫゠。｡-‐‑‒–—―－﹣−")
_NOTHING = {"Cc", "Cf", "Zs", "Zl", "Zp"}
_MONGOLIAN_SELECTORS = frozenset("\u180b\u180c\u180d\u180f")


def folded(name: str) -> str:
    """Return what all spellings of one name have in common; for comparison, uniqueness and search, not for display.

    Dots, hyphens, blanks, variation selectors and invisible characters vanish; compatibility ideographs, radicals and
    full-width characters become the plain ones, Latin letters lower case. Never raises; folding twice changes nothing.
    """
    while (once := _without_separators(_plain(name))) != name:
        name = once
    return name


def _plain(name: str) -> str:
    """Fold the characters and keep what separates the parts of a name."""
    name = name.replace("˙", "·")  # NFKC would make a blank and a combining dot of it
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).translate(_LOOK_ALIKES)


def _without_separators(name: str) -> str:
    return "".join(character for character in name if not _vanishes(character))


@lru_cache(maxsize=4096)
def _vanishes(character: str) -> bool:
    return (
        character in _SEPARATORS
        or character in _SELECTORS
        or character in _MONGOLIAN_SELECTORS
        or character in _INVISIBLE
        or unicodedata.category(character) in _NOTHING
    )


# Pinyin -----------------------------------------------------------------------------------------------------------


def _table(*lines: str) -> dict[str, tuple[str, ...]]:
    """Return readings by characters, from entries such as "盖:ge/gai" (readings of one character) or "万俟:mo-qi"."""
    entries = (entry.split(":") for line in lines for entry in line.split())
    return {characters: tuple(re.split("[/-]", readings)) for characters, readings in entries}


# Surnames whose reading is not the one that pypinyin gives for the character alone, the usual reading first.
# Source: the list in issue 297 of mozillazg/python-pinyin (from overtrue/pinyin), with a few rarer surnames besides.
_SURNAMES = _table(
    "单:shan 單:shan 解:xie 仇:qiu 区:ou 區:ou 曾:zeng 查:zha 盖:ge/gai 蓋:ge/gai 乐:yue/le 樂:yue/le 种:chong",
    "重:chong 繁:po 朴:piao 覃:qin/tan 翟:zhai/di 缪:miao 繆:miao 秘:bi 折:she 召:shao 员:yun 員:yun 贠:yun 洗:xian",
    "尉:wei/yu 黑:he 能:nai 佴:nai 郇:xun/huan 隗:wei/kui 郗:xi/chi 句:gou 阚:kan 薄:bo 卜:bu 长:chang 藏:zang 都:du",
    "牟:mu/mou 宓:mi/fu 乜:nie 祭:zhai 谌:chen/shen 莘:shen/xin 六:lu/liu 粘:nian 隽:juan/jun 郄:qie/xi 阿:a/e",
    "柏:bai/bo",
)
_COMPOUND_SURNAMES = _table(
    "万俟:mo-qi 尉迟:yu-chi 尉遲:yu-chi 单于:chan-yu 單于:chan-yu 长孙:zhang-sun 長孫:zhang-sun 澹台:tan-tai",
    "澹臺:tan-tai 乐正:yue-zheng 樂正:yue-zheng 拓跋:tuo-ba 宰父:zai-fu 夹谷:jia-gu 亓官:qi-guan",
)
# Characters of given names that are read in more than one way, the more frequent reading first.
_GIVEN = _table(
    "乐:le/yue 樂:le/yue 长:chang/zhang 長:chang/zhang 行:xing/hang 重:chong/zhong 朝:chao/zhao 晟:sheng/cheng",
    "茜:qian/xi 琢:zhuo/zuo 盛:sheng/cheng 曾:zeng/ceng 大:da/dai 都:du/dou 阿:a/e 伯:bo/bai 柏:bai/bo 薄:bo/bao",
    "卜:bu/bo 还:huan/hai 了:liao/le 解:jie/xie 谷:gu/yu 娜:na/nuo 莞:wan/guan 蔚:wei/yu 澄:cheng/deng 乘:cheng/sheng",
    "奇:qi/ji 纶:lun/guan 隽:jun/juan 峤:qiao/jiao 颉:jie/xie 泊:bo/po 桧:hui/gui 栖:qi/xi 单:shan/dan 传:chuan/zhuan",
    "参:shen/can 藏:zang/cang 朴:pu/piao 筠:yun/jun 莎:sha/suo 会:hui/kuai 降:jiang/xiang 弹:dan/tan 覃:tan/qin",
)
_VARIANTS = 8  # how many combinations of readings are searched, the likely ones first
_KEY_LENGTH = 1000  # characters of readings in a search key: a B-tree index of PostgreSQL takes 2,700 bytes
_WORD = re.compile(r"[a-z0-9]+|\S")


def initials(name: str) -> tuple[str, ...]:
    """Return the pinyin initials of a name, "zs" for 张三, the likely reading first; several where readings differ.

    A surname is read as one: "stf" before "dtf" for 单田芳. A word in Latin letters gives its first letter. Characters
    without a known reading (private use, some of the rarest) are left out. Without any reading: an empty tuple.
    """
    return _joined("".join(syllable[:1] for syllable in spoken) for spoken in _spoken(name))


def pinyin(name: str) -> tuple[str, ...]:
    """Return the whole pinyin of a name without tones, "zhangsan" for 张三, as `initials` does; ü is v, yu and u."""
    return _joined("".join(spoken) for spoken in _spoken(name))


def search_key(name: str) -> str:
    """Return the text that `finder` finds a name in: "张三|zs|s|zhangsan|san".

    The folded name, then initials and pinyin from each of its characters on, so that a search in letters begins where
    a syllable begins. Up to about 1,000 characters besides the name; store it in a column of type Text.
    """
    spoken = _spoken(name)
    short = (_tails(tuple(syllable[:1] for syllable in syllables)) for syllables in spoken)
    whole = (_tails(syllables) for syllables in spoken)
    key, room = [_main(name)], _KEY_LENGTH
    for part in _joined(chain.from_iterable(chain(short, whole))):
        room -= len(part) + 1
        if room < 0:
            break
        key.append(part)
    return "|".join(key)


def finder(query: str) -> Callable[[str], bool]:
    """Return a function that says whether a search for `query` finds a name by its search key.

    Characters are searched anywhere in the name; letters (initials or pinyin, with or without blanks, tones and
    apostrophes) from the beginning of a syllable on. Raises ValueError, with a Chinese sentence, where the query holds
    neither.
    """
    text = _query(query)
    wanted = f"|{text}" if _is_letters(text) else text
    return lambda key: wanted in key


def matches(query: str, name: str) -> bool:
    """Return whether a search for `query` finds `name`. Raises ValueError as `finder` does."""
    return finder(query)(search_key(name))


def _query(query: str) -> str:
    text = _main(query)
    letters = _unaccented(text).replace("'", "").replace("’", "")
    text = letters if _is_letters(letters) else text
    if not text:
        raise ValueError("请输入姓名、姓名的一部分或拼音首字母")
    return text


def _main(name: str) -> str:
    return folded(name).replace("|", "")  # the character that separates the parts of a key


def _is_letters(text: str) -> bool:
    return text.isascii() and text.isalnum()


def _unaccented(text: str) -> str:
    apart = unicodedata.normalize("NFD", re.sub("[üǖǘǚǜ]", "v", text))
    return "".join(character for character in apart if unicodedata.category(character) != "Mn")


def _tails(syllables: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("".join(syllables[start:]) for start in range(len(syllables)))


def _joined(parts: Iterator[str]) -> tuple[str, ...]:
    """Return the parts that are not empty, each once, in their order."""
    return tuple(dict.fromkeys(part for part in parts if part))


def _spoken(name: str) -> list[tuple[str, ...]]:
    """Return up to `_VARIANTS` ways to speak a name, each a tuple of syllables without tones."""
    words = _WORD.findall(_unaccented(_plain(name)))
    words = [word for word in words if not _vanishes(word[0])]
    heads = _COMPOUND_SURNAMES.get("".join(words[:2]), ())
    choices = []
    for position, word in enumerate(words):
        head = (heads[position],) if position < len(heads) else ()
        readings = tuple(dict.fromkeys((*head, *_readings(word, position == 0))))
        if readings:
            choices.append(readings)
    return list(islice(product(*choices), _VARIANTS)) if choices else []


@lru_cache(maxsize=16384)
def _readings(word: str, is_surname: bool) -> tuple[str, ...]:
    """Return the readings of one character (none where unknown), or the word itself if it is written in letters."""
    if _is_letters(word):
        return (word,)
    # Imported where it is used: it loads 100,000 entries, and only services that search for names need them.
    from pypinyin import Style
    from pypinyin import pinyin as read

    listed = [*(_SURNAMES.get(word, ()) if is_surname else ()), *_GIVEN.get(word, ())]
    default = read(word, style=Style.NORMAL, errors="ignore")
    known = listed + [reading for group in default for reading in group if reading.isascii()]
    return tuple(dict.fromkeys(chain.from_iterable(_spellings(reading) for reading in known)))


def _spellings(reading: str) -> tuple[str, ...]:
    """Return a reading with ü as typed (v), as in passports (yu, GB/T 28039-2011) and as often misspelt (u)."""
    return (reading, reading.replace("v", "yu"), reading.replace("v", "u")) if "v" in reading else (reading,)


# Resemblance ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """What two records of persons are compared by; `number` is a resident number of 18 or 15 digits."""

    name: str
    birth_date: date | None = None
    number: str | None = None


@dataclass(frozen=True)
class Resemblance:
    """How two records resemble, in Chinese, without any of their values: it may be shown and logged."""

    what_zh: str


def near(a: Person, b: Person) -> Resemblance | None:
    """Return how two records resemble so much that they may be of one person, or None.

    - The same name (folded), with the same birth date, or one that differs in one digit, in two neighbouring digits
      swapped, or in day and month swapped;
    - Names that differ in one character, with the same birth date;
    - Resident numbers that are equal, differ in one digit, or in two neighbouring digits swapped. The last character
      is left out, since it is computed from the others: an error that was typed correctly otherwise changes it, too.
      A number of 15 digits is compared as the one of 18 digits that replaced it (GB 11643-1999).
    """
    found = [what for what in (_near_names(a, b), _near_numbers(a.number, b.number)) if what]
    return Resemblance("；".join(found)) if found else None


def blocking_keys(name: str, birth_date: date | None, number: str | None, *, secret: bytes = b"") -> set[str]:
    """Return the keys of a record: any two records that are `near` share at least one, and few others do.

    About 25 keys of 16 hexadecimal digits. They are digests (BLAKE2b, with `secret` if given), so that a stored key
    shows no value; without a secret they can be guessed, so treat stored ones as personal data.
    """
    main, keys = folded(name), set[str]()
    if main:
        keys.add(f"name:{main}")
    if birth_date:
        keys |= {f"born:{birth_date}:{at}:{main[:at]}*{main[at + 1 :]}" for at in range(len(main))}
    body = _body(number)
    keys |= {f"number:{at}:{body[:at]}**{body[at + 2 :]}" for at in range(len(body) - 1)}
    return {_digest(key, secret) for key in keys}


def _digest(key: str, secret: bytes) -> str:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8, key=secret).hexdigest()


def near_pairs(people: Mapping[K, Person]) -> Iterator[tuple[K, K, Resemblance]]:
    """Yield every pair of records that are near, once, in the order of `people`, without comparing all pairs."""
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    ids = list(people)
    for index, person in enumerate(people.values()):
        for key in blocking_keys(person.name, person.birth_date, person.number):
            blocks[key].append(index)
    for first, second in sorted({pair for block in blocks.values() for pair in combinations(block, 2)}):
        resemblance = near(people[ids[first]], people[ids[second]])
        if resemblance:
            yield ids[first], ids[second], resemblance


def _near_names(a: Person, b: Person) -> str | None:
    first, second = folded(a.name), folded(b.name)
    if not a.birth_date or not b.birth_date or not first:
        return None
    difference = _difference(first, second)
    if difference == "":
        return _near_dates(a.birth_date, b.birth_date)
    if difference == "one" and a.birth_date == b.birth_date and len(first) > 1:
        return "出生日期相同，姓名相差一个字"
    return None


def _near_dates(a: date, b: date) -> str | None:
    difference = _difference(f"{a:%Y%m%d}", f"{b:%Y%m%d}")
    if difference == "":
        return "姓名和出生日期相同"
    if (a.year, a.month, a.day) == (b.year, b.day, b.month):
        return "姓名相同，出生日期的月、日互换"
    what = _DIGITS_ZH.get(difference or "")
    return f"姓名相同，出生日期{what}" if what else None


def _near_numbers(a: str | None, b: str | None) -> str | None:
    first, second = _body(a), _body(b)
    if not first or not second:
        return None
    difference = _difference(first, second)
    if difference == "":
        return "身份证号相同" if a == b else "身份证号除校验码或位数（15位与18位）外相同"
    what = _DIGITS_ZH.get(difference or "")
    return f"身份证号{what}" if what else None


_DIGITS_ZH = {"one": "有一位数字不同", "swapped": "有相邻两位数字互换"}


def _difference(a: str, b: str) -> str | None:
    """Return "" for equal texts, "one" if one character differs, "swapped" if two neighbours are swapped, or None."""
    if len(a) != len(b):
        return None
    at = [index for index, (one, other) in enumerate(zip(a, b, strict=True)) if one != other]
    if len(at) < 2:
        return "one" if at else ""
    if len(at) == 2 and at[1] == at[0] + 1 and a[at[0]] == b[at[1]] and a[at[1]] == b[at[0]]:
        return "swapped"
    return None


def _body(number: str | None) -> str:
    """Return the 17 digits of a resident number before its check digit; "" if it is not a resident number."""
    text = folded(number or "")
    if re.fullmatch(r"[0-9]{17}[0-9x]", text):
        return text[:17]
    return f"{text[:6]}19{text[6:]}" if re.fullmatch(r"[0-9]{15}", text) else ""
