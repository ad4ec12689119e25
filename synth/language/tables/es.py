"""Spanish."""

from __future__ import annotations

from synth.language.numerals import AdditiveNumerals, cardinals, ordinals
from synth.language.table import (
    DateTable,
    FragmentTable,
    LanguageTable,
    NameTable,
    NumberTable,
    PolarityTable,
    PromptTable,
    ReplyTable,
    SegmentationTable,
    SentenceFilterTable,
    any_word,
    opposites,
    vocabulary,
    words,
)

_ATOMS = cardinals(
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve treinta cuarenta=40 cincuenta=50 sesenta=60 setenta=70 ochenta=80 noventa=90 un=1 "
    "una=1 cien=100 ciento=100 doscientos=200 trescientos=300 cuatrocientos=400 quinientos=500 seiscientos=600 "
    "setecientos=700 ochocientos=800 novecientos=900 doscientas=200 trescientas=300 quinientas=500 "
    "decena=10 docena=12"
)

TABLE = LanguageTable(
    code="es",
    name="Spanish",
    rank=4,
    regions=("ES",),
    shared=True,
    frequent=words("el los las y es una del para que con por se su al más lo como fue en han ha sus no la"),
    relative_length=1.1,
    vocabulary=vocabulary(
        "write: escrib redact reescrib escrit; list: list enumer; word: palabr; sentence: oraci frase; paragraph: "
        "párraf; letter: carta letra; poem: poema poesía; song: canci; story: histori cuento relat; essay: ensayo; "
        "title: títul; question: pregunt cuesti; answer: respu respond contest; example: ejempl; summary: resum; "
        "describe: descri; explain: expli; create: cre gener; include: inclu; highlight: resalt destac; section: "
        "secci part; keyword: clave; language: idioma lengua; english: inglés ingles; comma: coma_ comas_; bullet: "
        "viñeta punto; exactly: exact; without: sin_; between: entre_; number: númer; function: funci; return: "
        "devuelv devolv retorn regres; integer: enter; people: gente persona; woman: mujer; man: hombre; child: niñ "
        "hij; family: famili; friend: amig; house: casa_ casas_ hogar; city: ciudad; country: país; world: mundo; "
        "water: agua; food: comida aliment; day: día; week: semana; month: mes_ meses; year: año; night: noche "
        "tarde; morning: mañana; today: hoy_; school: escuela escolar colegio; student: estudiant alumn; teacher: "
        "profesor maestr docente; money: dinero plata; book: libro; movie: película film cine; music: músic; game: "
        "juego partid; name: nombre; life: vida; war: guerra; police: polic; government: gobierno; president: "
        "president; company: empresa compañía; price: precio; car: coche auto carro; door: puerta; hand: mano; eye: "
        "ojo; head: cabeza; heart: coraz; face: cara_ rostro; fire: fuego incendi; light: luz luces ligero; tree: "
        "árbol; river: río_; sea: mar_ océano; mountain: montaña; animal: animal; dog: perr; cat: gato; white: "
        "blanc; black: negr; red: rojo roja; green: verde; blue: azul; new: nuev; old: viej antigu año; young: jov; "
        "small: pequeñ poco; good: buen bien gran; never: nunca jamás; because: porque ya_que; before: antes; "
        "after: después; if: si_; but: pero_ sino; when: cuando; where: dónde donde; who: quién quien que_; why: "
        "por_qué; how: cómo cuánt; all: todo toda; three: tres_; two: dos_; first: primer; last: últim pasad; same: "
        "mism; different: diferen distint; help: ayud; product: producto; customer: client; health: salud salud; "
        "history: histor; science: cienci cientí; computer: computador ordenador; recipe: receta; benefit: benefici "
        "ventaj"
    ),
    segmentation=SegmentationTable(
        before_names=words(
            "sra srta dra ud uds d dña lic arq gral cnel av avda p.ej cía sta sto sr"
        ),
        before_numbers=words("núm nº pág págs"),
        openers=words(
            "el la los las un una en de del al y o pero no se su sus es son este esta con por para como cuando según "
            "tras"
        ),
    ),
    numbers=NumberTable(
        numerals=AdditiveNumerals(_ATOMS, words("y")),
        weak=words("un uno una once"),
        ordinals=ordinals("tercer cuart quint sext séptim octav noven décim", ("", "o", "a")),
        fractions={"tercio": 3, "tercios": 3, "cuarto": 4, "cuartos": 4, "quinto": 5, "quintos": 5},
        half=words("mitad"),
        halves=words("medio media"),
        half_articles=words("un una"),
        magnitudes={10**3: "mil", 10**6: "millón millones"},
        conjunctions=words("y"),
        joins_magnitudes=True,
        currencies={"EUR": "euro euros", "USD": "dólar dólares", "GBP": "libras", "JPY": "yen", "CNY": "yuan"},
        percent_pairs=frozenset({("por", "ciento")}),
        units={
            "km": "kilómetros", "m": "metros", "t": "toneladas", "kg": "kilo kilos", "g": "gramos",
            "year": "año años", "month": "mes meses", "week": "semana semanas", "day": "día días",
            "hour": "hora horas", "minute": "minutos", "second": "segundos", "°": "grados",
        },
        square=words("cuadrados"),
        links=words("de"),
        ordinal_suffixes=words("o a"),
        over=words("más"),
        under=words("casi"),
        about=words("unos unas"),
        hedge_pairs={"más": "over", "menos": "under"},
        hedge_links=words("de del"),
        definite=words("los las"),
        range_words=words("a y o al"),
        decimal_marks=".,",
        idioms={
            "cero": 0, "primer": 1, "primero": 1, "primera": 1, "primeros": 1, "segundo": 2, "segunda": 2, "ambos": 2,
            "ambas": 2, "par": 2, "pareja": 2, "doble": 2, "media": 30, "medio": 30, "triple": 3, "docena": 12,
            "docenas": 12, "mediodía": 12, "medianoche": 12, "cien": 100, "ciento": 100, "cientos": 100,
            "veintena": 20,
        },
    ),
    dates=DateTable(
        months=(
            "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre|setiembre",
            "octubre", "noviembre", "diciembre",
        ),
        weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        first=words("primero"),
        day_words=words("el al del"),
        month_links=words("de"),
        year_links=words("de del"),
        relative={"ayer": -1, "anoche": -1, "mañana": 1},
        hour_words=words("las"),
    ),
    names=NameTable(
        particles=words("de del la"),
        common=words("el la los las y es una para como pero este esta su sus lo según tras"),
    ),
    polarity=PolarityTable(
        negations=words(
            "no nunca jamás ni sin nadie ningún ninguna ninguno tampoco"
        ),
        no_negations=frozenset({
            "no solo", "no sólo", "no obstante", "no solamente",
        }),
        agents=words("por"),
        small=words(
            "el la de que y a en un los se le lo o pero más ya fue ser son está han había este esta ese sobre"
        ),
        opposites=opposites(
            "subi sube aument crec increment alza./baj cay cae. cayó disminu reduj reduc descen;gan. gana. ganó "
            "ganar ganaron venc victori triunf/perd perdi derrot;conden culpable/absol absuel inocen;deten "
            "arrest/liber excarcel solt;aprob acept/rechaz deneg vet;confirm admit/desmint desmenti neg. negó "
            "niega;vivo. viva. sobreviv/muert muri falleci mat.;abr abiert/cerr cierr;apoy respald favor/opon "
            "opus critic contra.;permit autoriz/prohib;compr adquir/vend;contrat/desped despid;comenz empez "
            "inici/termin acab finaliz;mejor/peor empeor;máxim/mínim;gananc "
            "benefici/pérdid;norte./sur.;primer/últim;entr. ingres/sali"
        ),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
            "pero y e también este esta esto estos estas ese esa eso él ella ellos además sin^embargo por^eso así "
            "luego entonces o"
        ),
        sequence=(
            r"\b(?:años?|mes(?:es)?|semanas?|días?|horas?|minutos?) (?:más tarde|después\b(?! de)|antes\b(?! (?:de|"
            r"del|que)))|"
            r"\b(?:al día siguiente|(?:el|la|al) \w+ siguiente|desde entonces|mientras tanto|posteriormente|"
            r"al mismo tiempo)\b|"
            r"\bpoco (?:después|antes)\b(?! (?:de|del|que))|\bmism[oa] (?:día|año|mes|noche|tarde)\b|"
            r"\bla víspera\b(?! de)"
        ),
        verb=(
            r"\b(?:es|son|está|están|fue|fueron|era|eran|ha|han|había|será|sería|sea|sean|hay|hubo|puede|pueden|"
            r"podría|debe|"
            r"deben|debería|quiere|quieren|va|van|hace|hacen|dice|dicen|tiene|tienen|tenía|tuvo|hizo|dijo|viene|"
            r"vienen|sigue|"
            r"siguen|queda|quedan|da|dan|parece|asegura|afirma|explica|señala|añade|advierte|anuncia|confirma|"
            r"denuncia|insiste|"
            r"sostiene|considera|cree|espera|busca|pide|propone|prevé|incluyen?|supone|permite|llegan?|cuentan?|"
            r"ocupa|suma|gana|"
            r"pierde|juega|viven?|cumple|muestra|representa|existen?|afecta|mantiene|reclama|exige|celebra|comienza|"
            r"empieza)\b|"
            r"\b\w{2,}(?:ó|aron|ieron|[aei]rán?|aban?|ían)\b|\bse \w"
        ),
        drops_subjects=True,
        relative_clause=r"\b(?:que|quien|quienes|cual|cuales|donde|cuy[oa]s?)\b[^,;:()–-]*",
        first_person=any_word("yo mi mis nosotros nuestro nuestra hemos somos"),
        relative_days=r"hoy|ayer|mañana|esta (?:mañana|tarde|noche)",
    ),
    fragments=FragmentTable(
        address=r"señor(?:a|ita)?|Sra?\.|Srta\.|don|doña|D\.|Dª",
        mentioned=(
            r"\b(?:el|la) (?:hombre|mujer|joven|víctima|pareja|acusad[oa]|detenid[oa]|autor|conductor|empresa|"
            r"compañía|"
            r"club|equipo|partido|ley|texto|proyecto|película|libro|ministr[oa]|president[ea]|alcalde|alcaldesa|"
            r"portavoz|cantante|director|directora|grupo|suceso|incidente|accidente|incendio|ataque|caso|acuerdo)"
            r"(?! (?:de|del|(?-i:[A-ZÁ-Ú])|que))\b|\b(?:los|las) (?:dos|tres|víctimas|hechos|agentes|investigadores|"
            r"jóvenes|jugadores)\b(?! (?:de|del))|\b(?:est[eao]s?|es[eao]s?|aquell?[oa]s?|aquel|dich[oa]s?|tal|tales|"
            r"citad[oa]s?)\b(?! (?:mañana|tarde|noche|semana|mes|año|verano|invierno))|\botr[oa]s?\b"
        ),
        definite=r"\b(?:el|la|los|las|del|al) ((?-i:[a-zá-ú]){4,})\b(?! (?:de|del|que|(?-i:[A-ZÁ-Ú])))",
        linking=words(
            "también además luego todavía así entonces aún tampoco"
        ),
        elsewhere=(
            r"\b(?:más arriba|más abajo|véase|como (?:se ha dicho|hemos|ya)|en la (?:foto|imagen)|en el vídeo|"
            r"este artículo|siguientes?|a continuación|lea también|lee también|haz clic|pincha|nuestr[oa] "
            r"(?:boletín|podcast|corresponsal|periodista))\b"
        ),
        credits=(
            r"\b(?:foto|fotografía|vídeo|video|imagen|fuente|crédito|infografía)s? ?(?:[:/|©]|de (?-i:[A-ZÁ-Ú]))|©|"
            r"\((?:EFE|AFP|Reuters|EP)\)|https?:|www\.|@\w|#\w|todos los derechos|suscríbe"
        ),
        line_openers=words(
            "el la los las un una unos unas de del en con por para tras según sobre desde hasta este esta estos estas "
            "pero y o si cuando como al es son ha han no se más"
        ),
        genres={
            "interview": r"entrevista",
            "opinion": r"opinión|editorial|columna|tribuna|cartas|opinion",
            "sport": r"deporte|fútbol|futbol|tenis|ciclismo|baloncesto|rugby|olímp",
            "business": r"econom|empresa|finanza|bolsa|mercado|empleo|vivienda",
            "science": r"cienci|salud|tecnolog|medio ambiente|clima|espacio|medicina|sociedad digital",
            "culture": r"cultur|libro|cine\b|música|teatro|televisión|viaje|moda\b|gastronom",
        },
    ),
    prompts=PromptTable(
        date_form="{day} de {month} de {year}", title="Título", source="Fuente", content=("Texto",), summary="Resumen"
    ),
    replies=ReplyTable(
        answer_nouns=words("resumen síntesis texto versión respuesta artículo traducción"),
        presenting=words(
            "aquí tienes tiene está esta este a continuación el la los las un una único de del en y que me has pedido "
            "solicitado "
            "solicitaste pediste te se presento presenta ofrezco integrado unificado combinado neutral breve conciso "
            "completo final "
            "artículos noticias fuentes textos proporcionados proporcionadas proporcionado español lengua sin "
            "repeticiones sobre "
            "basado basada siguiente con lo mismo hecho evento puedes encontrar es dejo he"
        ),
        interjections=words("claro por supuesto desde luego vale ok okay sí con gusto perfecto entendido"),
        offer=(
            r"(?:(?:puedo|con gusto|encantado de|encantada de|será un placer) (?:te )?(?:ayudo|ayudarte|ayudarle"
            r"|hacerlo)"
            r"|te ayudo)(?: (?:con|en) (?:eso|esto|tu solicitud|gusto))?"
        ),
        handing_over=frozenset(
            {"aquí está", "aquí tienes", "aquí tiene", "aquí va", "aquí lo tienes"}
        ),
        reasoning=frozenset({"razonamiento", "pensamiento", "pensamientos"}),
        closing=(
            r"espero que\b.{0,60}?(?:útil|ayud|sirva|resumen|respuesta)|(?:házmelo|hazme|hágame|avísame|dime"
            r"|déjame) (?:saber|si)\b"
            r"|(?:si|en caso de que) (?:necesitas|necesita|tienes|tiene|deseas|desea|quieres|prefieres"
            r"|hay)\b.{0,80}?(?:pregunt|ayud|algo|más|otr|cambio|dud|dime|avís|saber)"
            r"|(?:quedo|estoy) (?:a (?:tu|su) disposición|aquí para)|¿(?:quieres|deseas|necesitas|te gustaría"
            r"|puedo)\b[^?]{0,60}?(?:resum|versión|ayud|algo más|texto)[^?]{0,60}\?"
        ),
        remark=(
            r"(?:nota|n\.?b\.?|observación|número de palabras|palabras|fuentes?)\b ?[:(].{0,60}?(?:resumen"
            r"|este texto|los artículos|las fuentes|palabras|\d+\W*\Z)"
            r"|(?:este|el presente) (?:resumen|texto) (?:es|integra|combina|se basa|mantiene|incluye|recoge)\b"
            r"|he (?:resumido|combinado|integrado|intentado|evitado|sintetizado)\b"
        ),
        refusal=(
            r"(?:lo siento|lamento|lo lamento|disculpa|me temo|perdón|desafortunadamente"
            r"|lamentablemente)\b[^.!?\n]{0,30}?\bno (?:puedo|soy capaz de|me es posible|es posible|podré) "
            r"(?:\w+ )?(?:ayudar|asistir|proporcionar|resumir|generar|cumplir|completar|crear|producir|procesar"
            r"|acceder|responder|escribir|hacer|continuar|ofrecer)"
            r"|no (?:puedo|soy capaz de|me es posible) (?:ayudarte|ayudarle|ayudar con|asistir|proporcionar|resumir"
            r"|generar|cumplir con|completar (?:esta|tu)|procesar (?:esta|tu)|acceder a (?:los|enlaces))"
            r"|como (?:un )?(?:modelo de (?:lenguaje|ia)|inteligencia artificial|asistente (?:virtual|de ia)|ia\b)"
            r"|(?:por favor,? )(?:proporciona|pega|comparte|envía|facilita|incluye)\w* (?:los artículos|el texto"
            r"|el artículo)|no (?:has|se han|veo) (?:proporcionado|incluido|ningún) (?:los |ningún )?(?:artículo"
            r"|texto)"
        ),
        apology=(
            r"(?:lo siento|lamento|lo lamento|disculpa|me temo|desafortunadamente"
            r"|lamentablemente)\b[^.!?\n]{0,40}?\bno (?:puedo|soy capaz|es posible|podré)"
        ),
        attribution=(
            r"(?:dijo|declaró|explicó|añadió|afirmó|escribió|respondió|admitió|ha (?:dicho|declarado|explicado))\b"
        ),
        injection=(
            r"(?:ignora|ignorad|ignore|ignoren|olvida|olvide|descarta|desatiende"
            r"|no sigas) (?:\w+ ){0,3}?(?:instrucciones|indicaciones|órdenes|reglas|directrices"
            r"|prompt) (?:\w+ ){0,3}?(?:anterior|previ|de arriba|recibid|que (?:te|has)|del sistema|iniciales)"
            r"|(?:ignora|olvida) todo lo (?:anterior|que)"
            r"|(?:nota|mensaje|instrucci(?:ón|ones)|aviso|atención) (?:para|a) (?:el |la |los |las |cualquier "
            r"|todos los )*(?:modelos? de (?:lenguaje|ia|inteligencia)|asistentes? (?:de ia|virtual|ia)|ia\b|llms?\b"
            r"|inteligencia artificial que|chatbots?)"
            r"|si (?:eres|usted es|sois) una? (?:modelo de|ia\b|asistente (?:de|virtual)|inteligencia artificial|llm"
            r"|chatbot)|(?:querido|querida|estimado|estimada) (?:modelo|asistente|ia|llm|chatgpt)\b"
            r"|(?:a partir de ahora|de ahora en adelante),? (?:eres|actúa|responde|actuarás|serás|debes)\b"
            r"|(?:responde|escribe|incluye|añade|devuelve) (?:solo |únicamente |solamente |en (?:tu|el) (?:resumen"
            r"|respuesta) |siempre )+(?:con |que |la |el |lo |\W)"
            r"|(?:revela|muestra|imprime|repite) (?:tu|tus|el|las) (?:prompt|instrucciones)(?: (?:de|del) sistema"
            r"| iniciales)|(?:al|cuando) (?:resumir|resumas|traducir|traduzcas|procesar) (?:este"
            r"|el presente) (?:texto|artículo|documento)"
        ),
    ),
)  # fmt: skip
