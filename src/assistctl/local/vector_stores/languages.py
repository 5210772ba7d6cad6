# ruff: noqa: RUF001  # letters of other alphabets are meant
"""The language of a text, as far as stemming depends on it.

A script that one language stands for names it. Among those of the Latin alphabet the commonest words decide: they
are a third of any prose. Text without such words, as code or tables are, counts as English.
"""

from __future__ import annotations

from collections.abc import Iterable

DEFAULT = "english"

FUNCTION_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "english": """a an and are as at be been but by can could did do does for from had has have how i if in is
            it its me my no not of on or our should so than that the their them then there these they this to was
            we were what when where which who why will with would you your""",
        "german": """aber als am an auf aus bei bin bis das dass dem den der des die doch du ein eine einem einen
            einer es für hat ich ihr im in ist kann man mein mit nach nicht noch nur oder sich sie sind so und
            uns von vom vor war was wenn wer werden wie wir wird wo zu zum zur über""",
        "french": """au aux avec ce ces cette comment dans de des du elle en est et il ils je la le les leur lui
            mais mes mon ne nous on ou où par pas plus pour qu que qui quoi sa se ses si son sont sur un une vous
            à été""",
        "spanish": """al como con cuál cuando de del donde el ella en es esta este esto hay la las lo los más me mi
            muy no nos o para pero por puede que qué quién se ser si sin sobre su sus también un una y ya""",
        "portuguese": """ao aos as com como da das de do dos e ela ele em essa esse esta este eu foi isso mais mas
            me na nas no nos não o os ou para pela pelo por que quem se sem ser seu sua são também um uma você
            à é""",
        "italian": """ai al alla anche che chi ci come con cosa da dal del della di dove e gli ha i il in io la le
            lo ma mi nel nella non o per più quando questa questo se si sono su sua suo un una è""",
        "dutch": """aan als bij dan dat de die dit door een en er het hij hoe ik in is je kan maar met naar niet
            nog of om ook op over te uit van voor waar wat we werd wie worden zijn ze zo""",
        "swedish": """att av de den det du där efter eller en ett från för ha han har hur hon i inte jag kan man
            med men mot när och om på sig som så till under upp var vi vid är över""",
        "danish": """af at blev da de den der det du efter eller en er et for fra han har hun hvad hvor hvordan i
            ikke jeg kan med men mod når og om på sig skal som så til ud var ved vi""",
        "norwegian": """at av ble da de den det du eller en er et etter for fra han har hun hva hvor hvordan i ikke
            jeg kan med men mot når og om på seg skal som så til ut var ved vi""",
        "finnish": """ei että hän ja jos joka kanssa kuin kun minä mitä mukaan mutta myös niin nyt olen on ovat
            se sekä siitä sinä tai tämä vain voi""",
        "polish": """ale być co czy dla do gdzie i ich jak jako jest jestem każdy kto lub ma na nie od oraz po
            przez przy się są tak tego ten to tym w we z za ze że""",
        "turkish": """ama bir bu da daha de değil en gibi hangi her için ile kadar ki mi mı nasıl ne nerede olan
            olarak sonra var ve veya ya çok""",
        "indonesian": """ada adalah akan anda apa atau bagaimana bahwa dalam dan dapat dari dengan di ini itu
            juga ke mana oleh pada saya sudah telah tidak untuk yang""",
    }.items()
}
"""The commonest words of languages in the Latin alphabet, lower case, with their accents."""

BY_SCRIPT: tuple[tuple[str, str, str], ...] = (
    ("\u0370", "\u03ff", "greek"),
    ("\u0400", "\u052f", "russian"),
    ("\u0530", "\u058f", "armenian"),
    ("\u0600", "\u06ff", "arabic"),
    ("\u0900", "\u097f", "hindi"),
    ("\u0b80", "\u0bff", "tamil"),
)
"""First and last character of scripts, and the language whose stemmer their words get."""

_OTHER_FUNCTION_WORDS = {
    "russian": """и в не на что как это по но из у за то все так для от с к о или где когда кто чем ли""",
    "arabic": """في من على إلى ما هل هو هي أن عن كيف متى أين و""",
    "greek": """και το να η ο τα της του με για που πως""",
    "hindi": """के का की में है हैं और से को क्या कैसे पर""",
}


def is_function_word(word: str) -> bool:
    """Whether a lower-case word is one of the commonest of some language: it says little about a subject."""
    return word in _ANY_FUNCTION_WORD


def language_of(words: Iterable[str]) -> str:
    """The language in the Latin alphabet whose commonest words are most frequent among lower-case ``words``."""
    seen = dict.fromkeys(FUNCTION_WORDS, 0)
    for word in words:
        for language in _LANGUAGES_OF.get(word, ()):
            seen[language] += 1
    # On a tie the first one, which is English.
    return max(seen, key=seen.__getitem__)


def script_language(word: str) -> str | None:
    """The language that a script stands for; ``None`` for the Latin alphabet and for scripts without a stemmer."""
    initial = word[0]
    return next((language for first, last, language in BY_SCRIPT if first <= initial <= last), None)


_LANGUAGES_OF: dict[str, tuple[str, ...]] = {}
for _language, _words in FUNCTION_WORDS.items():
    for _word in _words:
        _LANGUAGES_OF[_word] = (*_LANGUAGES_OF.get(_word, ()), _language)
_ANY_FUNCTION_WORD = frozenset(" ".join(_OTHER_FUNCTION_WORDS.values()).split()) | _LANGUAGES_OF.keys()
