"""Lines of code that no fence encloses, as sets of instructions print them, and whether a fenced text is code."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Lines that only a program has. Comments are prose, and so is a comment's text in front of a doctest.
_CODE_LINE = re.compile(
    r"^(?P<indent>[ \t]*(?:\*[ \t]+)?)(?P<code>"
    r"(?:def|class)[ ]\w+[ ]?(?:\([^\n]*)?:[ \t]*$"
    r"|(?:async[ ]|suspend[ ]|pub[ ])?(?:def|function\*?|fun|func|fn)[ ]\w*[ ]?\([^\n]*$|sub[ ]\w+[ ]?\{?[ \t]*$"
    r"|(?:import|using|package|use)[ ][\w.:*]+(?:[ ]as[ ]\w+)?(?:,[ ]?\w+)*;?[ \t]*$"
    r"|from[ ][\w.]+[ ]import[ ][^\n]+$|\#include[ ]?[<\"][^\n]+$|\#!/[^\n]+$"
    r"|(?:for|while|if|elif|else[ ]if|switch|catch|except|with)\b[ ]?"
    r"(?:\([^\n]*\)[ \t]*\{?|[^\n]*(?:[=()\[\]<>_]|[ ]in[ ])[^\n]*:)[ \t]*$"
    r"|(?:else|try|finally|do)[ \t]*[:{][ \t]*$|\}[ ]?(?:else|catch|finally|while)\b[^\n]*$"
    r"|(?:return|raise|yield|await|throw|print|echo|del|assert)\b[ ]?[^\n]*[\w)\]}\"'];[ \t]*$"
    r"|return[ ](?:[\w.\[\]]+|[^\n]*[()\[\]{}=+*/<>_%\"'][^\n]*)[ \t]*$|(?:break|continue|pass|return)[ \t]*;?[ \t]*$"
    r"|(?:var|let|const|int|float|double|char|bool|boolean|string|String|void|long|auto|public|private|protected|static|final)"
    r"[ ][^\n]*[=;{()][^\n]*$"
    r"|\*?[\w$][\w.\[\]\"'$]*(?:,[ ]?[\w.\[\]]+)*[ ]?(?:[-+*/%&|]|//|\*\*)?=(?!=)[ ]?[^\n=][^\n]*$"
    r"|[A-Za-z_][\w.]*\([^\n]*\)[ \t]*(?:;|\{|:)?[ \t]*(?:(?:\#|//)[^\n]*)?$"
    r"|(?:>>>|\.\.\.|\$|\#|C:\\[^\n>]*>)[ ](?<![#][ ])[^\n]+$"
    r"|(?:SELECT|INSERT[ ]INTO|UPDATE|DELETE[ ]FROM|CREATE[ ]TABLE|ALTER[ ]TABLE|DROP[ ]TABLE"
    r"|FROM|WHERE|GROUP[ ]BY|ORDER[ ]BY"
    r"|(?:INNER|LEFT|RIGHT)?[ ]?JOIN|HAVING|LIMIT)[ ][^\n]*$"
    r"|@\w+(?:\([^\n]*\))?[ \t]*$|[{}\[\]();,]+[ \t]*$|[.\#]?[\w-]+(?:[ ,>]+[.\#]?[\w-]+)*[ ]?\{[ \t]*$"
    r"|[a-z][a-z-]*:[ ]?[#\w.%-]+(?:[ ,]+[#\w.%()-]+){0,3};[ \t]*$"
    r"|[^\n]*(?:=>|->|::|&&|\|\||\+\+|\)[ ]?\{|\);|\};|(?:\+\+|--);)[ \t]*$"
    r")",
    re.MULTILINE,
)
#: An equals sign, a bracket or a semicolon stands in every line of code that is worth the pattern above.
_MARKS = re.compile(r"[=(){};\[\]]|>>>|\bimport\b|\bdef\b|SELECT|#include|^[ \t]*(?:else|try|return)\b", re.MULTILINE)
#: After the code of a line: a comment, which is prose.
_COMMENT = re.compile(r"(?<=[\w)\]};:'\"])[ \t]+(?:#|//)[ ].*$")
#: Comments and docstrings of programs, with what opens them.
COMMENT = re.compile(
    r"(?:(?<=\s)|^)(?:#(?![\w-]*\{)|//|--)[^\n]*|/\*.*?\*/|(?P<doc>\"\"\"|''').*?(?P=doc)|<!--.*?-->", re.M | re.S
)
#: What stands before each line of a comment: " * ", "// ", "# ".
COMMENT_MARK = re.compile(r"^[ \t]*(?:(?:\*(?![*/])[ \t]*)+|//+|#+(?=\s))[ \t]?", re.MULTILINE)
#: A line that begins as a statement does and goes on in words: "return 'a' since 'b' is the strongest".
_STATEMENT = re.compile(r"(?:return|raise|yield|throw|print|echo|assert|for|while|if|with|switch|catch)\b")
_STRINGS = re.compile(r"\"[^\"]*\"|'[^']*'|\([^()]*\)|\[[^\[\]]*\]")
_WORDS_IN_A_ROW = re.compile(r"(?<![\w.])([^\W\d_]{2,})(?=[ ]([^\W\d_]{2,})(?:[ ,.:;]|$))")
_KEYWORDS = frozenset(
    "return raise yield throw print echo assert for while if else elif with switch catch in not and or is as new await "
    "async None True False null true false undefined from lambda typeof instanceof delete void unless end do then let "
    "var const final auto static case isset".split()
)
_WORDS = re.compile(r"(?<![\w.\"'(])[^\W\d_]{2,}(?= |[,.:;!?]? )")
#: Info strings of fences that hold prose.
_PROSE_FENCES = frozenset({"", "text", "txt", "markdown", "md", "plaintext", "plain"})
_ANY_WORD = re.compile(r"[^\W\d_]{2,}")
#: Of the words beside the code of a commented program, those outside of comments: names of types and the like.
_OUTSIDE = 0.2
#: Words of plain prose in one line, above which a mark or two do not make code of it.
_PROSE_WORDS = 8
#: Of the lines of a fence without a language, those that must be code.
_CODE_SHARE = 0.3


def code_line_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of the code of each line of code, without its indent and the comment after it."""
    if not _MARKS.search(text):
        return
    for match in _CODE_LINE.finditer(text):
        start, end = match.span("code")
        comment = _COMMENT.search(text, start, end)
        end = start + len(text[start : comment.start() if comment else end].rstrip())
        if _has_code(text[start:end]):
            yield start, end


