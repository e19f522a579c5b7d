"""Names: what is stored, what spellings have in common, search, and how two records resemble."""

import random
import string
import unicodedata
from datetime import date
from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import ValidationError

from hongxia.names import (
    Person,
    blocking_keys,
    clean,
    clean_text,
    finder,
    folded,
    initials,
    matches,
    near,
    near_pairs,
    pinyin,
    search_key,
)
from hongxia.schema.fields import Text

TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)
ALPHABET = "张王李单曾解仇区阿布都热合曼乐长一万俟⻓⼀凉·•．　 aBü%_\\|'\u3000\ue000\U00031350\U000e0100"
NAMES = st.text(st.sampled_from(ALPHABET), max_size=8)
BORN = date(1935, 6, 12)


class TestCleaning:
    @pytest.mark.parametrize(
        ("raw", "stored"),
        [
            ("  张三 ", "张三"),
            ("张\u3000三", "张 三"),
            ("\u3000张三\u3000", "张三"),
            ("张\u00a0 \u2003三", "张 三"),
            ("张三\r\n", "张三"),
            ("阿布都·热合曼", "阿布都·热合曼"),
            ("e\u0301", "é"),
            ("\uf979", "凉"),  # a compatibility ideograph: NFC
            ("\U0002f800", "丽"),
            ("⼀", "⼀"),  # a radical: NFC leaves it
        ],
    )
    def test_blanks_become_single_and_the_text_nfc(self, raw, stored):
        assert clean(raw) == stored

    @pytest.mark.parametrize(
        "rare",
        [
            *("\U00031350", "\U000323af", "\U0002ebf0", "\U00020bb7", "\U0002a700", "\u9fff", "\u4dbf"),
            *("\U0003fffd", "\ue000", "\uf8ff", "\U000f0000", "\U0010fffd", "\u2ffd", "\u31ef"),
        ],
    )
    def test_rare_and_private_use_characters_are_stored(self, rare):
        assert clean(f"张{rare}") == f"张{rare}"

    def test_a_variation_selector_after_a_character_is_stored(self):
        assert clean("葛\U000e0100洪") == "葛\U000e0100洪"
        assert clean("凉\ufe00") == "凉\ufe00"

    @pytest.mark.parametrize(
        "bad",
        [
            *("\x00", "\x07", "\t", "\x1c", "\x7f", "\x80", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"),
            *("\u202e", "\u200f", "\u2066", "\u061c", "\ud800", "\udfff", "\u0378", "\ufffe", "\U0003fffe"),
            *("\U0002ffff", "\U000e0041", "\u3164", "\u2800", "\u034f", "\U00040000"),
        ],
    )
    def test_what_shows_nothing_or_cannot_be_stored_is_refused_by_code_point(self, bad):
        with pytest.raises(ValueError, match=f"U\\+{ord(bad):04X}"):
            clean(f"张{bad}三")

    @pytest.mark.parametrize("bad", ["\x1c", "\u200b", "\ufeff", "\U000e0100"])
    def test_it_is_refused_at_the_beginning_as_well(self, bad):
        with pytest.raises(ValueError, match="不可见字符"):
            clean(f"{bad}张三")

    def test_two_selectors_for_one_character_are_refused(self):
        with pytest.raises(ValueError, match="不可见字符"):
            clean("葛\U000e0100\U000e0101")

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\x0b", "\x85", "\u2028", "\u2029"])
    def test_a_line_feed_inside_is_refused(self, line_end):
        with pytest.raises(ValueError, match="不能换行"):
            clean_text(f"区中心{line_end}医院")

    def test_a_character_that_was_lost_before_is_refused(self):
        with pytest.raises(ValueError, match="乱码"):
            clean("张\ufffd")

    @pytest.mark.parametrize("blank", ["", " ", "\u3000", "\n"])
    def test_a_name_is_not_blank_but_a_text_may_be(self, blank):
        assert clean_text(blank) == ""
        with pytest.raises(ValueError, match="不能为空白"):
            clean(blank)

    @given(TEXTS)
    def test_cleaning_twice_changes_nothing(self, text):
        try:
            once = clean_text(text)
        except ValueError as error:
            assert str(error).isprintable()
        else:
            assert clean_text(once) == once
            assert once.encode("utf-8").decode("utf-8") == unicodedata.normalize("NFC", once) == once

    @pytest.mark.parametrize(("raw", "stored"), [("张\u3000三", "张 三"), ("张\U00031350\ue000", "张\U00031350\ue000")])
    def test_the_api_takes_the_same_texts(self, raw, stored):
        assert Text().deserialize(raw) == stored

    @pytest.mark.parametrize(("raw", "complaint"), [("张\n三", "换行"), ("\u3000", "空白"), ("张\u200b", "不可见")])
    def test_the_api_refuses_the_same_texts(self, raw, complaint):
        with pytest.raises(ValidationError, match=complaint):
            Text().deserialize(raw)


class TestFolding:
    @pytest.mark.parametrize("dot", [*"·•‧．・･.∙⋅˙․﹒。-－‐ ", "\u3000", "\u00a0", "", "·\u200b", " · "])
    def test_all_dots_and_blanks_are_one(self, dot):
        assert folded(f"阿布都{dot}热合曼") == folded("阿布都·热合曼")

    @pytest.mark.parametrize(
        ("spelling", "name"),
        [
            ("\uf979", "凉"),
            ("\U0002f800", "丽"),
            ("⼀", "一"),
            ("⻓孙", "长孙"),
            ("⺟", "母"),
            ("⻰⻢", "龙马"),
            ("⺠", "民"),
            ("㇐", "一"),
            ("葛\U000e0100", "葛"),
            ("葛\ufe01", "葛"),
            ("張\U000e01ef三", "張三"),
            ("Ｌｉ　Ｍｉｎｇ", "li ming"),
            ("LI MING", "Li Ming"),
            ("ﾏﾘｱ", "マリア"),
            ("e\u0301", "É"),
        ],
    )
    def test_spellings_of_one_name_are_one(self, spelling, name):
        assert folded(spelling) == folded(name)

    @pytest.mark.parametrize(
        ("one", "other"),
        [("张三", "张二"), ("王一", "王"), ("長", "长"), ("后", "後"), ("张\ue000", "张\ue001"), ("𠮷", "吉")],
    )
    def test_different_names_stay_different(self, one, other):
        assert folded(one) != folded(other)

    @given(TEXTS)
    @example("e\u200b\u0301")
    @example("˙ͅ")
    def test_folding_twice_changes_nothing(self, text):
        assert folded(folded(text)) == folded(text)

    @given(NAMES)
    def test_what_is_stored_folds_as_what_was_typed(self, name):
        try:
            stored = clean(name)
        except ValueError:
            return
        assert folded(stored) == folded(name)


class TestPinyin:
    @pytest.mark.parametrize(
        ("name", "first"),
        [
            *(("张三", "zs"), ("单田芳", "stf"), ("曾庆红", "zqh"), ("解晓东", "xxd"), ("仇和", "qh"), ("区伯", "ob")),
            *(
                ("查良镛", "zly"),
                ("朴正", "pz"),
                ("万俟卨", "mqx"),
                ("尉迟恭", "ycg"),
                ("单于明", "cym"),
                ("乐嘉", "yj"),
            ),
            *(("翟志刚", "zzg"), ("繁星", "px"), ("阿布都·热合曼", "abdrhm"), ("⻓孙⼀", "zsy"), ("Li Ming", "lm")),
            *(("张\ue000三", "zs"), ("張\U000e0100三", "zs"), ("张 三", "zs")),
        ],
    )
    def test_surnames_are_read_as_surnames(self, name, first):
        assert initials(name)[0] == first

    def test_further_readings_follow(self):
        assert initials("单田芳") == ("stf", "dtf")
        assert set(initials("王长乐")) == {"wcl", "wcy", "wzl", "wzy"}

    def test_a_character_is_read_as_a_surname_at_the_beginning_only(self):
        assert initials("王解") == ("wj", "wx")
        assert initials("王查") == ("wc",)

    def test_umlauts_are_spelt_in_three_ways(self):
        assert pinyin("吕布") == ("lvbu", "lyubu", "lubu")

    @pytest.mark.parametrize("name", ["", "·", "\ue000", "\U0003fffd"])
    def test_a_name_without_readings_has_no_initials(self, name):
        assert initials(name) == ()

    def test_the_key_holds_name_initials_and_pinyin(self):
        assert search_key("张三") == "张三|zs|s|zhangsan|san"

    def test_the_key_of_a_very_long_name_is_bounded(self):
        assert len(search_key("乐长" * 25)) < 1100


class TestSearch:
    @pytest.mark.parametrize(
        "query",
        [
            *("张三丰", "张", "三", "三丰", "zsf", "zs", "sf", "ZSF", "zhangsanfeng", "zhangsan", "zhang san", "sanf"),
            *("feng", "zhāng", "ｚｓ", "张　三", "z", "丰"),
        ],
    )
    def test_parts_initials_and_pinyin_find_a_name(self, query):
        assert matches(query, "张三丰")

    @pytest.mark.parametrize("query", ["李", "张丰", "zf", "ang", "anfeng", "hang", "zsx", "%", "_", "张%", "三张"])
    def test_other_queries_do_not(self, query):
        assert not matches(query, "张三丰")

    @pytest.mark.parametrize("query", ["热合曼", "布都热", "都•热", "abd", "rhm", "阿布都・热合曼", "a'budu"])
    def test_a_name_with_a_dot_is_found_however_it_is_typed(self, query):
        assert matches(query, "阿布都‧热合曼")

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("stf", "单田芳"),
            ("dtf", "单田芳"),
            ("lü", "吕布"),
            ("lyu", "吕布"),
            ("jose", "José"),
            ("smith", "J. Smith"),
        ],
    )
    def test_readings_and_accents_may_vary(self, query, name):
        assert matches(query, name)

    @pytest.mark.parametrize("query", ["", " ", "·", "\u200b", "|"])
    def test_a_query_that_holds_nothing_is_refused(self, query):
        with pytest.raises(ValueError, match="请输入"):
            matches(query, "张三")
        with pytest.raises(ValueError, match="请输入"):
            finder(query)

    @pytest.mark.parametrize("query", ["ang", "hangsan", "anz"])
    def test_letters_are_found_from_the_beginning_of_a_syllable_only(self, query):
        assert not matches(query, "张三")

    @pytest.mark.parametrize(("query", "name"), [("%", "张三"), ("_", "张三"), ("100%", "1000"), ("\\", "张三")])
    def test_no_character_of_a_query_stands_for_others(self, query, name):
        assert not matches(query, name)

    @given(NAMES)
    def test_every_name_is_found_by_itself_and_by_its_initials(self, name):
        for query in (name, *initials(name)[:1]):
            if folded(query).replace("|", ""):
                assert matches(query, name)


