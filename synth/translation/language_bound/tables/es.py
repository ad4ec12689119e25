"""Spanish."""

from __future__ import annotations

from synth.translation.language_bound.table import BoundTable, ConstraintTable

TABLE = BoundTable(
    code="es",
    languages={
        "inglés": "en", "inglesa": "en", "francés": "fr", "francesa": "fr", "español": "es", "española": "es",
        "castellano": "es", "alemán": "de", "alemana": "de", "italiano": "it", "italiana": "it", "vietnamita": "vi",
        "portugués": "pt", "neerlandés": "nl", "holandés": "nl", "ruso": "ru", "rusa": "ru", "chino": "zh",
        "mandarín": "zh", "japonés": "ja", "coreano": "ko", "árabe": "ar", "hindi": "hi", "latín": "la",
        "griego": "el", "turco": "tr", "polaco": "pl", "sueco": "sv", "noruego": "no", "danés": "da",
        "finlandés": "fi", "finés": "fi", "checo": "cs", "húngaro": "hu", "rumano": "ro", "ucraniano": "uk",
        "búlgaro": "bg", "hebreo": "he", "tailandés": "th", "indonesio": "id", "persa": "fa", "urdu": "ur",
        "bengalí": "bn", "suajili": "sw", "catalán": "ca", "esperanto": "eo", "croata": "hr", "serbio": "sr",
        "panyabí": "pa", "punjabi": "pa", "kannada": "kn", "canarés": "kn", "maratí": "mr", "marathi": "mr",
        "gujarati": "gu", "guyaratí": "gu", "tamil": "ta", "telugu": "te", "nepalí": "ne",
    },
    numbers={
        "un": 1, "uno": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8,
        "nueve": 9, "diez": 10, "once": 11, "doce": 12, "quince": 15, "veinte": 20, "cincuenta": 50, "cien": 100,
    },
    shorthands={
        "sentence": r"""
            (?:frases?|oraci(?:ón|ones)|textos?|párrafos?|pasajes?|palabras?|enunciados?|carta|siguiente)
        """,
        "speech_part": r"""
            (?:sustantivos?|verbos?|adjetivos?|adverbios?|pronombres?|preposici(?:ón|ones)|conjunci(?:ón|ones)|
            interjecci(?:ón|ones)|determinantes?|participios?|gerundios?|infinitivos?|artículos? (?:definid|
            indefinid)os?)
        """,
        "list": r"""
            (?:enumer[ae]|list[ae]|nombr[ae]|d[aeé](?:me)?|encuentr[ae]|proporcion[ae]|gener[ae]|escrib[ae]|cit[ae]|
            indi(?:ca|que)|sugier[ae]|cre[ae]|dime|piens[ae] en|ha(?:z|ga) una lista de|cre[ae] una lista de)
        """,
    },
    innocent=r"""
        (?:menos|más) de %number% palabras|
        (?:comien\w+|comenz\w+|empie\w+|empez\w+|inici\w+) (?:con|por) [«\"“']? ?P\.? ?(?:P\.? ?|D\.?)?S?\b|
        ningun[ao]? otr[ao]s? (?:palabras?|frases?)\b|
        (?:coloc\w+|pon\w+|envuelv\w+|envolv\w+|encierr\w+|encerr\w+|escrib\w+|
        rode\w+)\b(?: \w+){0,6} (?:entre )?comillas(?: dobles)?|
        en otras palabras|palabras clave|palabras de (?:ánimo|aliento|sabiduría)|canci(?:ón|ones) infantil(?:es)?|
        lenguaje natural|lengua de señas|procesador de textos?
    """,
    programs=r"""
        \b(?:escrib\w+|cre[ae]\w*|gener\w+|implement\w+|desarroll\w+|diseñ\w+|constru\w+|modifi\w+|expli\w+|
        proporcion\w+|descri\w+|propon\w+|redact\w+)\b(?: [\w\-+#]+){0,5}? (?:programa|función|algoritmo|script|
        código|regex|expresión regular|consulta|clase|pseudocódigo|software|base de datos|aplicación|sitio|juego|
        sistema|chatbot|modelo|método)\b|\b(?:sql|python|java|javascript|c\+\+|php|html|css)\b
    """,
    kinds={
        "rhyme": r"""
            \brim(?:a|as|an|ar|e|en|ado|ada|ados|adas)\b
            \bpareados?\b
        """,
        "anagram": r"""
            \banagrama\w*
            \bletras (?:mezcladas|desordenadas|revueltas)\b
            \b(?:reorden\w+|reorganiz\w+|orden\w+|mezcl\w+) (?:\w+ ){0,3}letras\b
        """,
        "palindrome": r"\bpal[ií]ndrom\w+",
        "pun": r"""
            \bjuegos? de palabras\b
            \btrabalenguas\b
            \bretruécanos?\b
            \bdoble sentido\b
            \bcalambur\w*
        """,
        "alliteration": r"""
            \baliteraci\w+
            \basonanci\w+
            \bonomatopey\w+
        """,
        "acrostic": r"""
            \bacrósticos?\b
            \bmnemotécni\w+
            \bnemotécni\w+
        """,
        "acronym": r"""
            \b(?:cre\w+|gener\w+|invent\w+|encuentr\w+|cuál es|propon\w+|form\w+)\b.{0,40}\b(?:acrónimo|sigla|
            abreviatura)s?\b
            \b(?:acrónimo|sigla|abreviatura) (?:para|de|del)\b
            \babrevi(?:a|e|ar)\b
        """,
        "poem_form": r"""
            \b(?:limericks?|sonetos?|haikus?|décimas? espinela|seguidillas?|quintillas?|endecasílab\w+)\b
        """,
        "syllables": r"\bs[ií]lab\w+",
        "pronunciation": r"""
            \bfonétic\w+
            \bpronunci\w+
            \bhomófon\w+
            \bhomógraf\w+
            \bhomónim\w+
            \bsílaba tónica\b
            \b(?:agudas|llanas|graves|esdrújulas?)\b.{0,20}\bpalabras?\b|\bpalabras?\b.{0,20}\b(?:agudas|llanas|
            esdrújulas?)\b
        """,
        "spelling": r"""
            \bortogr[aá]f\w+
            \berratas?\b
            \berror(?:es)? (?:tipográfico|de escritura|de tipeo)s?\b
            \bcómo se (?:escribe|deletrea)\b
            \bdeletre\w+
            \bmal escrit\w+
            \btildes?\b
        """,
        "grammar_correction": r"""
            \bgram[aá]tic\w+
            \b(?:corrig\w+|corregir|corrij\w+|arregl\w+)\b (?:\w+ ){0,5}?%sentence%\b
            \berror(?:es)?\b.{0,40}\b%sentence%\b
            \b%sentence%\b.{0,40}\berror(?:es)?\b
            \b(?:forma|versión) (?:correcta|adecuada)\b
            \b(?:identifi\w+|encuentr\w+|detect\w+|señal\w+|corrig\w+) (?:los |el |un )?(?:error|fallo)(?:es|s)?\b
            \b(?:artículo|preposición|pronombre|verbo|conjunción) (?:correct|adecuad|que falta|apropiad)\w*
            \b(?:correcto|adecuado) (?:artículo|pronombre|verbo|tiempo)\b
            \bconcordanci\w+
            \bpalabras? (?:incorrect|errón|equivocad|mal (?:usad|escrit))\w+
            \b(?:frase|oración) (?:es |está )?(?:gramaticalmente )?correcta\b
        """,
        "punctuation": r"""
            \bpuntuaci\w+
            \bpuntúa\b
            \b(?:añad\w+|agreg\w+|insert\w+|pon\w*|coloc\w+|corrig\w+|falt\w+) (?:\w+ ){0,4}(?:comas?|apóstrofos?|
            acentos?|punto y coma|dos puntos|comillas|mayúsculas?)\b
        """,
        "part_of_speech": r"""
            \bpartes? (?:del discurso|de la oración)\b
            \bcategorías? gramatical(?:es)?\b
            \bclases? de palabras?\b
            \banálisis (?:sintáctico|morfológico|gramatical)\b
            \b(?:identifi\w+|encuentr\w+|extra\w+|subray\w+|resalt\w+|cuent\w+|cont\w+|reemplaz\w+|sustitu\w+|
            cambi\w+|transform\w+|conviert\w+|clasifi\w+|cuál|cuáles|cuántos|elimin\w+|seleccion\w+|señal\w+|
            qué) (?:\w+[ ,]+){0,4}?%speech_part%\b(?! (?:para|que) (?:mejor )?descri)
            \bsujeto y (?:el )?(?:verbo|predicado)\b
            \bpredicados?\b
            \bobjeto (?:directo|indirecto)\b
            \boraci(?:ón|ones) (?:subordinada|principal|relativa)\w*
        """,
        "grammar_form": r"""
            \b(?:tiempos? verbal(?:es)?|pretérito\w*|imperfecto|pluscuamperfecto|subjuntivo|condicional|
            futuro (?:simple|perfecto))\b
            \b(?:al|en|del) (?:tiempo )?(?:pasado|presente|futuro)\b(?! de)
            \b(?:voz|forma) (?:activa|pasiva|negativa|interrogativa)\b
            \bplural(?:es)?\b
            \bsingular\b
            \bcomparativos?\b
            \bsuperlativos?\b
            \bconjug\w+
            \b(?:discurso|estilo) (?:directo|indirecto)\b
            \b(?:al|en) (?:masculino|femenino)\b
            \bimperativ[ao]\b
            \bdiminutivos?\b
            \b(?:reescrib\w+|transform\w+|cambi\w+|pon\w*|conviert\w+|pasa)\b.{0,40}\b(?:primera|segunda|
            tercera) persona\b
            \bforma contraída\b|\bcontracci(?:ón|ones) de %quoted%
        """,
        "language_identification": r"""
            \b(?:en )?qué idioma (?:es|está|son|se)\b
            \b(?:identifi\w+|detect\w+|determin\w+|reconoc\w+|adivin\w+) (?:el|en qué) (?:idioma|lengua)\b
        """,
        "etymology": r"""
            \betimolog\w+
            \borigen (?:de la palabra|del término|del nombre|de la expresión|del dicho)\b
            \bprefijos?\b
            \bsufijos?\b
            \braíz de la palabra\b
            \bpalabras? compuestas?\b
            \bfalsos amigos\b
        """,
        "alphabetical_order": r"""
            \balfab[eé]tic\w+
            \balfabeto\b
            \babecedario\b
        """,
        "ends_in": r"""
            \b(?:termin\w+|acab\w+|finaliz\w+) (?:en|con|por) (?:(?:la|el|las) )?(?:mism[ao] )?(?:letras?|sufijo|
            sonido|%affix%)
            \bpalabras? (?:que |cuya )?(?:terminan|acaban|terminen|acaben|terminadas|acabadas) (?:en|con)\b
        """,
        "starts_with": r"""
            \b(?:empi\w+|comien\w+|empez\w+|comenz\w+|inici\w+) (?:con|por) (?:(?:la|el|las|
            una) )?(?:misma )?(?:letras?|prefijo|sonido|vocal|consonante|sílaba|
            [\"“'‘«]?(?-i:[A-ZÑ])[\"”'’»]?(?![\w'’]))
            \bpalabras? (?:que )?(?:empi\w+|comien\w+|inici\w+) (?:con|por) %affix%
        """,
        "letters": r"""
            \bletra (?:%quoted%|[a-zñ](?![\w'’]))
            \bletras (?:de|del|en|que faltan|dobles|que componen)\b(?! canciones| la canción)
            \bcuántas (?:\w+ )?(?:letras|vocales|consonantes)\b
            \bvocal(?:es)?\b
            \bconsonantes?\b
            \b(?:primera|segunda|tercera|cuarta|quinta|última) letra\b
            \b(?:palabras?|nombres?|verbos?) (?:de|con) %number% letras\b
            \b(?:inv[ie]\w+|dale la vuelta) (?:\w+ ){0,3}(?:palabra|letras|frase|cadena)\b
            \bal revés\b
            \b(?:crucigramas?|sopa de letras|ahorcado|scrabble|lipogramas?|pangramas?|código morse|cifrado)\b
            \bpalabra más (?:larga|corta)\b
            \b(?:palabra|mensaje) ocult[ao]\b|\bletras?\b.{0,30}\b(?:de la|en la|de esta) palabra\b
        """,
        "word_order": r"""
            \b(?:reorden\w+|orden\w+|organi\w+|reorgani\w+|coloc\w+)\b.{0,40}\bpalabras\b.{0,60}\b(?:frases?|
            oraci(?:ón|ones)|orden|sentido)\b
            \borden (?:correcto )?de las palabras\b
            \bpalabras en el mismo orden\b
        """,
        "word_position": r"""
            \b(?:primera|segunda|tercera|cuarta|quinta|última) palabra (?:de|del|en)\b
            \bcuántas palabras\b
            \b(?:cuent\w+|cont\w+) (?:\w+ ){0,3}palabras\b
            \bnúmero de palabras (?:en|de la|del|que)\b
            \bpalabra más (?:frecuente|usada|común)\b
        """,
        "synonyms": r"""
            \bsin[oó]nim\w+
            \bant[oó]nim\w+
            \b(?:contrario|opuesto) (?:de|a|al)\b
            \b(?:otra|mejor|nueva) palabra\b
            \bpalabras? (?:alternativ|diferente|similar|opuest|equivalente|más adecuad|nuev)\w*
            \b(?:reempla\w+|sustitu\w+) (?:\w+ ){0,4}?(?:la palabra|las palabras|el término|%quoted%)
            \bmismo significado (?:que|de)\b
            \bvocabulario\b
            \bléxico\b
            \b(?:verbo|adjetivo|sustantivo|adverbio|término) (?:diferente|distint|más (?:fuerte|preciso)|similar|
            equivalente)\w*
            \b(?:otro|mejor) (?:verbo|adjetivo|término)\b
            \bsignificado (?:opuesto|contrario|similar)\b
            \bsignifi\w+ lo mismo\b
        """,
        "idiom": r"""
            \brefr(?:án|anes)\b
            \bproverbios?\b
            \bmodismos?\b
            \bexpresi(?:ón|ones) (?:idiomática|coloquial|popular|hecha)\w*
            \bfrases? hechas?\b
            \bjerga\b
            \bcoloquial\w*
            \bdichos? (?:popular|%quoted%)\w*
            \bclichés?\b
            \bqué (?:significa|quiere decir) (?:la (?:frase|palabra|expresión)|el (?:término|dicho|refrán)|%quoted%)
            \bsignificado (?:de la (?:palabra|frase|expresión)|del (?:término|dicho|refrán))\b
            \b(?:significa|quiere decir)\b.{0,10}%quoted%
        """,
        "word_usage": r"""
            \bdiferencia entre (?:las palabras )?%quoted% y %quoted%
            \buso (?:de la palabra|del verbo)\b
            \bpalabras? polisémicas?\b
            \bpalabras con varios significados\b
        """,
    },
    translations=r"""
        \b(?:tradu\w+|traducción)\b.{0,400}?\b(?:al|a|en) (?:idioma )?(?P<language>%language%)\b
        \bcómo (?:se dice|se diría|dirías|decir|se escribe|digo)\b.{0,120}\ben (?P<language>%language%)\b
        \b(?:escrib\w+|redact\w+|respond\w+|respuest\w+|compon\w+|proporcion\w+|salud\w+|cuent\w+|di|
        diga)\b.{0,160}\ben (?:idioma )?(?P<language>%language%)\b
        \b(?:palabra|nombre|término|frase|equivalente|traducción) (?:en )?(?P<language>%language%)\b
        \bconviert\w*\b.{0,200}\b(?:al|en) (?P<language>%language%)\b
        \b(?:únicamente|solamente|solo|sólo|exclusivamente|completamente|íntegramente) (?:en |
        el )(?:idioma )?(?P<language>%language%)\b
        \b(?:estar|ser|esté|está) (?:\w+ )?en (?:idioma )?(?P<language>%language%)\b
    """,
    unnamed_translations=r"""
        ^tradu\w+\b|\btradu(?:ce|cir|zca|cción de) (?:\w+ ){0,4}(?:frases?|textos?|palabras?|párrafos?|oraci(?:ón|
        ones)|idiomas?)\b
    """,
    requests={
        "ends_in": r"""
            %list% (?P<number>%number%) palabras? (?:que )?(?:termin\w+|acab\w+) (?:en|con|por) (?:(?:la|las|
            el) )?(?:letras? |sufijo )?(?P<affix>%affix%|[a-zñ])
        """,
        "starts_with": r"""
            %list% (?P<number>%number%) palabras? (?:que )?(?:empi\w+|comien\w+|empez\w+|comenz\w+|inici\w+) (?:con|
            por) (?:(?:la|las|el) )?(?:letras? |prefijo )?(?P<affix>%affix%|[a-zñ])
        """,
        "letters": r"""
            %list% (?P<number>%number%) palabras? (?:que )?(?:conteng\w+|contien\w+|con) (?:la|
            las) letras? (?P<affix>%affix%|[a-zñ])
        """,
        "alphabetical_order": r"""
            (?:orden\w+|pon\w*|coloc\w+|clasifi\w+|
            organi\w+)\b.{0,60}\b(?:palabras)\b.{0,60}\b(?:alfabétic\w+)\b.{0,400}
            (?:orden\w+|pon\w*|coloc\w+|clasifi\w+|
            organi\w+)\b.{0,60}\b(?:alfabétic\w+)\b.{0,60}\b(?:palabras)\b.{0,400}
        """,
        "anagram": r"""
            (?:encuentr\w+|busc\w+|d[aeé](?:me)?|cuál es|cre\w+|gener\w+|form\w+|
            proporcion\w+)\b.{0,60}\banagramas?\b.{0,40}
        """,
        "palindrome": r"%list% (?P<number>%number%) (?:palabras )?pal[ií]ndrom[oa]s?",
        "rhyme": r"""
            %list% (?P<number>%number%) palabras? (?:que )?(?:rim\w+) con (?:la palabra )?%quoted%
        """,
    },
    instructions={
        "ends_in": "Enumera {number} palabras que terminen en «{affix}».",
        "starts_with": "Enumera {number} palabras que empiecen por «{affix}».",
        "letters": "Enumera {number} palabras que contengan la letra «{affix}».",
        "alphabetical_order": "Ordena alfabéticamente estas palabras: {words}.",
        "anagram": "Encuentra un anagrama de «{word}».",
        "palindrome": "Enumera {number} palabras palíndromas.",
        "rhyme": "Enumera {number} palabras que rimen con «{word}».",
    },
    single_instructions={
        "ends_in": "Escribe una palabra que termine en «{affix}».",
        "starts_with": "Escribe una palabra que empiece por «{affix}».",
        "letters": "Escribe una palabra que contenga la letra «{affix}».",
        "palindrome": "Escribe una palabra palíndroma.",
        "rhyme": "Escribe una palabra que rime con «{word}».",
    },
    endings=("ción", "mente", "dad", "miento", "ador", "aje",),
    beginnings=("re", "des", "inter", "pre", "sobre", "contra",),
    conjunctions=("y", "e",),
    constraints=ConstraintTable(
        units={
            "words": r"palabras?",
            "sentences": r"frases?|oraci(?:ón|ones)",
            "paragraphs": r"párrafos?",
            "bullets": r"viñetas?|puntos?(?: clave)?",
            "placeholders": r"""
                espacios? (?:vacíos?|reservados?)|marcadores?(?: de posición)?|placeholders?
            """,
            "sections": r"secci(?:ón|ones)|estrofas?",
            "lines": r"líneas?|versos?",
        },
        relations={
            "least": r"""
                al menos|por lo menos|no menos de|(?:un )?mínimo(?: de)?|o más|\+|como mínimo
            """,
            "most": r"""
                como máximo|no más de|(?:un )?máximo(?: de)?|hasta|o menos|a lo sumo|límite de|dentro de
            """,
            "less": r"menos de|inferior a",
            "more": r"más de",
            "exactly": r"exactamente|precisamente|solo|sólo|solamente",
        },
        roles={
            "forbidden": r"""
                \b(?:no|sin|evit\w+|exclu\w+|nunca|ni)\b|\ben lugar de\b|\ben vez de\b
            """,
            "end": r"""
                \b(?:termin\w+|finaliz\w+|acab\w+|conclu\w+|última (?:frase|oración|línea|palabra)|final de)\b
            """,
            "start": r"""
                \b(?:empi\w+|empez\w+|comien\w+|comenz\w+|inici\w+|primera (?:frase|oración|palabra|línea))\b
            """,
            "existence": r"""
                \b(?:inclu\w+|conten\w+|contien\w+|us[aeo]\w*|utili\w+|mencion\w+|añad\w+|agreg\w+|con las? palabras?|
                apare\w+|repi\w+)\b
            """,
        },
        times=r"(?P<number>%number%)(?: o más)? ve(?:z|ces)",
        adverbs={},
        flags={
            "lowercase": r"""
                \bminúsculas?\b|\b(?:sin(?: usar| utilizar)?|ninguna|no uses?|no utilice) (?:letras? )?mayúsculas?\b
            """,
            "uppercase": r"""
                (?<!sin )(?<!usar )(?<!ninguna )\b(?:en|todas?|solo) (?:letras )?(?:en )?mayúsculas?\b
            """,
            "no_comma": r"\b(?:sin|no|ninguna|evit\w+|ni)\b(?: \w+){0,5} comas?\b",
            "quotation": r"""
                \b(?:encierr\w+|envuelv\w+|encerr\w+|pon\w*|coloc\w+|entre|escrib\w+)\b.{0,60}\bcomillas\b
            """,
            "repeat_prompt": r"""
                \brepi?t\w+ (?:primero )?(?:la |esta |mi )?(?:solicitud|frase|pregunta|instrucción|petición|
                oración)\b.{0,40}\b(?:palabra por palabra|exactamente|sin|anterior)
            """,
        },
        letter=r"\bletras?\b",
        word=r"\b(?:la|el) (?:palabra|término)(?: clave)?",
        words=r"\b(?:las |estas |los |estos )?(?:palabras(?: clave)?|elementos|términos)(?: siguientes)?",
        no_word=r"""
            clave|de|del|que|en|debe|deben|no|puede|pueden|por|para|y|o|como|es|son|se|con|a|al|
            siguientes?|máximo|mínimo|aproximadamente|relacionadas|más|menos|dadas?
        """,
    ),
)  # fmt: skip
