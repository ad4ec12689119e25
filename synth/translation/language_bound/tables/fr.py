"""French."""

from __future__ import annotations

from synth.translation.language_bound.table import BoundTable, ConstraintTable

TABLE = BoundTable(
    code="fr",
    languages={
        "anglais": "en", "anglaise": "en", "français": "fr", "française": "fr", "espagnol": "es", "espagnole": "es",
        "allemand": "de", "allemande": "de", "italien": "it", "italienne": "it", "vietnamien": "vi",
        "portugais": "pt", "néerlandais": "nl", "russe": "ru", "chinois": "zh", "mandarin": "zh", "japonais": "ja",
        "coréen": "ko", "arabe": "ar", "hindi": "hi", "latin": "la", "grec": "el", "turc": "tr", "polonais": "pl",
        "suédois": "sv", "norvégien": "no", "danois": "da", "finnois": "fi", "tchèque": "cs", "hongrois": "hu",
        "roumain": "ro", "ukrainien": "uk", "bulgare": "bg", "hébreu": "he", "thaï": "th", "indonésien": "id",
        "persan": "fa", "ourdou": "ur", "bengali": "bn", "swahili": "sw", "catalan": "ca", "espéranto": "eo",
        "croate": "hr", "serbe": "sr", "pendjabi": "pa", "punjabi": "pa", "kannada": "kn", "marathi": "mr",
        "gujarati": "gu", "tamoul": "ta", "telugu": "te", "télougou": "te", "népalais": "ne",
    },
    numbers={
        "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
        "dix": 10, "onze": 11, "douze": 12, "quinze": 15, "vingt": 20, "cinquante": 50, "cent": 100,
    },
    shorthands={
        "sentence": r"""
            (?:phrases?|textes?|paragraphes?|passages?|mots?|énoncés?|lettre|suivante?)
        """,
        "speech_part": r"""
            (?:noms? (?:communs?|propres?)|substantifs?|verbes?|adjectifs?|adverbes?|pronoms?|prépositions?|
            conjonctions?|interjections?|déterminants?|participes?|gérondifs?|infinitifs?|articles? (?:définis?|
            indéfinis?|partitifs?))
        """,
        "list": r"""
            (?:lister?|listez|nomme[rz]?|donne[rz]?(?:-moi)?|trouve[rz]?|fournis(?:sez)?|génère[rz]?|générez|écri(?:s|
            vez)|cite[rz]?|propose[rz]?|énumère[rz]?|énumérez|indique[rz]?|dresse[rz]? une liste de|fais une liste de|
            faites une liste de|crée[rz]? une liste de|créez une liste de)
        """,
    },
    innocent=r"""
        commen[cç]\w+ par [«\"“']? ?P\.? ?(?:P\.? ?)?S\b|(?:aucun|nul|d['’]) ?autres? (?:mots?|phrases?)\b|
        prononce\w* (?:le|les|ces|ce|aucun) mots?|
        (?:ne|sans|avant de) prononc\w+|(?:mett\w+|plac\w+|entour\w+|encadr\w+|
        répon\w+)\b(?: [\w'’]+){0,6} (?:entre|de|par) (?:des )?guillemets(?: doubles)?|
        lettre (?:de|à|au|aux|pour|formelle)\b|en d['’]autres (?:mots|termes)|mots[- ]clés?|
        mots? d['’](?:encouragement|ordre)|comptines?|langage naturel|langue des signes|procès[- ]verbal
    """,
    programs=r"""
        \b(?:écri\w+|rédige\w*|cré\w+|génér\w+|implément\w+|développe\w*|conçoi\w*|concev\w+|construi\w+|modifi\w+|
        expliqu\w+|fourni\w+|décri\w+|propos\w+)\b(?: [\w\-+#'’]+){0,5}? (?:programme|fonction|algorithme|script|code|
        regex|expression régulière|requête|classe|pseudocode|logiciel|base de données|application|site|jeu|système|
        chatbot|modèle|méthode)\b|\b(?:sql|python|java|javascript|c\+\+|php|html|css)\b
    """,
    kinds={
        "rhyme": r"""
            \brim(?:e|es|er|ent|ant|é|ée|és|ées)\b
            \bdistiques?\b
        """,
        "anagram": r"""
            \banagramm\w+
            \blettres (?:mélangées|en désordre)\b
            \b(?:réarrang\w+|réorganis\w+|remett\w+|mélang\w+) (?:[\w'’]+ ){0,3}lettres\b
        """,
        "palindrome": r"\bpalindrom\w+",
        "pun": r"""
            \bjeux? de mots\b
            \bcalembours?\b
            \bcontrepèteries?\b
            \bvirelangues?\b
            \bmots?-valises?\b
            \bdouble sens\b
        """,
        "alliteration": r"""
            \ballitération\w*
            \bassonances?\b
            \bonomatopée\w*
        """,
        "acrostic": r"""
            \bacrostich\w+
            \bmnémotechni\w+
        """,
        "acronym": r"""
            \b(?:cré\w+|génér\w+|invent\w+|trouv\w+|quel(?:le)? est|propos\w+|form\w+)\b.{0,40}\b(?:acronyme|sigle|
            abréviation)s?\b
            \b(?:acronyme|sigle|abréviation) (?:pour|de|du|des)\b
            \babrég\w+\b
        """,
        "poem_form": r"""
            \b(?:limericks?|sonnets?|ha[iï]kus?|alexandrins?|villanelles?|rondeaux?)\b
        """,
        "syllables": r"\bsyllab\w+",
        "pronunciation": r"""
            \bphonéti\w+
            \bpronon(?:c|ç)\w+
            \bhomophon\w+
            \bhomograph\w+
            \bhomonym\w+
            \bliaisons? (?:obligatoire|facultative)s?\b
        """,
        "spelling": r"""
            \borthograph\w+
            \bfautes? de frappe\b
            \bcoquilles?\b(?! (?:d['’]|de ))
            \bcomment (?:s['’]écrit|écrit-on)\b
            \bépel\w+
            \bmal (?:écrit|orthographié)\w*
        """,
        "grammar_correction": r"""
            \bgramma\w+
            \b(?:corrig\w+|rectifi\w+|relis\w*|relire)\b (?:[\w'’]+ ){0,5}?(?:\w['’])?%sentence%\b
            \b(?:erreurs?|fautes?)\b.{0,40}\b%sentence%\b
            \b%sentence%\b.{0,40}\b(?:erreurs?|fautes?)\b
            \b(?:forme|version) (?:correcte|appropriée)\b
            \b(?:identifi\w+|trouv\w+|repér\w+|corrig\w+) (?:les |la |l['’]|d['’])?(?:erreur|faute)s?\b
            \b(?:article|préposition|pronom|verbe|conjonction) (?:correct|approprié|manquant|qui convient)\w*
            \b(?:bon|bonne|correct) (?:article|préposition|pronom|temps|forme)\b
            \baccords? (?:du|des|de l)\b
            \bmots? (?:incorrect|erroné|mal (?:placé|choisi)|fautif)\w*
            \bphrases? (?:est-elle |est )?(?:grammaticalement )?correctes?\b
        """,
        "punctuation": r"""
            \bponctu\w+
            \b(?:ajout\w+|insér\w+|mett\w+|plac\w+|corrig\w+|manquant\w*) (?:[\w'’]+ ){0,4}(?:virgules?|apostrophes?|
            accents?|points?-virgules?|deux-points|guillemets|majuscules?)\b
        """,
        "part_of_speech": r"""
            \bparties? du discours\b
            \bclasses? grammaticales?\b
            \bnature (?:grammaticale|des? mots?|du mot)\b
            \banalyse (?:grammaticale|logique|syntaxique)\b
            \b(?:identifi\w+|trouv\w+|repér\w+|extra\w+|soulign\w+|surlign\w+|compt\w+|remplac\w+|chang\w+|
            transform\w+|convert\w+|class\w+|quels?|quelles?|combien d['’e]|supprim\w+|sélectionn\w+|
            relev\w+) (?:[\w'’]+[ ,]+){0,4}?(?:l['’]|d['’])?%speech_part%\b(?! (?:pour|qui) (?:mieux )?décri)
            \bsujet et (?:le )?(?:verbe|prédicat)\b
            \bprédicats?\b
            \bcompléments? d['’]objet\b
            \b(?:proposition|subordonnée)s? (?:relative|principale|subordonnée|indépendante)s?\b
        """,
        "grammar_form": r"""
            \b(?:passé composé|passé simple|imparfait|plus-que-parfait|subjonctif|conditionnel|futur (?:simple|proche|
            antérieur)|temps (?:du verbe|verbal|verbaux|grammatical))\b
            \b(?:au|du) (?:temps )?(?:passé|présent|futur)\b(?! de| du| des)
            \b(?:voix|forme) (?:active|passive|négative|interrogative)\b
            \b(?:à l['’]|de l['’])actif\b
            \bau passif\b
            \bpluriels?\b
            \bsingulier\b
            \bcomparatifs?\b
            \bsuperlatifs?\b
            \bconjug\w+
            \bdiscours (?:direct|indirect|rapporté)\b
            \bau (?:masculin|féminin)\b
            \bimpératif\b
            \b(?:réécri\w+|transform\w+|chang\w+|met\w+|convert\w+)\b.{0,40}\b(?:première|deuxième|troisième) personne\b
            \bforme contractée\b|\bcontractions? (?:de )?%quoted%
        """,
        "language_identification": r"""
            \b(?:en |dans )?quelle langue (?:est|sont|s['’]agit)\b
            \b(?:identifi\w+|détect\w+|déterminer?|reconna\w+|devin\w+) (?:la|quelle|dans quelle) langue\b
        """,
        "etymology": r"""
            \bétymolog\w+
            \borigine (?:du mot|du terme|du nom|de l['’]expression)\b
            \bpréfixes?\b
            \bsuffixes?\b
            \bracine du mot\b
            \bmots? composés?\b
            \bfaux[- ]amis?\b
            \bverlan\b
        """,
        "alphabetical_order": r"""
            \balphabéti\w+
            \balphabet\b
        """,
        "ends_in": r"""
            \b(?:se termin\w+|termin\w+|finiss\w+|finir) (?:par|en|avec) (?:(?:la|le|les) )?(?:même )?(?:lettres?|
            suffixe|son|%affix%)
            \bmots? (?:qui |se )?(?:se )?(?:terminant|finissant|terminent|finissent)\b
        """,
        "starts_with": r"""
            \b(?:commen(?:c|ç)\w+|début\w+) (?:par|avec) (?:(?:la|le|les|une) )?(?:même )?(?:lettres?|préfixe|son\b|
            voyelle|consonne|syllabe|[\"“'‘«]? ?(?-i:[A-Z]) ?[\"”'’»]?(?![\w'’]))
            \bmots? (?:qui |de la phrase )?(?:commen(?:c|ç)\w+|début\w+) (?:par|avec) %affix%
        """,
        "letters": r"""
            \blettre (?:%quoted%|[a-z](?![\w'’]))
            \blettres (?:de|du|dans|manquantes|doubles|qui composent)\b(?! motivation| recommandation)
            \bcombien de (?:\w+ )?(?:lettres|voyelles|consonnes)\b
            \bvoyelles?\b
            \bconsonnes?\b
            \b(?:première|deuxième|seconde|troisième|quatrième|cinquième|dernière) lettre\b
            \b(?:mots?|noms?|verbes?) (?:de|à|avec|d['’]) ?%number% lettres\b
            \b(?:invers\w+|retourn\w+) (?:[\w'’]+ ){0,3}(?:mot|lettres|phrase|chaîne)\b
            \bà l['’]envers\b
            \b(?:mots croisés|mots mêlés|pendu|scrabble|lipogramm\w+|pangramm\w+|code morse|chiffre de césar)\b
            \bmot le plus (?:long|court)\b
            \b(?:mot|message) caché\b|\blettres?\b.{0,30}\b(?:du|dans le|de ce) mot\b
        """,
        "word_order": r"""
            \b(?:réarrang\w+|réordonn\w+|remett\w+|ordonn\w+|réorganis\w+|
            plac\w+)\b.{0,40}\bmots\b.{0,60}\b(?:phrases?|ordre|sens)\b
            \bordre (?:correct )?des mots\b
            \bmots dans le même ordre\b
        """,
        "word_position": r"""
            \b(?:premier|deuxième|second|troisième|quatrième|cinquième|dernier) mot (?:de|du|dans)\b
            \bcombien de mots\b
            \bcompt\w+ (?:[\w'’]+ ){0,3}mots\b
            \bnombre de mots (?:dans|de la|du|contenus)\b
            \bmot le plus (?:fréquent|utilisé|courant)\b
        """,
        "synonyms": r"""
            \bsynonym\w+
            \bantonym\w+
            \bcontraires? (?:de|du|des|d['’])
            \b(?:autre|meilleur|nouveau) mot\b
            \bmots? (?:alternatif|différent|similaire|opposé|équivalent|plus approprié|plus adapté)s?\b
            \b(?:remplac\w+|substitu\w+) (?:[\w'’]+ ){0,4}?(?:le mot|les mots|le terme|%quoted%)
            \bmême sens (?:que|de)\b
            \bvocabulaire\b
            \blexique\b
            \bopposé de %quoted%
            \b(?:verbe|adjectif|nom|adverbe|terme) (?:différent|plus (?:fort|précis)|similaire|équivalent)\w*
            \b(?:autre|meilleur) (?:verbe|adjectif|terme)\b
            \bsens (?:opposé|contraire|similaire)\b
            \bsignifi\w+ la même chose\b
        """,
        "idiom": r"""
            \bproverbes?\b
            \bexpressions? (?:idiomatique|figée|familière|française|toute faite)s?\b
            \bidiom\w+
            \bdictons?\b
            \bargot\w*
            \bclichés?\b
            \blangage familier\b
            \bque (?:signifie|veut dire) (?:la phrase|le mot|l['’]expression|le terme|%quoted%)
            \b(?:sens|signification) (?:du mot|de la phrase|de l['’]expression|du terme|du proverbe)\b
            \b(?:signifie|veut dire)\b.{0,10}%quoted%
        """,
        "word_usage": r"""
            \bdifférence entre (?:les mots )?%quoted% et %quoted%
            \b(?:usage|emploi|utilisation) du (?:mot|verbe)\b
            \bmots? polysémiques?\b
            \bmots à plusieurs sens\b
        """,
    },
    translations=r"""
        \b(?:tradui\w+|traduction)\b.{0,400}?\b(?:en|vers l['’e]|au|vers le) ?(?:langue )?(?P<language>%language%)\b
        \bcomment (?:dit-on|dire|dit|écrit-on)\b.{0,120}\ben (?P<language>%language%)\b
        \b(?:écri\w+|rédig\w+|répond\w+|répons\w+|compos\w+|donn\w+|salu\w+|compt\w+|di(?:s|
        tes))\b.{0,160}\ben (?:langue )?(?P<language>%language%)\b
        \b(?:mot|nom|terme|phrase|équivalent|traduction) (?:en )?(?P<language>%language%)\b
        \bconverti\w*\b.{0,200}\ben (?P<language>%language%)\b
        \b(?:uniquement|seulement|exclusivement|entièrement|que) (?:en |dans |la langue |le |
        l['’])(?:la langue )?(?P<language>%language%)\b
        \b(?:être|soit|est) (?:\w+ )?en (?:langue )?(?P<language>%language%)\b
    """,
    unnamed_translations=r"""
        ^tradui\w+\b|\btradui(?:re|s|sez) (?:[\w'’]+ ){0,4}(?:phrases?|textes?|mots?|paragraphes?|langues?)\b
    """,
    requests={
        "ends_in": r"""
            %list% (?P<number>%number%) mots? (?:qui )?(?:se )?(?:termin\w+|finiss\w+) (?:par|en) (?:(?:la|les|
            le) )?(?:lettres? |suffixe )?(?P<affix>%affix%|[a-z])
        """,
        "starts_with": r"""
            %list% (?P<number>%number%) mots? (?:qui )?(?:commen(?:c|ç)\w+|début\w+) par (?:(?:la|les|
            le) )?(?:lettres? |préfixe )?(?P<affix>%affix%|[a-z])
        """,
        "letters": r"""
            %list% (?P<number>%number%) mots? (?:qui )?(?:contiennent|contenant|contient|avec) (?:la|
            les) lettres? (?P<affix>%affix%|[a-z])
        """,
        "alphabetical_order": r"""
            (?:class\w+|tri\w+|mett\w+|ordonn\w+|rang\w+)\b.{0,60}\b(?:mots)\b.{0,60}\b(?:alphabétique\w*)\b.{0,400}
            (?:class\w+|tri\w+|mett\w+|ordonn\w+|rang\w+)\b.{0,60}\b(?:alphabétique\w*)\b.{0,60}\b(?:mots)\b.{0,400}
        """,
        "anagram": r"""
            (?:trouv\w+|donn\w+|quelle? est|cré\w+|génér\w+|form\w+|propos\w+)\b.{0,60}\banagrammes?\b.{0,40}
        """,
        "palindrome": r"%list% (?P<number>%number%) (?:mots )?palindromes?",
        "rhyme": r"""
            %list% (?P<number>%number%) mots? (?:qui )?(?:rim\w+) avec (?:le mot )?%quoted%
        """,
    },
    instructions={
        "ends_in": "Donne {number} mots qui se terminent par « {affix} ».",
        "starts_with": "Donne {number} mots qui commencent par « {affix} ».",
        "letters": "Donne {number} mots qui contiennent la lettre « {affix} ».",
        "alphabetical_order": "Classe ces mots par ordre alphabétique : {words}.",
        "anagram": "Trouve une anagramme de « {word} ».",
        "palindrome": "Donne {number} mots palindromes.",
        "rhyme": "Donne {number} mots qui riment avec « {word} ».",
    },
    single_instructions={
        "ends_in": "Donne un mot qui se termine par « {affix} ».",
        "starts_with": "Donne un mot qui commence par « {affix} ».",
        "letters": "Donne un mot qui contient la lettre « {affix} ».",
        "palindrome": "Donne un palindrome.",
        "rhyme": "Donne un mot qui rime avec « {word} ».",
    },
    endings=("tion", "ment", "eur", "age", "ette", "able",),
    beginnings=("re", "dé", "inter", "pré", "sur", "contre",),
    conjunctions=("et",),
    constraints=ConstraintTable(
        units={
            "words": r"mots?",
            "sentences": r"phrases?",
            "paragraphs": r"paragraphes?",
            "bullets": r"puces?|points?(?: à puces?)?|tirets?",
            "placeholders": r"espaces? (?:réservés?|vides?)|champs?|placeholders?",
            "sections": r"sections?|strophes?|couplets?",
            "lines": r"lignes?|vers",
        },
        relations={
            "least": r"au moins|pas moins de|(?:un )?minimum(?: de)?|ou plus|\+|au minimum",
            "most": r"""
                au plus|pas plus de|(?:un )?maximum(?: de)?|jusqu['’]à|ou moins|au maximum|dans la limite de|
                ne dépass\w+ pas
            """,
            "less": r"moins de|moins d['’]|inférieur à",
            "more": r"plus de|plus d['’]",
            "exactly": r"exactement|précisément|seulement|uniquement",
        },
        roles={
            "forbidden": r"""
                \b(?:ne|n['’]|sans|évit\w+|exclu\w+|jamais|pas)\b|n['’]|\bau lieu de\b
            """,
            "end": r"""
                \b(?:termin\w+|fini\w+|conclu\w+|achev\w+|dernière (?:phrase|ligne)|dernier mot|fin de)\b
            """,
            "start": r"\b(?:commenc\w+|début\w+|première (?:phrase|ligne)|premier mot)\b",
            "existence": r"""
                \b(?:inclu\w+|conten\w+|contien\w+|utilis\w+|mentionn\w+|ajout\w+|insér\w+|avec les? mots?|
                appara\w+|répét\w+)\b
            """,
        },
        times=r"""
            (?P<number>%number%)(?: ou plus)? fois|fois (?:ou plus )?(?P<count>%number%)
        """,
        adverbs={},
        flags={
            "lowercase": r"""
                \bminuscules?\b(?! interdite| autorisée)|\b(?:sans(?: utiliser de| aucune)?|pas de|
                aucune) (?:lettres? )?majuscules?\b
            """,
            "uppercase": r"""
                (?<!sans )(?<!pas de )(?<!aucune )(?<!utiliser de )\b(?:tout en|en|uniquement en|
                que des) (?:lettres )?(?:majuscules|capitales)\b
            """,
            "no_comma": r"""
                \b(?:sans|pas|aucune|évit\w+)\b(?: [\w'’]+){0,5} virgules?\b|n['’]utilis\w+ (?:pas )?(?:de |
                aucune )?virgules?
            """,
            "quotation": r"""
                \b(?:entour\w+|encadr\w+|envelopp\w+|mett\w+|plac\w+|inclure|entre)\b.{0,60}\bguillemets\b
            """,
            "repeat_prompt": r"""
                \brépét\w+ (?:d['’]abord )?(?:la |cette |ma )?(?:\w+ )?(?:demande|phrase|question|instruction|
                requête)\b.{0,40}\b(?:mot pour mot|exactement|sans|ci-dessus)
            """,
        },
        letter=r"\blettres?\b",
        word=r"\b(?:le |du |ce )mot(?:[ -]clé)?",
        words=r"\b(?:les |ces |des )?(?:mots(?:[ -]clés?)?|éléments|termes) ?(?:suivants)?",
        no_word=r"""
            clés?|de|du|des|d|qui|que|dans|doit|doivent|ne|n|peut|peuvent|par|pour|en|et|ou|à|au|aux|
            commenç\w+|finiss\w+|est|sont|sur|suivants?|maximum|minimum|environ|se|croisés|ci|
            donnés?
        """,
    ),
)  # fmt: skip
