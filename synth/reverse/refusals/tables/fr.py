"""French."""

from __future__ import annotations

from synth.language.table import words
from synth.reverse.refusals.table import InstructionTable

_TEXT = (
    r"(?:textes?|passages?|articles?|paragraphes?|extraits?|documents?|fragment|récit|nouvelle|communiqué|contenu|"
    r"lettre|tableau|liste|recette|entretien|interview|"
    r"conversation|dialogue|phrases?|informations?|données|déclarations?|conseils|points|événements|faits|titre|"
    r"discours|graphique|image|contexte|poème|citation)"
)
_PARTICIPLE = (
    r"(?:(?:ci-|mentionnée?s? )?(?:dessus|dessous)|suivante?s?|précédente?s?|fournie?s?|donnée?s?|jointe?s?|"
    r"citée?s?|en question|qui (?:suit|suivent|précède)|proposée?s?|présentée?s?)(?! (?:par|à|au|aux|dans|en|pour|"
    r"lors|de|du|des)\b)"
)
_NAMED = r"(?! (?:de|du|des|d['’]|\d|adopté|approuvé|fondateur))"
_READING = (
    r"(?:résum|lis|lire|analys|tradui|paraphras|réécri|corrig|simplifi|compl[ée]t|comment|raccourci|continu|évalu|"
    r"reformul)\w*"
)
_POINTERS = (
    # whatever its noun is: "la définition suivante"
    r"\b(?:le|la|les|l['’]|du|au|aux|des) ?(?!jour|année|mois|semaine|matin|saison|question|consigne)[a-zà-ÿ]+ "
    r"(?:suivante?s?|"
    r"ci-dessous|ci-dessus|donnée?s?|fournie?s?)(?= *(?:[,.;:?!]|$|(?:en|dans|pour|et|à|avec|sous)\b))|"
    rf"\b(?:suivante?s?|précédente?s?|présente?) {_TEXT}\b|\b{_TEXT}(?: \w+)? {_PARTICIPLE}"
    rf"|\b(?:ce|cet|cette|ces) (?:\w+ )?{_TEXT}\b"
    r"|\b(?:ci-dessus|ci-dessous|ce qui (?:suit|précède)|comme suit|susmentionnée?s?)\b"
    rf"|\b(?:le|du|au|dans le|selon le|d['’]après le) (?:texte|passage|paragraphe|extrait|fragment|document|"
    rf"communiqué)\b{_NAMED}"
    rf"|\b(?:dans|de|selon|d['’]après|à partir de|sur) l['’](?:article|extrait)\b{_NAMED}"
    rf"|\b{_READING} (?:le|la|l['’]|les) ?(?:texte|article|passage|extrait|document|paragraphe|lettre|tableau|"
    rf"phrase|entretien|communiqué)\b{_NAMED}"
    r"|\bl['’]article (?:dit|parle|décrit|explique|mentionne|évoque|raconte)"
    r"|\b(?:l['’]auteure?|le narrateur|l['’]écrivain)\b(?! (?:de|du|des|d['’]))"
)

