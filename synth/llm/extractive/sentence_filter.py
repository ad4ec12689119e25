"""Which sentences of a news article can stand in another text: whole, told by the reporter, pointing at nothing before.

Rules and word lists for Italian and Vietnamese, shorter ones for English, Spanish, French and German. They err on the
side of leaving out: an article has more fit sentences than a summary needs.
"""

from __future__ import annotations

import itertools
import re

from synth.language.segmentation import words

_BOILERPLATE = re.compile(
    r"leggi anche|leggi tutto|riproduzione riservata|copyright|©|iscriviti|newsletter|sullo stesso argomento|"
    r"continua a leggere|clicca qui|foto di copertina|\b(?:foto|photo) ?[:|/]|\bvideo:|guarda il video|"
    r"segui la diretta|in aggiornamento|per approfondire|agenzia ansa|qui (?:sopra|sotto)|nel video|"
    r"\bảnh:|\bảnh minh họa|\bvideo:|xem thêm|đọc thêm|xem tiếp|>>|bấm vào|(?:tin|bài) liên quan|mời bạn đọc|"
    r"read more|read also|sign up|all rights reserved|https?://|www\.",
    re.IGNORECASE,
)
#: What agencies and newspapers print before or around a text and is none of it.
_STAMPS = re.compile(
    r"^Caricamento player\s*|"
    r"\s*\((?:ANSA|Adnkronos|Reuters|AGI|LaPresse|TTXVN|AFP|AP)\)(?:\s*[.–-](?=\s|$))?|"
    r"^[A-ZÀ-Ý][A-ZÀ-Ý' ]{2,24}, \d{1,2} [A-Z]{3} [-–] |^[A-ZÀ-Ý][A-ZÀ-Ý' ]{2,24} [-–] |"
    r"^\(?(?:TTO|TPO|TNO|NLĐO|VOV\.VN|VTC News|Dân trí|Petrotimes|TTXVN|VnExpress)\)? [-–] "
)
_DEPENDENT = {
    "it": (
        "ma e ed però inoltre anche questo questa questi queste quello quella quelli quelle quel quei quegli li "
        "lui lei loro egli ella essi quindi infine invece tuttavia poi così infatti dunque mentre perché né o "
        "oppure tale tali altri altre altro qui lì ciò cosa insomma allora eppure intanto nel^frattempo "
        "in^particolare per^questo a^questo una^volta si suo sua suoi sue non^solo proprio certo sì no ecco "
        "del^resto in^questo secondo^lui secondo^lei c^era c^erano d^accordo di^questo tra^questi tra^l^altro "
        "fra^questi tra^loro fra^loro entrambi entrambe ancora già dal^canto^suo da^parte^sua da^qui da^allora "
        "al^contrario nonostante^ciò a^bordo per^la^precisione ne cui nel^recupero lo^stesso la^stessa gli^stessi "
        "le^stesse resta^il tantomeno a^quanto^pare sempre magari con^lui con^lei neppure neanche "
        "nemmeno a^darne a^riferirlo a^dirlo"
    ),
    "vi": (
        "tuy^nhiên tuy^vậy nhưng và ngoài^ra bên^cạnh^đó do^đó vì^vậy vì^thế theo^đó trong^khi^đó điều^này "
        "họ hắn đây sau^đó nó cũng đồng^thời trong^đó mặt^khác hơn^nữa thế^nhưng "
        "song còn thậm^chí như^vậy việc^này những^người^này nạn^nhân^này trước^đó khi^đó lúc^đó từ^đó cụ^thể "
        "chính^vì đó ở^đây tại^đây cùng^với^đó người^này anh^ta cô^ta chúng mà nên vụ^việc^này nhờ^đó qua^đó vậy "
        "thế hai^bên chúng^tôi tôi"
    ),
    "en": (
        "but and however also this these that those it he she they him her his its their then so thus therefore "
        "moreover meanwhile besides yet or nor such others another here there instead still in^addition we i you "
        "our"
    ),
    "es": (
        "pero y e también este esta esto estos estas ese esa eso él ella ellos además sin^embargo por^eso así "
        "luego entonces o"
    ),
    "fr": (
        "mais et aussi ce cette ces cela ceci il elle ils elles ainsi puis donc ensuite cependant toutefois "
        "en^outre or ou"
    ),
    "de": (
        "aber und auch dies diese dieser dieses er sie es dann danach daher deshalb jedoch außerdem doch sondern "
        "oder zudem"
    ),
}  # fmt: skip
_DEPENDENT_STARTS = {
    code: tuple(tuple(entry.split("^")) for entry in text.split()) for code, text in _DEPENDENT.items()
}
#: What points back at a sentence before it, though the sentence begins with something else.
_POINTERS = {
    "it": re.compile(
        # "È il limite che …", "Sono queste le …"
        r"(?:È|Era|Sarà|Fu|Sono|Erano|Saranno) (?:il|lo|la|l['’]|i|gli|le|un|uno|una|un['’]|quant[oi]|quest[oaie]|"
        r"quell[oaie]|così|anche|proprio|invece|sempre|però|poi)\b|"
        # "È stato colpito …", "Hanno detto …": the subject is in the sentence before
        r"(?:È|Era|Sono|Erano) (?:stat[oaie] )?\w+(?:[aiu]t|s|tt|rt|nt)[oaie]\b|(?:Ha|Hanno|Aveva|Avevano|Resta|"
        r"Restano|Resterà|Resteranno) |"
        # "La moneta infatti …", "Facendosi raccontare …"
        r"(?:[\w'’]+ ){1,5}(?:infatti|però|inoltre|dunque|quindi|tuttavia|invece)\b|"
        r"(?!Quando)\w+(?:ando|endo)(?:si|lo|la|li|le|ne|gli|ci)? [a-zà-ù]|"
        # "Lo ha reso noto …", "Lo spiega …"; not "Lo Stato", "Lo sciopero", "Lo zoo"
        r"Lo (?!z|ps|gn|x|y)(?:ha|[^\WsA-Z]\w*[aeo](?:no)?\b|s(?:crive|piega|ostiene|ottolinea|egnala|tima))|"
        # "In tale …", "Nella stessa …"; not "In questi giorni …"
        r"(?:\w+['’ ]+){1,2}(?:quest[oaie]|quel|quell[oaie]|que(?:i|gli)|tal[ei]|stess[oaie])\b(?! (?:mattina|sera|"
        r"notte|settimana|pomeriggio|ann[oi]|mes[ei]|giorn[oi]|ore|estate|inverno|autunno|primavera|ultim\w+))"
    ),
    # "Công ty này …", "Đoạn ấy …"; "hôm nay", "năm nay" point at the day.
    "vi": re.compile(r"(?:[\w/.]+ ){1,4}(?:này|ấy|đó|nọ|kể trên|nói trên|trên đây)\b"),
    "en": re.compile(r"(?:\w+ ){1,2}(?:this|that|these|those|such)\b(?! (?:morning|evening|year|week|month))"),
}
_VI_PRONOUNS = frozenset("ông bà anh chị cô".split())
#: After a pronoun they make a noun: "bà con" (people), "cô gái" (girl).
_VI_KIN = frozenset("con gái dâu giáo chủ trai em nội ngoại xã mẹ lão bà cả".split())
#: Who speaks of himself outside quotation marks stands in a quotation whose marks are elsewhere.
_FIRST_PERSON = {
    "it": (
        "io noi eravamo avevamo stiamo ho mio mia miei mie abbiamo nostra nostro voglio vogliamo voi vostro siamo "
        "sto mi dovete avete potete siete mettete volete sapete immaginate"
    ),
    "en": "i my we our us me",
    "es": "yo mi mis nosotros nuestro nuestra hemos somos",
    "fr": "je j mon ma mes nous notre nos avons sommes",
    "de": "ich mein meine wir unser unsere haben",
}
_SPEAKER = {code: re.compile(rf"\b(?:{'|'.join(text.split())})\b") for code, text in _FIRST_PERSON.items()} | {
    # "của mình" is his own, "một mình" alone; "các em" and "em bé" are children, "anh em" brothers.
    "vi": re.compile(
        r"\btôi\b|(?<!của )(?<!một )(?<!chính )(?<!bàn )\bmình\b|"
        r"(?<!các )(?<!trẻ )(?<!những )(?<!chị )(?<!anh )(?<!hai )\bem\b(?! (?:bé|gái|trai|học))"
    )
}
RELATIVE_DAYS = {
    "it": r"oggi|ieri|domani|stamattina|stamane|stamani|stasera|stanotte|questa (?:mattina|sera|notte)",
    "vi": r"hôm nay|hôm qua|sáng nay|trưa nay|chiều nay|tối nay|đêm nay|sáng qua|chiều qua|tối qua|đêm qua|ngày mai",
    "en": r"today|yesterday|tomorrow|tonight|this (?:morning|afternoon|evening)",
    "es": r"hoy|ayer|mañana|esta (?:mañana|tarde|noche)",
    "fr": r"aujourd['’]hui|hier|demain|ce (?:matin|soir)",
    "de": r"heute|gestern|morgen",
}
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"|''.*?''")
_MIN_WORDS = 7
#: Words of the longest sentence that is taken, by language; Vietnamese writes each syllable apart.
_LONGEST = {"": 70, "vi": 100}


