"""Italian."""

from __future__ import annotations

from synth.translation.language_bound.table import BoundTable, ConstraintTable

TABLE = BoundTable(
    code="it",
    languages={
        "inglese": "en", "francese": "fr", "spagnolo": "es", "spagnola": "es", "tedesco": "de", "tedesca": "de",
        "italiano": "it", "italiana": "it", "vietnamita": "vi", "portoghese": "pt", "olandese": "nl", "russo": "ru",
        "russa": "ru", "cinese": "zh", "mandarino": "zh", "giapponese": "ja", "coreano": "ko", "arabo": "ar",
        "hindi": "hi", "latino": "la", "greco": "el", "turco": "tr", "polacco": "pl", "svedese": "sv",
        "norvegese": "no", "danese": "da", "finlandese": "fi", "ceco": "cs", "ungherese": "hu", "rumeno": "ro",
        "romeno": "ro", "ucraino": "uk", "bulgaro": "bg", "ebraico": "he", "thailandese": "th", "indonesiano": "id",
        "persiano": "fa", "urdu": "ur", "bengalese": "bn", "swahili": "sw", "catalano": "ca", "esperanto": "eo",
        "croato": "hr", "serbo": "sr", "punjabi": "pa", "kannada": "kn", "marathi": "mr", "gujarati": "gu",
        "tamil": "ta", "telugu": "te", "nepalese": "ne",
    },
    numbers={
        "un": 1, "uno": 1, "una": 1, "due": 2, "tre": 3, "quattro": 4, "cinque": 5, "sei": 6, "sette": 7, "otto": 8,
        "nove": 9, "dieci": 10, "undici": 11, "dodici": 12, "quindici": 15, "venti": 20, "cinquanta": 50,
        "cento": 100,
    },
    shorthands={
        "sentence": r"""
            (?:fras[ei]|test[oi]|paragraf[oi]|bran[oi]|period[oi]|parol[ae]|enunciat[oi]|lettera|e-?mail|seguente)
        """,
        "speech_part": r"""
            (?:sostantiv[oi]|verb[oi]|aggettiv[oi]|avverbi?o?|pronom[ei]|preposizion[ei]|congiunzion[ei]|
            interiezion[ei]|participi?o?|gerundi?o?|infinit[oi]|articol[oi] (?:determinativ|indeterminativ)[oi]|
            nom[ei] (?:propri|comun)\w+)
        """,
        "list": r"""
            (?:elenca(?:mi)?|dimmi|dammi|trova(?:mi)?|scrivi(?:mi)?|genera|nomina|cita|fornisci|indica|suggerisci|
            crea|pensa a|fai un elenco di|fai una lista di|crea un elenco di|crea una lista di)
        """,
    },
    innocent=r"""
        (?:inizi\w+|cominci\w+) (?:con|per) [«\"“']? ?P\.? ?(?:P\.? ?)?S\b|(?:nessun['’]?|
        alcun['’]?) ?altr[ae] (?:parol[ae]|fras[ei])\b|
        pronuncia\w* (?:la|le) parol[ae]|(?:mett\w+|racchiud\w+|inserisc\w+|
        scriv\w+)\b(?: \w+){0,6} tra virgolette(?: doppie)?|
        letter[ae] (?:di|a|al|alla|per|formale)\b|in altre parole|parole chiave|filastrocc\w+|rima buccale|
        linguaggio naturale|verbale|lingua dei segni
    """,
    programs=r"""
        \b(?:scriv\w+|crea\w*|genera\w*|implementa\w*|sviluppa\w*|progetta\w*|costruisci|realizza|modifica|spiega|
        fornisci|descrivi|proponi)\b(?: [\w\-+#']+){0,5}? (?:programma|funzione|algoritmo|script|codice|regex|
        espressione regolare|query|classe|pseudocodice|software|database|app|applicazione|sito|gioco|sistema|chatbot|
        modello|metodo)\b|\b(?:sql|python|java|javascript|c\+\+|php|html|css)\b
    """,
    kinds={
        "rhyme": r"""
            \brim[ae]\b
            \brimano\b
            \brimare\b
            \brimat\w+
            \bdistic[oi]\b
        """,
        "anagram": r"""
            \banagramm\w+
            \blettere (?:mescolate|in disordine|disordinate)\b
            \b(?:riordina|riarrangia|ricombina|mescola|rimescola|disponi)\w* (?:\w+ ){0,3}lettere\b
        """,
        "palindrome": r"\bpalindrom\w+",
        "pun": r"""
            \bgioc(?:o|hi) di parole\b
            \bscioglilingua\b
            \bfreddur\w+
            \bdoppi[oi] sens[oi]\b
            \bparol[ae] macedonia\b
        """,
        "alliteration": r"""
            \ballitterazion\w+
            \bassonanz\w+
            \bconsonanz[ae]\b
            \bonomatope\w+
        """,
        "acrostic": r"""
            \bacrostic\w+
            \bmnemonic\w+
        """,
        "acronym": r"""
            \b(?:crea|genera|inventa|trova|qual è|scrivi|proponi|forma|suggerisci)\b.{0,40}\b(?:acronimo|sigla|
            abbreviazione)\b
            \b(?:acronimo|sigla|abbreviazione) (?:per|di|della|del|dell)\b
            \babbrevia(?:re)?\b
        """,
        "poem_form": r"""
            \b(?:limerick|sonett[oi]|haiku|endecasillab\w+|stornell[oi]|terzin[ae])\b
        """,
        "syllables": r"\bsillab\w+",
        "pronunciation": r"""
            \bfonetic\w+
            \bpronunc\w+
            \bomofon\w+
            \bomograf\w+
            \bomonim\w+
            \baccento tonico\b
            \bdove cade l['’]accento\b
        """,
        "spelling": r"""
            \bortografi\w+
            \brefus[oi]\b
            \berrori? di (?:battitura|scrittura|digitazione)\b
            \bcome si scrive\b
            \bcompita\w*\b
            \bscritt[aoe] correttamente\b
            \bdoppie (?:mancanti|sbagliate)\b
        """,
        "grammar_correction": r"""
            \bgrammatic\w+
            \b(?:correggi|correggere|corregga|correzione|sistema|ripara)\b (?:[\w'’]+ ){0,5}?(?:\w+['’])?%sentence%\b
            \berrori?\b.{0,40}\b%sentence%\b
            \b%sentence%\b.{0,40}\berror[ei]\b
            \b(?:forma|versione) (?:corretta|giusta)\b
            \b(?:individua|trova|identifica|correggi)\w* (?:l['’]|gli |il |lo )?(?:error|sbagli)\w+\b
            \b(?:articolo|preposizione|pronome|verbo|congiunzione|desinenza) (?:corrett|adatt|giust|mancant|
            appropriat)\w+
            \b(?:corretto|adatto|giusto|appropriato) (?:articolo|pronome|verbo|tempo)\b
            \bconcordanz\w+
            \b(?:parola|termine) (?:sbagliat|errat|scorrett|fuori posto)\w+
            \b(?:corrett[ao]|giust[ao]|sbagliat[ao]|scorrett[ao]) (?:dal punto di vista grammaticale|grammaticalmente)\b
        """,
        "punctuation": r"""
            \bpunteggiatura\b
            \binterpunzion\w+
            \b(?:aggiung\w+|inseris\w+|metti|correggi|mancant\w+) (?:[\w'’]+ ){0,4}(?:virgol[ae]|apostrof[oi]|
            accent[oi]|punt[oi] e virgola|due punti|virgolette|maiuscol[ae])\b
        """,
        "part_of_speech": r"""
            \bpart[ei] del discorso\b
            \banalisi (?:grammaticale|logica|del periodo)\b
            \bclasse grammaticale\b
            \b(?:identific\w+|trova\w*|individua\w*|estra\w+|sottoline\w+|evidenzia\w*|cont\w+|sostitu\w+|cambi\w+|
            trasform\w+|converti\w*|classific\w+|qual[ei]?|quant[ie]|elimina\w*|rimuov\w+|seleziona\w*|scegli|
            indica) (?:[\w'’]+[ ,]+){0,4}?(?:l['’]|gli |un['’])?%speech_part%\b(?! (?:per|che) (?:meglio )?descriv)
            \bsoggetto e (?:il )?(?:predicato|verbo)\b
            \bpredicat[oi]\b
            \bcomplement[oi] oggetto\b
            \bproposizion\w+ (?:subordinat|principal|relativ)\w+
        """,
        "grammar_form": r"""
            \b(?:tempo verbale|tempi verbali|passato (?:prossimo|remoto)|imperfetto|trapassato|congiuntivo|
            condizionale|futuro (?:semplice|anteriore))\b
            \b(?:al|in|dal) (?:tempo )?(?:passato|presente|futuro)\b(?! di| del)
            \b(?:forma|voce) (?:attiva|passiva|negativa|interrogativa)\b
            \b(?:dal|al|in) (?:attivo|passivo)\b
            \bplural[ei]\b
            \bsingolar[ei]\b
            \bcomparativ[oi]\b
            \bsuperlativ[oi]\b
            \bconiuga\w*
            \bdiscorso (?:diretto|indiretto)\b
            \b(?:al|in) (?:maschile|femminile)\b
            \bimperativo\b
            \bdiminutiv[oi]\b
            \b(?:riscriv\w+|trasform\w+|cambia\w*|metti|volgi|converti)\b.{0,40}\b(?:prima|seconda|terza) persona\b
            \bforma contratta\b|\bcontrazion[ei] di %quoted%
        """,
        "language_identification": r"""
            \b(?:in )?(?:che|quale) lingua (?:è|sono|si tratta|appartiene)\b
            \b(?:identifica|riconosci|individua|indovina) (?:la|in quale) lingua\b
        """,
        "etymology": r"""
            \betimolog\w+
            \borigine (?:della|del) (?:parola|termine|nome|espressione|modo di dire)\b
            \bprefiss[oi]\b
            \bsuffiss[oi]\b
            \bradice della parola\b
            \bparol[ae] compost[ae]\b
            \bfalsi amici\b
            \bdialett\w+
        """,
        "alphabetical_order": r"""
            \balfabetic\w+
            \balfabeto\b
        """,
        "ends_in": r"""
            \b(?:finisc\w+|termin\w+|finir\w*|finiscono) (?:in|con|per) (?:(?:la|il|lo) )?(?:lettera|lettere|suffisso|
            suono|stess[ao]|%affix%)
            \bcon (?:la )?desinenza\b
            \bche finiscono (?:in|con|per)\b
        """,
        "starts_with": r"""
            \b(?:inizi\w+|cominci\w+|iniziano) (?:con|per) (?:(?:la|il|lo) )?(?:stessa )?(?:lettera|lettere|prefisso|
            suono|vocale|consonante|sillaba|[\"“'‘«]?(?-i:[A-Z])[\"”'’»]?(?![\w'’]))
            \bparole? (?:che |le quali )?(?:inizi\w+|cominci\w+) (?:con|per) %affix%
            \bcon l['’]iniziale\b
        """,
        "letters": r"""
            \blettera (?:%quoted%|[a-z](?![\w'’]))
            \blettere (?:di|in|nella|della|dell['’]alfabeto|che compongono|mancanti|doppie)\b
            \bquante (?:\w+ )?(?:lettere|vocali|consonanti)\b
            \bvocal[ei]\b
            \bconsonant[ei]\b
            \b(?:prima|seconda|terza|quarta|quinta|ultima) lettera\b
            \b(?:parole?|nomi?|verbi?) (?:di|da|con) %number% lettere\b
            \b(?:inverti|capovolgi|rovescia)\w* (?:[\w'’]+ ){0,3}(?:parola|lettere|frase|stringa)\b
            \bal contrario\b.{0,30}\bparola\b
            \bparola\b.{0,40}\bal contrario\b
            \b(?:cruciverba|rebus|impiccato|scarabeo|lipogramm\w+|pangramm\w+|codice morse|cifrario)\b
            \bparola più (?:lunga|corta)\b
            \b(?:parola|messaggio) nascost[ao]\b|\banagramma\w*|\bletter[ae]\b.{0,30}\b(?:della|nella|
            di questa) parola\b
        """,
        "word_order": r"""
            \b(?:riordina|ordina|metti in ordine|disponi|rimetti|
            riorganizza)\w*\b.{0,40}\bparole\b.{0,60}\b(?:fras[ei]|ordine|senso)\b
            \bordine (?:corretto|giusto) delle parole\b
            \bparole nello stesso ordine\b
        """,
        "word_position": r"""
            \b(?:prima|seconda|terza|quarta|quinta|sesta|ultima) parola (?:di|della|del|in|nella)\b
            \bquante parole\b
            \bconta\w* (?:[\w'’]+ ){0,3}parole\b
            \bnumero di parole (?:in|nella|nel|della|del|contenute)\b
            \bparola più (?:frequente|usata|comune)\b
        """,
        "synonyms": r"""
            \bsinonim\w+
            \bcontrari[oi] (?:di|della|del|per)\b
            \bantonim\w+
            \b(?:altra|diversa|migliore|simile) parola\b
            \bparola (?:alternativa|diversa|simile|opposta|più adatta|equivalente)\b
            \bparole (?:alternative|diverse|simili|nuove|equivalenti)\b
            \b(?:sostitu\w+|rimpiazza\w*) (?:[\w'’]+ ){0,4}?(?:la parola|le parole|il termine|%quoted%)
            \bstesso significato (?:di|della)\b
            \bvocabol\w+
            \blessico\b
            \bopposto di %quoted%
            \b(?:verbo|aggettivo|sostantivo|avverbio|termine) (?:divers|alternativ|simil|equivalent|più (?:forte|
            preciso))\w*
            \b(?:altro|diverso) (?:verbo|aggettivo|termine)\b
            \bsignifica(?:no)? la stessa cosa\b
            \bsignificato (?:opposto|simile|contrario)\b
        """,
        "idiom": r"""
            \bmod[oi] di dire\b
            \bproverbi?o?\b
            \bespression[ei] idiomatic\w+
            \bfrasi? fatt[ae]\b
            \bgergo\b
            \bgergal\w+
            \bcolloquial\w+
            \bche cosa (?:significa|vuol dire) (?:la (?:frase|parola)|l['’]espressione|il (?:termine|detto)|%quoted%)
            \b(?:significato|senso) (?:della (?:parola|frase)|dell['’]espressione|del (?:detto|termine|proverbio))\b
            \bcosa (?:significa|vuol dire) (?:la (?:frase|parola)|l['’]espressione|il (?:termine|detto)|%quoted%)
            \b(?:significa|vuol dire)\b.{0,10}%quoted%
            \bfrase fatta\b|\bluoghi? comun[ei]\b
        """,
        "word_usage": r"""
            \bdifferenza (?:tra|fra) (?:le parole )?%quoted% e %quoted%
            \buso (?:della parola|del verbo|dell['’]espressione)\b
            \bparol[ae] polisemic\w+
            \bparole con più significati\b
        """,
    },
    translations=r"""
        \b(?:tradu\w+|traduzione)\b.{0,400}?\b(?:in|all?|nell?)['’ ]?(?:lingua )?(?P<language>%language%)\b
        \bcome si (?:dice|scrive|direbbe)\b.{0,120}\bin (?P<language>%language%)\b
        \b(?:scriv\w+|rispond\w+|componi|dai|formula|saluta|conta|dì|
        di')\b.{0,160}\bin (?:lingua )?(?P<language>%language%)\b
        \b(?:parola|nome|termine|frase|equivalente|traduzione) (?P<language>%language%)\b
        \bconverti\w*\b.{0,200}\bin (?P<language>%language%)\b
        \b(?:solo|esclusivamente|interamente|soltanto|unicamente) (?:in |la lingua |l['’])(?P<language>%language%)\b
        \b(?:essere|sia|siano) (?:\w+ )?in (?:lingua )?(?P<language>%language%)\b
    """,
    unnamed_translations=r"""
        ^tradu\w+\b|\btradu(?:ci|rre|zione) (?:[\w'’]+ ){0,4}(?:fras[ei]|test[oi]|parol[ae]|paragraf[oi]|lingu[ae])\b
    """,
    requests={
        "ends_in": r"""
            %list% (?P<number>%number%) parol[ae] (?:che |le quali )?(?:finisc\w+|termin\w+) (?:in|con|per) (?:(?:la|
            le|il) )?(?:lettera |lettere |suffisso )?(?P<affix>%affix%|[a-z])
        """,
        "starts_with": r"""
            %list% (?P<number>%number%) parol[ae] (?:che |le quali )?(?:inizi\w+|cominci\w+) (?:con|per) (?:(?:la|le|
            il) )?(?:lettera |lettere |prefisso )?(?P<affix>%affix%|[a-z])
        """,
        "letters": r"""
            %list% (?P<number>%number%) parol[ae] (?:che )?(?:contengono|contiene|con) (?:la|
            le) letter[ae] (?P<affix>%affix%|[a-z])
        """,
        "alphabetical_order": r"""
            (?:metti|ordina|disponi|riordina|elenca)\b.{0,60}\b(?:parole)\b.{0,60}\b(?:alfabetic\w+)\b.{0,400}
            (?:metti|ordina|disponi|riordina|elenca)\b.{0,60}\b(?:alfabetic\w+)\b.{0,60}\b(?:parole)\b.{0,400}
        """,
        "anagram": r"""
            (?:trova|dammi|qual è|crea|genera|forma|fornisci|scrivi|indica)\b.{0,60}\banagramm[ai]\b.{0,40}
        """,
        "palindrome": r"%list% (?P<number>%number%) (?:parol[ae] palindrom[ae]|palindrom[oi])",
        "rhyme": r"""
            %list% (?P<number>%number%) parol[ae] (?:che )?(?:fa|fanno|in) rima con (?:la parola )?%quoted%
            %list% (?P<number>%number%) parol[ae] che rimano con (?:la parola )?%quoted%
        """,
    },
    instructions={
        "ends_in": "Elenca {number} parole che finiscono in «{affix}».",
        "starts_with": "Elenca {number} parole che iniziano con «{affix}».",
        "letters": "Elenca {number} parole che contengono la lettera «{affix}».",
        "alphabetical_order": "Metti queste parole in ordine alfabetico: {words}.",
        "anagram": "Trova un anagramma di «{word}».",
        "palindrome": "Elenca {number} parole palindrome.",
        "rhyme": "Elenca {number} parole che fanno rima con «{word}».",
    },
    single_instructions={
        "ends_in": "Scrivi una parola che finisce in «{affix}».",
        "starts_with": "Scrivi una parola che inizia con «{affix}».",
        "letters": "Scrivi una parola che contiene la lettera «{affix}».",
        "palindrome": "Scrivi una parola palindroma.",
        "rhyme": "Scrivi una parola che fa rima con «{word}».",
    },
    endings=("zione", "mento", "mente", "tore", "ezza", "aggio",),
    beginnings=("ri", "dis", "contro", "inter", "pre", "sotto",),
    conjunctions=("e", "ed",),
    constraints=ConstraintTable(
        units={
            "words": r"parole?",
            "sentences": r"fras[ei]|period[oi]",
            "paragraphs": r"paragraf[oi]|capovers[oi]",
            "bullets": r"""
                punt[oi](?: elenco| elenchi)?|elenchi puntati|voci|bullet(?: point)?s?
            """,
            "placeholders": r"segnaposto|spazi vuoti",
            "sections": r"sezion[ei]|strof[ae]",
            "lines": r"righ?e|riga|vers[oi]",
        },
        relations={
            "least": r"almeno|non meno di|(?:un )?minimo(?: di)?|o più|\+|come minimo",
            "most": r"""
                al massimo|non più di|(?:un )?massimo(?: di)?|fino a|o meno|entro|al più|limite di
            """,
            "less": r"meno di|sotto le|inferiore a",
            "more": r"più di|oltre",
            "exactly": r"esattamente|precisamente|solo|soltanto",
        },
        roles={
            "forbidden": r"""
                \b(?:non|senza|evita\w*|esclud\w+|mai|né)\b|\binvece di\b|\bal posto di\b
            """,
            "end": r"""
                \b(?:termin\w+|finisc\w+|finire|conclud\w+|chiud\w+|ultima (?:frase|parola|riga))\b
            """,
            "start": r"\b(?:inizi\w+|cominci\w+|prima (?:frase|parola|riga))\b",
            "existence": r"""
                \b(?:inclu\w+|conten\w+|contien\w+|us[aio]\w*|utilizz\w+|menzion\w+|inseri\w+|aggiung\w+|
                con l[ae] parol[ae]|compa\w+|appar\w+|ripet\w+)\b
            """,
        },
        times=r"(?P<number>%number%)(?: o più)? volt[ae]",
        adverbs={},
        flags={
            "lowercase": r"\bminuscol\w+|\b(?:senza|non usare|nessuna) (?:\w+ )?maiuscol\w+",
            "uppercase": r"""
                (?<!senza )(?<!nessuna )(?<!non usare )\b(?:tutto |tutte |in |solo )(?:lettere |caratteri )?maiuscol\w+
            """,
            "no_comma": r"\b(?:senza|non|nessuna|evita\w*)\b(?: [\w'’]+){0,5} virgol[ae]\b",
            "quotation": r"""
                \b(?:racchiu\w+|metti\w*|inseri\w+|avvolg\w+|poni|tra)\b.{0,60}\bvirgolette\b
            """,
            "repeat_prompt": r"""
                \bripet\w+ (?:prima )?(?:la |questa |mia )?(?:richiesta|frase|domanda|istruzione|
                testo)\b.{0,40}\b(?:parola per parola|esattamente|senza (?:modific|cambia)\w+|sopra)
            """,
        },
        letter=r"\bletter[ae]\b",
        word=r"\b(?:la |il )(?:parola(?: chiave)?|termine)",
        words=r"\b(?:le |queste |i |questi )?(?:parole(?: chiave)?|elementi|termini)(?: seguenti)?",
        no_word=r"""
            chiave|di|del|della|che|in|nel|nella|deve|devono|non|può|possono|per|e|o|come|è|sono|si|
            con|a|al|alla|seguenti?|massimo|minimo|circa|date?|più|meno|su|sul|sulla|da
        """,
    ),
)  # fmt: skip