TABLE = InstructionTable(
    making=(
        r"(?:(?:écri|rédig|compos|cré|invent|génèr|générer|prépar|imagin|propos|formul|élabor|trac|improvis|présent|"
        r"réalis)(?:s|e|es|ez|er|re|vez|ez-moi)?|écrivez|écris|écrire|fais|faites|faire|donne|donnez|donner|produis|"
        r"produisez|produire|raconte|racontez|raconter|fournis|fournissez|fournir|conçois|concevez)(?:-moi|-nous)?"
    ),
    asking=(
        r"(?:(?:expliqu|racont|list|énumèr|énumér|analys|comment|illustr|présent|inform|imagin|parl|retrac|indiqu|"
        r"évalu|compar|annonc|examin|complét|consid[ée]r|explor|argument|simplifi|trouv|not|cit|nomm|rappel|montr|"
        r"aid|utilis|précis|dégag|dress|relat|ajout|chang|class|remplac|sélectionn|calcul|organis|adapt|modifi|"
        r"transform|identifi|justifi|détaill|élabor|développ|continu|clarifi|suggèr|suggér|pens|assembl|combin|"
        r"convert|insèr|insér|détermin|soulign|étudi|critiqu|déduis|conseill|expos|rédig|narr|esquiss)"
        r"(?:e|ez|er|es|ons)|décris|décrivez|décrire|résume|résumez|résumer|discute|discutez|réponds|répondez|"
        r"répondre|lis|lisez|lire|réécris|réécrivez|dis|dites|dire|traduis|traduisez|traduire|corrige|corrigez|"
        r"corriger|"
        r"définis|définissez|définir|exprime|exprimez|rapporte|rapportez|tu es|vous êtes|célèbre|célébrez)(?:-moi|"
        r"-nous|-le|-la|-les)?"
    ),
    between=(
        r"(?:une?|le|la|l['’]|les|des|du|quelques|deux|trois|quatre|cinq|six|dix|\d+|brève?|courte?|longue?|petite?|"
        r"belle|beau|nouvelle|nouveau|simple|formelle?|informelle?|amusante?|détaillée?|originale?|imaginaire|moi|"
        r"nous|page de|lignes de|série de|touchante?|drôle|véritable)"
    ),
    questions=(
        r"\?|^(?:qui|que|qu['’]|quand|combien|où|comment|pourquoi|quel(?:le)?s?|en quoi|à quoi|est-ce)\b|"
        r"\b(?:peux-tu|pouvez-vous|pourrais-tu|pourriez-vous|je voudrais|j['’]aimerais|j['’]ai besoin|il me faut|"
        r"vous devez|tu dois|veuillez|merci de)\b"
    ),
    asks_money=(
        r"combien (?:coûte|coûtent|coûtera|a coûté|ont coûté|paie)|quel est le (?:prix|coût|montant)|quels sont les "
        r"prix"
    ),
    asks_time=r"\bquand\b|(?:à|en) quelle? (?:date|année|heure)|quel (?:jour|mois)",
    asks_number=r"\bcombien d",
    genres={
        "poem": (
            r"poèmes?|poésies?|sonnets?|haïkus?|odes?|ballades?|comptines?|acrostiches?|vers|strophes?|quatrains?|"
            r"rimes?|limericks?"
        ),
        "song": r"chansons?|paroles de chanson|hymne|rap|refrain|berceuse",
        "recipe": r"recettes?",
        "code": (
            r"code|scripts?(?= (?:en|qui|python|bash))|programme (?:en|informatique)|fonctions? (?:en|python|qui)|"
            r"requêtes?|algorithmes?|macro|expression régulière"
        ),
        "markup": r"json|xml|html|csv|yaml|sql|markdown|page web",
        "table": r"tableaux?|grille",
        "letter": r"lettres?|missive|cartes? postales?",
        "email": r"e-?mails?|courriels?|mails?|sms|textos?|message électronique",
        "interview": r"entretiens?|interviews?|questions[- ]réponses|questions et (?:des |les )?réponses",
        "dialogue": r"dialogues?|conversations?|scènes?|scénarios?|pièces? de théâtre|sketch|monologues?|saynètes?",
        "bullets": r"listes? (?:à puces|numérotées?)|puces",
        "list": r"listes?|check-list",
        "timeline": r"chronologies?|frise chronologique",
        "questions": r"quiz|questionnaires?|questions?(?! (?:et|réponses))|devinettes?|mots croisés|qcm|test",
        "fiction": (
            r"contes?|fables?|nouvelle (?:de|fantastique|policière)|romans?|légendes?|blagues?|histoires? "
            r"(?:drôles?|courtes?|pour enfants|de fantômes)|paraboles?|mythes?"
        ),
        "howto": r"mode d['’]emploi|tutoriel|itinéraire|manuel|guide (?:pratique|de voyage|pas à pas)",
        "diary": r"journal intime|page de journal|page du journal",
        "speech": r"discours|allocutions?|sermons?|plaidoirie|éloge funèbre",
        "headline": r"titres?(?! de transport)|slogans?|accroches?",
        "tweet": r"tweets?|hashtags?",
        "advert": r"publicités?|annonce publicitaire|spot",
        "cv": r"cv|curriculum vitae|contrats?|factures?|horoscopes?|menus?|testaments?",
    },
    form_of=(
        r"sous (?:la )?forme (?:de|d['’])|au format|dans le style (?:de|d['’])|à la manière (?:de|d['’])|comme "
        r"s['’]il s['’]agissait (?:de|d['’])"
    ),
    phrases={
        "poem": r"\ben (?:vers|rimes|alexandrins)\b",
        "bullets": r"\bpar points\b|\bavec des puces\b",
        "translation": (
            r"^(?:traduis|traduisez|traduire)\b|\ben (?:anglais|allemand|italien|espagnol|chinois|vietnamien|"
            r"latin)\s*[.!]?$"
        ),
        "list": r"^(?:liste[rz]?|énumère[rz]?|énumérez)\b",
        "math": r"^(?:calcule[rz]?|résous|résolvez|démontre[rz]? que)\b",
    },
    measures={
        "word": r"mots?",
        "sentence": r"phrases?",
        "paragraph": r"paragraphes?",
        "line": r"lignes",
        "character": r"caractères|signes",
        "item": (
            r"(?:\w+ )?(?:conseils|raisons|points|façons|exemples|idées|aspects|choses|étapes|questions|éléments|"
            r"règles|faits|conséquences)"
        ),
    },
    titled=r"\b(?:intitulée?s?|avec le titre|ayant pour titre|titre|titrée?|nommée?|appelée?)\b",
    reader=(
        r"(?:à|pour) (?:un |une |des )?(?:enfant|élève|lecteur|étudiant|public)s? de (?:NUMBER)(?: à (?:NUMBER))? "
        r"ans"
    ),
    numbers={
        "un": 1,
        "une": 1,
        "deux": 2,
        "trois": 3,
        "quatre": 4,
        "cinq": 5,
        "six": 6,
        "sept": 7,
        "huit": 8,
        "neuf": 9,
        "dix": 10,
    },
    pointers=_POINTERS,
    demonstrative=r"\b(?:ce|cet|cette|ces) (\w+)",
    demonstrative_times=(
        r"an(?:née)?s?|semaine|mois|jours?|matin|soir|nuit|été|hiver|printemps|automne|saison|que|qui|sont|n|type|"
        r"genre|sujet|style|format|cas|point|moment|dernier\w*|demande|question|consigne|week"
    ),
    preamble=(
        r"^(?:bien sûr|certainement|d['’]accord|absolument|oui|ok|parfait|volontiers)\b\s*[,.!:]|^voici\b|"
        r"^(?:instruction|question|consigne|réponse|demande|prompt)\s*:|^(?:la|une) (?:consigne|instruction|"
        r"question) (?:est|serait|possible)\b"
    ),
    salutation=r"\b(?:chère?s?|monsieur|madame|cordialement|salutations|bien à vous|bonjour)\b",
    cooking=r"\b(?:ingrédients|cuillères?|four|mélangez|cuire|hachez|beurre|farine|poêle|faites revenir|mijoter)\b",
    once_upon=r"il était une fois|il y a (?:bien )?longtemps|vécurent heureux",
    addressed=r"\b(?:mesdames|messieurs|chers|mes amis|concitoyens|merci|camarades)\b",
    home=words("france français française françaises europe"),
    common=words(
        "article nouvelle brève court texte journal journaliste journalistique lecteur lecteurs citoyens mots "
        "phrases phrase dépêche actualité reportage sujet "
        "explique raconte écris décris résume rédige enfant enfants ans style ton manière simple clair quoi quel "
        "quelle quels quelles qui comment quand pourquoi combien où "
        "raisons cause causes conséquences effets détails principaux principales situation fait faits événement "
        "événements affaire histoire informations données professionnel communiqué presse passé après avant "
        "être est sont été a ont au aux du des une un le la les de en dans sur pour par avec que qu et ou ce cette "
        "son sa ses leur leurs"
    ),
)
