import pytest

from exchange.core import links
from exchange.core.errors import LinkDead
from exchange.core.words import WORDS
from tests.vectors import second_reader

SECRET = "-_" + "Ab0" * 13 + "xE"
SALT = b"sixteen byte salt"


def test_secrets_are_fresh_and_43_characters() -> None:
    """A hundred different ones that all parse to themselves."""
    made = {links.new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(secret) for secret in made} == {43}
    assert all(links.parse_secret(secret) == secret for secret in made)


@pytest.mark.parametrize(
    "shape",
    [
        "{}",
        "  {}\n",
        "https://letters.example.org/l#{}",
        "https://letters.example.org/l/#{}",
        "letters.example.org/l/{}",
        "#{}",
        "<https://x.example/l#{}>.",
        "“{}”",
        "https://x.example/l?utm=1#s={}",
        "\u200b{}\ufeff",
    ],
)
def test_a_pasted_link_is_understood(shape: str) -> None:
    """The whole address, its last part, with brackets, quotes, blanks and invisible characters around."""
    assert links.parse_secret(shape.format(SECRET)) == SECRET


def test_a_link_broken_over_lines_is_understood() -> None:
    """Mail programs and prints break a secret into pieces."""
    broken = f"https://x.example/l#{SECRET[:20]}\r\n  {SECRET[20:30]} {SECRET[30:]}"
    assert links.parse_secret(broken) == SECRET


@pytest.mark.parametrize(
    "untrusted",
    [
        "",
        "#",
        "https://x.example/l",
        SECRET[:-1],
        SECRET + "A",
        SECRET[:-1] + "é",
        SECRET[:-1] + "F",
        "A" * 5000,
        "%00",
    ],
)
def test_anything_else_is_a_dead_link(untrusted: str) -> None:
    """Too short, too long, foreign letters, a second spelling of the same bytes: one answer for all."""
    with pytest.raises(LinkDead):
        links.parse_secret(untrusted)
    with pytest.raises(LinkDead):
        links.session_hash(untrusted)
    with pytest.raises(LinkDead):
        links.wrap_key(untrusted)


def test_derivations_are_apart_and_as_documented() -> None:
    """Four values of one secret differ; the second reader derives the link's two alike."""
    derivations = (links.lookup_hash, links.wrap_key, links.session_hash, links.session_key)
    values = [derive(SECRET) for derive in derivations]
    assert {len(value) for value in values} == {32}
    assert len(set(values)) == 4
    assert second_reader.link(SECRET) == (values[0], values[1])


@pytest.mark.parametrize(
    "typed",
    ["acorn barley compass", "Acorn-Barley-Compass", " ACORN  barley,compass. ", "acornbarleycompass"],
)
def test_a_code_is_forgiven_spaces_hyphens_and_case(typed: str) -> None:
    """However it is typed, it is the same code."""
    assert links.normalise_code(typed) == "acornbarleycompass"


def test_a_code_of_digits_is_forgiven_other_digits() -> None:
    """Full-width and Arabic digits, and any grouping."""
    wide, arabic = "\uff11\uff12\uff13\uff14 5678", "\u0661\u0662\u0663\u0664 5678"
    for typed in ("1234 5678", "12345678", "1234-5678", wide, arabic):
        assert links.normalise_code(typed) == "12345678"


def test_a_code_matches_itself_only() -> None:
    """The stored hash is salted and compared whole."""
    stored = links.code_hash("acorn barley compass", SALT)
    assert links.code_matches("ACORN-barley compass", SALT, stored)
    assert not links.code_matches("acorn barley compas", SALT, stored)
    assert not links.code_matches("acorn barley compass", SALT[:-1], stored)
    assert len(stored) == 32


def test_new_codes_have_their_two_shapes() -> None:
    """Three words of the list, or eight digits shown 4+4."""
    for _ in range(50):
        words = links.new_code().split(" ")
        assert len(words) == 3
        assert set(words) <= set(WORDS)
        left, right = links.new_code(words=False).split(" ")
        assert (left + right).isdecimal()
        assert (len(left), len(right)) == (4, 4)


def test_the_words_are_many_plain_and_apart() -> None:
    """At least 1,024, each 4 to 10 small letters, sorted, and no two within one letter of each other."""
    assert len(WORDS) >= 1024
    assert list(WORDS) == sorted(set(WORDS))
    assert all(word.isascii() and word.islower() and word.isalpha() and 4 <= len(word) <= 10 for word in WORDS)
    keys = [(word[:at] + word[at + 1 :], at) for word in WORDS for at in range(len(word))]
    assert len(set(keys)) == len(keys), "two words differ in one letter"
    assert not {key for key, _ in keys} & set(WORDS), "a word is another one with a letter left out"


def test_unkind_words_are_not_in_the_list() -> None:
    """Nothing of violence, custody, family, the body, religion or alcohol."""
    unkind = "knife gun blood prison cell guard mother father church angel beer wine grave victim court police"
    assert not set(unkind.split()) & set(WORDS)