def number(digits: str) -> str:
    """Return a resident number with its check digit (GB 11643-1999), from 17 digits."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


class TestResemblance:
    @pytest.mark.parametrize(
        ("name", "born", "what"),
        [
            ("张三丰", BORN, "姓名和出生日期相同"),
            ("张 三．丰", BORN, "姓名和出生日期相同"),
            ("张三峰", BORN, "姓名相差一个字"),
            ("章三丰", BORN, "姓名相差一个字"),
            ("张三丰", date(1936, 6, 12), "一位数字不同"),
            ("张三丰", date(1935, 6, 2), "一位数字不同"),
            ("张三丰", date(1953, 6, 12), "相邻两位数字互换"),
            ("张三丰", date(1935, 6, 21), "相邻两位数字互换"),
            ("张三丰", date(1935, 12, 6), "月、日互换"),
        ],
    )
    def test_names_and_birth_dates_that_nearly_agree(self, name, born, what):
        one, other = Person("张三丰", BORN), Person(name, born)

        assert what in near(one, other).what_zh
        assert near(one, other) == near(other, one)

    @pytest.mark.parametrize(
        ("name", "born"),
        [
            ("张三峰", date(1935, 6, 13)),
            ("章三峰", BORN),
            ("张三", BORN),
            ("张三丰", date(1936, 7, 12)),
            ("张三丰", date(1953, 6, 21)),
            ("张三丰", None),
            ("丰三张", BORN),
        ],
    )
    def test_names_and_birth_dates_that_do_not(self, name, born):
        assert near(Person("张三丰", BORN), Person(name, born)) is None

    def test_two_names_of_one_character_do_not_resemble(self):
        assert near(Person("张", BORN), Person("李", BORN)) is None

    @pytest.mark.parametrize(
        ("other", "what"),
        [
            (number("11010119350612001"), "身份证号相同"),
            (number("11010119350612002"), "一位数字不同"),
            (number("11010119350612001")[:-1] + "x", "校验码"),
            (number("11010119350613001"), "一位数字不同"),
            (number("11010119360612001"), "一位数字不同"),
            (number("11010119350621001"), "相邻两位数字互换"),
            (number("11010119530612001"), "相邻两位数字互换"),
            (number("11010119350612010"), "相邻两位数字互换"),
            ("110101350612001", "15位"),
            ("110101350612002", "一位数字不同"),
            (number("11010119350612013"), None),
            (number("11010119350612100"), None),
            ("G0001", None),
            ("", None),
            (None, None),
        ],
    )
    def test_resident_numbers_are_compared_without_their_check_digit(self, other, what):
        found = near(Person("甲", None, number("11010119350612001")), Person("乙", None, other))

        assert (what in found.what_zh) if what else found is None

    def test_what_is_said_holds_none_of_the_values(self):
        one = Person("张三丰", BORN, number("11010119350612001"))
        other = Person("张三丰", date(1935, 12, 6), number("11010119351206001"))
        same = Person("张三丰", BORN, number("11010119350612002"))

        for person in (other, same):
            said = near(one, person).what_zh
            assert not set(said) & {*"张三丰", *string.digits}

    @pytest.mark.parametrize("secret", [b"", b"of the installation"])
    def test_keys_show_no_value_and_depend_on_the_secret(self, secret):
        keys = blocking_keys("张三丰", BORN, number("11010119350612001"), secret=secret)

        assert len(keys) == 1 + 3 + 16
        assert all(len(key) == 16 and set(key) <= set("0123456789abcdef") for key in keys)
        assert (keys == blocking_keys("张三丰", BORN, number("11010119350612001"))) is (secret == b"")

    def test_a_record_without_anything_has_no_keys(self):
        assert blocking_keys("", None, None) == set()

    persons = st.builds(
        Person,
        st.text("张三李", min_size=0, max_size=3),
        st.none() | st.dates(date(1935, 1, 1), date(1935, 12, 31)),
        st.none() | st.text("12", min_size=3, max_size=3).map(lambda end: number(f"11010119350612{end}")),
    )

    @given(st.lists(persons, max_size=12))
    def test_the_keys_lead_to_every_pair_that_comparing_all_pairs_finds(self, persons):
        people = dict(enumerate(persons))
        every = [(a, b, near(people[a], people[b])) for a, b in combinations(people, 2)]

        assert list(near_pairs(people)) == [found for found in every if found[2]]

    def test_among_ten_thousand_cadres_few_pairs_are_compared(self):
        draw = random.Random(13)
        people = {}
        for index in range(10_000):
            born = date.fromordinal(draw.randrange(date(1925, 1, 1).toordinal(), date(1965, 1, 1).toordinal()))
            name = draw.choice("王李张刘陈杨赵黄周吴") + "".join(
                draw.choices("国建华明志文秀玉兰英", k=draw.choice((1, 2)))
            )
            people[index] = Person(name, born, number(f"110101{born:%Y%m%d}{draw.randrange(1000):03}"))
        slip = Person(people[7].name, people[7].birth_date, number(people[7].number[:16] + "0"))
        people[-1] = slip

        shared: dict[str, int] = {}
        for person in people.values():
            for key in blocking_keys(person.name, person.birth_date, person.number):
                shared[key] = shared.get(key, 0) + 1
        compared = sum(count * (count - 1) // 2 for count in shared.values())

        assert compared < 10_000 * 9_999 // 2 // 100
        assert any({7, -1} == {a, b} for a, b, _ in near_pairs(people))