def is_code(text: str, language: str = "") -> bool:
    """Whether the inside of a fence is code: its info string names a language, or enough of its lines are."""
    if language.split(" ")[0].lower() not in _PROSE_FENCES:
        return True
    lines = [line for line in text.splitlines() if line.strip()]
    code = sum(1 for _ in code_line_spans(text)) + sum(line.lstrip().startswith(("#", "//", '"')) for line in lines)
    return bool(lines) and code >= max(1, _CODE_SHARE * len(lines))


def _has_code(line: str) -> bool:
    if line.startswith((">>>", "SELECT", "import ", "from ")):
        return True
    if _STATEMENT.match(line) and _goes_on_in_words(line):
        return False
    return sum(1 for _ in _WORDS.finditer(line)) < _PROSE_WORDS


def _goes_on_in_words(line: str) -> bool:
    """Whether two words in a row stand outside of strings and brackets that are no keywords of a program."""
    bare = _STRINGS.sub("0", line)
    return any(not _KEYWORDS.intersection(match.groups()) for match in _WORDS_IN_A_ROW.finditer(bare))


def is_commented_program(text: str, code: str) -> bool:
    """Whether a text is a program whose prose stands in its comments.

    Args:
        text: all of it.
        code: the text without its lines of code.
    """
    words = len(_ANY_WORD.findall(code))
    outside = len(_ANY_WORD.findall(COMMENT.sub(" ", code)))
    return words > outside and outside <= _OUTSIDE * words and code != text
