"""Spanish."""

from __future__ import annotations

from synth.language.table import words
from synth.reverse.refusals.table import InstructionTable

_TEXT = (
    r"(?:textos?|pasajes?|artículos?|párrafos?|extractos?|documentos?|fragmentos?|relato|noticias?|comunicado|"
    r"contenido|carta|tabla|lista|receta|entrevista|"
    r"conversación|diálogo|frases?|oraci(?:ón|ones)|información|datos|declaraciones|consejos|puntos|hechos|sucesos|"
    r"titular|discurso|gráfico|imagen|contexto|poema|cita)"
)
_PARTICIPLE = (
    r"(?:(?:de |más |mencionad[oa]s? |citad[oa]s? )?(?:arriba|abajo)|siguientes?|anterior(?:es)?|(?:proporcionad|"
    r"adjunt|dad|mencionad|citad|presentad|facilitad|propuest)[oa]s?|en cuestión|que (?:sigue|siguen|precede))(?! "
    r"(?:por|a|al|en|para|durante|de|del)\b)"
)
_NAMED = r"(?! (?:de|del|\d|aprobad|constitucional|legal))"
_READING = (
    r"(?:resum|lee|leer|analiz|traduc|traduzca|parafrase|reescrib|corrig|correg|simplific|complet|coment|acort|"
    r"continú|evalú|reformul)\w*"
)
_POINTERS = (
    # whatever its noun is: "la siguiente definición"
    r"\b(?:el|la|los|las|del|al) (?:siguientes?) (?!día|año|mes|seman|mañana|tempor|pregunt|instruc)[a-zà-ÿ]|"
    rf"\b(?:siguientes?|anterior(?:es)?|presente) {_TEXT}\b|\b{_TEXT}(?: \w+)? {_PARTICIPLE}"
    rf"|\b(?:este|esta|estos|estas) (?:\w+ )?{_TEXT}\b"
    r"|\b(?:lo (?:siguiente|anterior)|como sigue|arriba mencionad\w+|antes mencionad\w+|más arriba|más abajo)\b"
    rf"|\b(?:el|del|al|en el|según el) (?:texto|pasaje|párrafo|extracto|fragmento|documento|comunicado)\b{_NAMED}"
    rf"|\b(?:en|según|de acuerdo con|a partir de|sobre) el artículo\b{_NAMED}|\bdel artículo\b{_NAMED}"
    rf"|\b{_READING} (?:el|la|los|las) (?:texto|artículo|pasaje|extracto|documento|párrafo|carta|tabla|frase|"
    rf"entrevista|noticia|comunicado)\b{_NAMED}"
    r"|\bel artículo (?:dice|habla|describe|explica|menciona|cuenta|trata)"
    r"|\b(?:el autor|la autora|el narrador|el escritor)\b(?! (?:de|del)\b)"
)