def clean(paragraph: str) -> str:
    """A paragraph without agency stamps and datelines."""
    before = ""
    # One behind the other: "(ANSA) - ROMA, 12 MAG - …".
    while paragraph != before:
        before, paragraph = paragraph, _STAMPS.sub("", paragraph).strip()
    return paragraph


#: A sub-heading that lost its line: "… al sottosegretario Delmastro La senatrice …".
_GLUED_HEADING = {
    "it": re.compile(
        r"[\wÀ-ÿ»”] (?:Il|Lo|La|I|Gli|Le|Un|Una|Nel|Nella|Sul|Sulla|Dal|Dalla|Del|Della|In|Al|Alla|Con|Da|Per|"
        r"Dopo|È|E'|Come|Secondo|Non|Si|Oggi|Ieri) [a-zà-ù]"
    ),
    "vi": re.compile(
        # Not "Cơ quan", "Lực lượng", "Quân đội": names of offices and forces begin with them in mid-sentence.
        r"[a-zà-ỹđ] (?:Theo|Trong|Ngày|Các|Những|Một|Tại|Trước|Sau|Khi) [a-zà-ỹđ\d]"
    ),
}
#: Letters of the longest word of prose; longer ones are words whose spaces a page lost ("diffusoalcunivideoche").
_LONGEST_WORD = 20


