"""The words of a text as the search knows them: cut, lower case, stemmed, without accents.

Chinese, Japanese and Korean words become pairs of neighbouring characters, and so do those of Thai, Lao, Khmer and
Burmese: these languages put no spaces between words, or (Korean) glue particles to them. Others get the Snowball
stemmer of the language the text is written in. Of a query nobody knows the language, so each of its words stands
for all the stems it could have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Protocol

from assistctl.local.vector_stores.languages import (
    DEFAULT,
    FUNCTION_WORDS,
    is_function_word,
    language_of,
    script_language,
)

_HAN_AND_KANA = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
# Vowel signs and accents that are no letters to `re`, and yet parts of words.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0dff"
_WORD = re.compile(
    rf"(?P<pairs>[{_HAN_AND_KANA}]+|[{_HANGUL}]+|[{_NO_SPACES}]+)"
    rf"|(?:(?![{_HAN_AND_KANA}{_HANGUL}{_NO_SPACES}])(?:[^\W_]|[{_MARKS}]))+"
)
_SYLLABLE = re.compile(
    r"[\u0e40-\u0e44\u0ec0-\u0ec4]?.[\u0e30-\u0e3a\u0e45-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ecd"
    r"\u102b-\u103e\u17b4-\u17d3]*"
)
_MOST_LETTERS = 60
"""A longer word is no word of a language (base64), and is cut."""


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802  # the library's name


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word of a query: the ``terms`` it may have in the index, any of which is the word."""

    terms: tuple[str, ...]
    is_function_word: bool


def index_terms(text: str, filename: str = "") -> str:
    """The terms of ``text`` and of its file's name (without the ending), separated by spaces."""
    found = list(_words(text))
    language = language_of(word for word, is_pair in found if not is_pair)
    named = _words(filename.rpartition(".")[0] or filename)
    return " ".join(word if is_pair else _term(word, language) for word, is_pair in [*found, *named])


def query_words(query: str) -> list[QueryWord]:
    """The different words of a query, in their order."""
    words = {
        QueryWord((word,) if is_pair else _possible_terms(word), not is_pair and is_function_word(word))
        for word, is_pair in _words(query)
    }
    return sorted(words, key=lambda word: word.terms)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Each word in lower case; true for a pair of characters, which is neither stemmed nor stripped of accents."""
    for found in _WORD.finditer(unicodedata.normalize("NFKC", text).lower()):
        word = found[0]
        if found["pairs"]:
            yield from ((pair, True) for pair in _pairs(word))
        else:
            yield from ((word[at : at + _MOST_LETTERS], False) for at in range(0, len(word), _MOST_LETTERS))


def _pairs(word: str) -> Iterator[str]:
    syllables = _SYLLABLE.findall(word)
    if len(syllables) == 1:
        yield word
    for first, second in pairwise(syllables):
        yield first + second


@lru_cache(maxsize=65_536)
def _term(word: str, language: str) -> str:
    stem = _stemmer(script_language(word) or language).stemWord(word) or word
    # The accents of scripts other than these tell words apart.
    if word[0] < "\u0530":
        stem = "".join(
            letter for letter in unicodedata.normalize("NFKD", stem) if not unicodedata.combining(letter)
        )
    return stem or word


@lru_cache(maxsize=4096)
def _possible_terms(word: str) -> tuple[str, ...]:
    if script_language(word) is not None or word.isdecimal():
        return (_term(word, DEFAULT),)
    return tuple(dict.fromkeys(_term(word, language) for language in FUNCTION_WORDS))


@cache
def _stemmer(language: str) -> _Stemmer:
    import snowballstemmer  # type: ignore[import-untyped]  # it has no annotations

    stemmer: _Stemmer = snowballstemmer.stemmer(language)
    return stemmer