TABLE = InstructionTable(
    making=(
        r"(?:(?:escrib|redact|compon|cre|invent|gener|prepar|imagin|elabor|formul|traz|present|realiz|diseñ|"
        r"desarroll)(?:e|a|an|en|ir|er|ar|as|es|ga)?|haz|haga|hacer|da|dame|dé|dar|produce|produzca|producir|propón|"
        r"proponga|proporciona|proporcione|cuenta|cuéntame|cuente)(?:me|nos)?"
    ),
    asking=(
        r"(?:(?:explic|expliqu|cuent|cont|enumer|list|analic|analiz|coment|ilustr|present|inform|imagin|habl|indic|"
        r"indiqu|evalú|compar|anunci|examin|complet|consider|explor|argument|simplific|simplifiqu|encuentr|cit|"
        r"nombr|recuerd|muestr|ayud|us|utilic|utiliz|detall|señal|relat|narr|traz|celebr|opin|agreg|añad|cambi|"
        r"clasific|clasifiqu|orden|reemplaz|seleccion|calcul|organiz|adapt|modific|modifiqu|transform|identific|"
        r"identifiqu|justific|justifiqu|desarroll|elabor|aclar|sugier|piens|combin|determin|subray|estudi|critic|"
        r"critiqu|expon|explor|redact|recomiend|esboc|esboz)"
        r"(?:a|e|ar|en|an|emos)|describe|describa|describir|resume|resuma|resumir|discute|discuta|responde|responda|"
        r"responder|lee|lea|leer|reescribe|reescriba|di|dime|diga|traduce|traduzca|traducir|corrige|corrija|"
        r"corregir|"
        r"define|defina|definir|expresa|exprese|eres|usted es|haz|recoge|recoja)(?:me|nos|lo|la|los|las)?"
    ),
    between=(
        r"(?:un|una|unos|unas|el|la|los|las|algun[oa]s?|dos|tres|cuatro|cinco|seis|diez|\d+|breve|cort[oa]|larg[oa]|"
        r"pequeñ[oa]|bonit[oa]|nuev[oa]|sencill[oa]|simple|formal|informal|divertid[oa]|detallad[oa]|original|"
        r"imaginari[oa]|página de|líneas de|serie de|conmovedor\w*|verdader[oa])"
    ),
    questions=(
        r"\?|¿|^(?:quién|quiénes|qué|cuándo|cuánto|cuántos|cuántas|dónde|cómo|por qué|cuál|cuáles)\b|\b(?:puedes|"
        r"podrías|puede|podría|quisiera|me gustaría|necesito|debes|debe|por favor)\b"
    ),
    asks_money=(
        r"cuánto (?:cuesta|cuestan|costará|costó|costaron|vale|se paga)|cuál es el (?:precio|coste|costo)|cuáles "
        r"son los precios"
    ),
    asks_time=r"\bcuándo\b|(?:en|a) qué (?:fecha|día|año|mes|hora)",
    asks_number=r"\bcuánt[oa]s\b",
    genres={
        "poem": (
            r"poemas?|poesías?|sonetos?|haikus?|odas?|baladas?|rimas?|acrósticos?|versos?|estrofas?|coplas?|"
            r"romances?|limericks?"
        ),
        "song": r"canci(?:ón|ones)|letra de (?:una )?canción|himno|rap|estribillo|nana",
        "recipe": r"recetas?",
        "code": (
            r"código|scripts?|programa (?:en|informático)|funci(?:ón|ones) (?:en|python|que)|consultas? sql|"
            r"algoritmos?|macro|expresión regular"
        ),
        "markup": r"json|xml|html|csv|yaml|sql|markdown|página web",
        "table": r"tablas?|cuadro comparativo|cuadrícula",
        "letter": r"cartas?|misivas?|postales|tarjeta postal",
        "email": r"e-?mails?|correos?(?: electrónicos?)?|sms|mensajes? de (?:texto|whatsapp)",
        "interview": r"entrevistas?|preguntas y (?:las )?respuestas",
        "dialogue": r"diálogos?|conversaci(?:ón|ones)|escenas?|gui(?:ón|ones)|obras? de teatro|monólogos?|sketch",
        "bullets": r"listas? (?:con viñetas|numeradas?)|viñetas",
        "list": r"listas?|listados?|decálogo",
        "timeline": r"cronologías?|línea de tiempo|línea del tiempo",
        "questions": r"cuestionarios?|preguntas?(?! y)|test|quiz|adivinanzas?|crucigramas?|examen",
        "fiction": r"cuentos?|fábulas?|novelas?|leyendas?|chistes?|relatos? (?:cortos?|de ficción)|parábolas?|mitos?",
        "howto": r"instrucciones|tutorial|manual|itinerario|guía (?:práctica|de viaje|paso a paso)",
        "diary": r"(?:página de(?:l|) )?diario(?= (?:de un|de una|personal|íntimo))|entrada de diario|diario",
        "speech": r"discursos?|sermones|sermón|brindis|arenga|alegato",
        "headline": r"titular(?:es)?|títulos?(?! universitario)|eslogan|lema",
        "tweet": r"tuits?|tweets?|hashtags?",
        "advert": r"anuncio publicitario|publicidad|anuncios?",
        "cv": r"currículum|contratos?|facturas?|horóscopos?|menús?|testamentos?",
    },
    form_of=r"en forma de|en formato(?: de)?|al estilo de|a modo de|como si fuera",
    phrases={
        "poem": r"\ben (?:verso|rima)\b",
        "bullets": r"\bcon viñetas\b|\bpor puntos\b",
        "translation": (
            r"^(?:traduce|traduzca|traducir)\b|\b(?:al|en) (?:inglés|francés|alemán|italiano|chino|vietnamita|"
            r"latín)\s*[.!]?$"
        ),
        "list": r"^(?:enumera|enumere|lista|liste)\b",
        "math": r"^(?:calcula|calcule|resuelve|resuelva|demuestra que)\b",
    },
    measures={
        "word": r"palabras?",
        "sentence": r"frases?|oraci(?:ón|ones)",
        "paragraph": r"párrafos?",
        "line": r"líneas",
        "character": r"caracteres",
        "item": (
            r"(?:\w+ )?(?:consejos|razones|motivos|puntos|maneras|formas|ejemplos|ideas|aspectos|cosas|pasos|"
            r"preguntas|elementos|reglas|hechos|consecuencias)"
        ),
    },
    titled=r"\b(?:titulad[oa]s?|con el (?:título|titular)|título|titular|llamad[oa]s?)\b",
    reader=(
        r"(?:a|para) (?:un |una |los )?(?:niñ[oa]|alumn[oa]|lector|estudiante|público)s?(?:es)? de (?:NUMBER)(?: o "
        r"(?:NUMBER))? años"
    ),
    numbers={
        "un": 1,
        "una": 1,
        "dos": 2,
        "tres": 3,
        "cuatro": 4,
        "cinco": 5,
        "seis": 6,
        "siete": 7,
        "ocho": 8,
        "nueve": 9,
        "diez": 10,
    },
    pointers=_POINTERS,
    demonstrative=r"\b(?:este|esta|estos|estas|ese|esa|dicho|dicha) (\w+)",
    demonstrative_times=(
        r"años?|semanas?|mes|meses|días?|mañana|tarde|noche|verano|invierno|primavera|otoño|temporada|que|tipo|modo|"
        r"sentido|tema|estilo|formato|caso|punto|momento|últim\w+|petición|pregunta|fin|vez"
    ),
    preamble=(
        r"^(?:claro|por supuesto|desde luego|ciertamente|vale|ok|perfecto|de acuerdo|sí)\b(?: que sí)?\s*[,.!:]|"
        r"^aquí (?:tienes|tiene|está)\b|^(?:instrucción|pregunta|respuesta|petición|prompt|consigna)\s*:|^(?:la|"
        r"una) (?:instrucción|pregunta|petición) (?:es|sería|posible)\b"
    ),
    salutation=r"\b(?:querid[oa]s?|estimad[oa]s?|atentamente|un (?:saludo|abrazo)|cordialmente|saludos)\b",
    cooking=r"\b(?:ingredientes|cucharadas?|horno|mezcla|cocer|pica|sofríe|mantequilla|harina|sartén|hervir|añade)\b",
    once_upon=r"érase una vez|había una vez|hace mucho tiempo|fueron felices",
    addressed=r"\b(?:señoras y señores|querid[oa]s|amig[oa]s|compañer[oa]s|gracias|ciudadanos|compatriotas)\b",
    home=words("españa español española españoles españolas europa"),
    common=words(
        "artículo noticia breve corto texto periódico periodista periodístico lector lectores ciudadanos palabras "
        "frases frase crónica reportaje actualidad "
        "explica cuenta escribe describe resume redacta niño niños años estilo tono manera sencillo claro qué cuál "
        "cuáles quién quiénes cómo cuándo cuánto cuántos cuántas por dónde "
        "razones causa causas motivos consecuencias efectos detalles principales principal situación hecho hechos "
        "suceso sucesos caso historia información datos profesional comunicado prensa pasado después antes "
        "ser es son fue fueron ha han al del de la el los las un una y o en sobre para con que se su sus lo le les"
    ),
)