def is_fit(sentence: str, language: str = "") -> bool:
    """Whether a sentence can stand in a summary at all: whole, a statement, no boilerplate, no piece of a quotation."""
    if not sentence or not (sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "«“\"'‘"):
        return False
    if not re.search(r"[.!…][»”\"')]*$", sentence) or "?" in sentence or not _is_balanced(sentence):
        return False
    longest = _LONGEST.get(language, _LONGEST[""])
    if not _MIN_WORDS <= len(words(sentence)) <= longest or _BOILERPLATE.search(sentence):
        return False
    heading = _GLUED_HEADING.get(language)
    if (heading and heading.search(sentence)) or any(len(word) > _LONGEST_WORD for word in words(sentence)):
        return False
    told = [word.lower() for word in words(_QUOTED.sub(" ", sentence))]
    speaker = _SPEAKER.get(language)
    if speaker and speaker.search(" ".join(told)):
        return False
    # A quotation without the words of who reports it says nothing about who speaks.
    return len(told) >= 4


def _is_balanced(text: str) -> bool:
    pairs = (("«", "»"), ("“", "”"), ("(", ")"), ("[", "]"))
    closed = all(text.count(left) == text.count(right) and text.find(right) >= text.find(left) for left, right in pairs)
    return closed and text.count('"') % 2 == 0 and text.count("''") % 2 == 0


def begins_dependent(sentence: str, language: str) -> bool:
    """Whether its first words continue a thought: "Inoltre", "Tuy nhiên"."""
    first = tuple(word.lower() for word in words(_unaccented(sentence)))
    return any(first[: len(entry)] == entry for entry in _DEPENDENT_STARTS.get(language, ()))


def is_dependent(sentence: str, language: str) -> bool:
    """Whether it begins with a word that points at a sentence before it."""
    if begins_dependent(sentence, language):
        return True
    pointer = _POINTERS.get(language)
    pointed = bool(pointer and pointer.match(_unaccented(sentence)))
    return pointed or (language == "vi" and _has_bare_pronoun(sentence))


def _unaccented(sentence: str) -> str:
    """The beginning; Italian wires type "È" as "E'", which is no "and"."""
    return re.sub(r"^E['’] ", "È ", sentence[:80])


def _has_bare_pronoun(sentence: str) -> bool:
    """Whether "ông" comes without a name after it, and no name stands before it either."""
    tokens = _QUOTED.sub(" ", sentence).split()
    for number, (token, following) in enumerate(itertools.pairwise(tokens)):
        if token[0].isupper() and following[0].isupper() and number:
            return False
        if token.lower().rstrip(",") in _VI_PRONOUNS:
            if following[0].isupper() and not token.endswith(","):
                return False
            if following not in _VI_KIN:
                return True
    return False
