"""German."""

from __future__ import annotations

from synth.language.numerals import CompoundNumerals, ordinals
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

_UNITS = "ein zwei drei vier fünf sechs sieben acht neun".split()
_TEENS = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_ONE = words("eine einen einem einer eines eins")


def _below_hundred() -> dict[str, int]:
    table = {word: value for value, word in enumerate([*_UNITS, *_TEENS], 1)} | dict.fromkeys(_ONE, 1)
    for position, tens in enumerate(_TENS, 2):
        table[tens] = 10 * position
        table |= {f"{unit}und{tens}": 10 * position + value for value, unit in enumerate(_UNITS, 1)}
    return table


def _numerals() -> dict[str, int]:
    """Every numeral of one word up to 999."""
    table = _below_hundred()
    small = {
        word: value for word, value in table.items() if not word.startswith("ein") or "und" in word or word == "eins"
    }
    for number, unit in enumerate(_UNITS, 1):
        for head in (unit + "hundert",) if number > 1 else ("einhundert", "hundert"):
            table[head] = 100 * number
            table |= {head + word: 100 * number + value for word, value in small.items()}
    return table


TABLE = LanguageTable(
    code="de",
    name="German",
    rank=5,
    regions=("DE", "AT"),
    shared=True,
    frequent=words(
        "der die das und ist nicht von mit dem den ein eine für auf im zu des sich auch wurde am bei als"
    ),
    relative_length=1.15,
    vocabulary=vocabulary(
        "write: schreib verfass geschrieben; list: list aufzähl; word: wort_ wörter worten; sentence: satz sätze; "
        "paragraph: absatz absätz; letter: brief buchstab; poem: gedicht; song: lied_ lieder song; story: "
        "geschicht; essay: aufsatz essay; title: titel überschrift; question: frage; answer: antwort; example: "
        "beispiel; summary: zusammenfass; describe: beschreib; explain: erklär erläuter; create: erstell erzeug "
        "generier kreier; include: enthalt einschließ beinhalt aufnehm; highlight: hervor markier; section: "
        "abschnitt; keyword: schlüssel stichw; language: sprach; english: englisch; comma: komma; bullet: aufzähl "
        "stichpunkt; exactly: genau exakt; without: ohne; between: zwischen; number: zahl nummer anzahl; function: "
        "funktion; return: zurück rück; integer: ganzzahl ganze; people: leute menschen personen; woman: frau; man: "
        "mann männer; child: kind; family: famili; friend: freund; house: haus häuser; city: stadt städt; country: "
        "land_ länder; world: welt; water: wasser; food: essen nahrung lebensmittel; day: tag_ tage; week: woche; "
        "month: monat; year: jahr; night: nacht abend; morning: morgen; today: heute; school: schule schul; "
        "student: schüler student; teacher: lehrer; money: geld; book: buch bücher; movie: film; music: musik; "
        "game: spiel; name: name; life: leben; war: krieg; police: polizei; government: regierung; president: "
        "präsident; company: unternehmen firma; price: preis; car: auto_ wagen; door: tür; hand: hand hände; eye: "
        "auge; head: kopf; heart: herz; face: gesicht; fire: feuer brand; light: licht leicht; tree: baum bäum; "
        "river: fluss flüss; sea: meer ozean; mountain: berg; animal: tier; dog: hund; cat: katze; white: weiß; "
        "black: schwarz; red: rot_ rote; green: grün; blue: blau; new: neu; old: alt; young: jung; small: klein "
        "wenig; good: gut toll; never: nie_ niemals; because: weil denn; before: vor_ bevor; after: nach_ nachdem; "
        "if: wenn falls ob_; but: aber sondern; when: wenn als_ wann; where: wo_; who: wer_ der_ die_; why: warum "
        "wieso; how: wie_; all: alle; three: drei; two: zwei; first: erst; last: letzt; same: gleich selb; "
        "different: unterschied ander verschieden; help: hilf helf; product: produkt; customer: kund; health: "
        "gesund; history: geschicht histor; science: wissenschaft; computer: computer; recipe: rezept; benefit: "
        "vorteil nutzen"
    ),
    segmentation=SegmentationTable(
        before_names=words("hr fr frl str z.b d.h u.a bzw bzgl evtl ggf inkl vgl zzgl sog"),
        before_numbers=words("abs bd"),
        may_end=words("usw"),
        openers=words(
            "der die das ein eine in im am auf und oder aber er sie es wir dies diese mit für von nach als wenn bei zu"
        ),
        ordinal_period=True,
    ),
    numbers=NumberTable(
        numerals=CompoundNumerals(_numerals(), "tausend"),
        weak=words("ein eine einen einem einer eines eins acht"),
        ordinals=ordinals("dritte vierte fünfte sechste siebte achte neunte zehnte", ("", "r", "n", "s", "m")),
        fractions={"drittel": 3, "viertel": 4, "fünftel": 5, "zehntel": 10},
        half=words("hälfte"),
        magnitudes={10**3: "tausend", 10**6: "million millionen", 10**9: "milliarde milliarden mrd"},
        conjunctions=words("und"),
        currencies={
            "EUR": "euro euros", "USD": "dollar dollars", "JPY": "yen", "CNY": "yuan", "CHF": "franken",
        },
        percent=words("prozent"),
        units={
            "km": "kilometer", "m": "meter", "l": "liter", "t": "tonne tonnen", "kg": "kilo kilos",
            "g": "gramm", "year": "jahr jahre jahren", "month": "monat monate monaten", "week": "woche wochen",
            "day": "tag tage tagen", "hour": "stunde stunden", "minute": "minute minuten", "second": "sekunden",
            "°": "grad",
        },
        over=words("über mindestens"),
        under=words("fast"),
        about=words("etwa rund"),
        hedge_pairs={"mehr": "over"},
        hedge_links=words("als"),
        definite=words("die den der"),
        range_words=words("und bis"),
        idioms={
            "null": 0, "erste": 1, "ersten": 1, "erster": 1, "erstes": 1, "zweite": 2, "zweiten": 2, "zweiter": 2,
            "beide": 2, "beiden": 2, "paar": 2, "doppelt": 2, "halb": 30, "dreifach": 3, "dutzend": 12, "mittag": 12,
            "mitternacht": 12, "hundert": 100, "hunderte": 100,
        },
    ),
    dates=DateTable(
        months=(
            "Januar|jänner", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
            "November", "Dezember",
        ),
        weekdays=(
            "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag|sonnabend", "Sonntag",
        ),
        unsure_months=words("mai"),
        capital=True,
        first=words("ersten"),
        day_words=words("am den vom"),
        relative={"gestern": -1, "morgen": 1},
        hour_words=words("um uhr"),
    ),
    names=NameTable(
        particles=words("von den der"),
        common=words(
            "der die das ein eine und ist im am zu mit auf für von nach bei er sie es wir dies diese aber oder den dem "
            "des"
        ),
    ),
    polarity=PolarityTable(
        negations=words(
            "nicht kein keine keinen keiner keinem nie niemals ohne weder niemand"
        ),
        no_negations=frozenset({
            "nicht nur", "nicht zuletzt", "nicht mehr als",
        }),
        agents=words("von vom durch"),
        small=words(
            "er sie wir ich ihr sein seine ihre hat haben war waren sind werden wird worden sich oder aber dass"
        ),
        opposites=opposites(
            "stieg. stiegen. steig gestieg zugenomm erhöh wuchs wachs/fiel. fielen. gefall sank sink gesunk "
            "abgenomm reduz;gewann gewonn gewinn sieg/verlor verlier niederlag;verurteil schuldig/freigesproch "
            "freispruch unschuldig;verhaft festgenomm/freigelass freigekomm;angenomm zugestimm billig "
            "genehmig/abgelehn ablehn verworf;bestätig/dementier bestritt leugn;überleb/starb gestorb tot. tote. "
            "getötet;offen. öffn geöffnet/geschloss schließ;unterstütz befürwort/kritisier gegen. gegner;erlaub "
            "zulass/verbot verbiet;kauf. kauft gekauft erworb/verkauf;eingestell/entlass;begann beginn begonn "
            "start/endet beendet abgeschloss;besser. verbesser/schlechter. verschlecht;höher. mehr./niedriger. "
            "weniger.;gewinn/verlust;nord/süd;ost/west;erste/letzte"
        ),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
            "aber und auch dies diese dieser dieses er sie es dann danach daher deshalb jedoch außerdem doch sondern "
            "oder zudem"
        ),
        pointer=(
            r"(?:\w+ ){1,3}(?:dies(?:e[mnrs]?)?|jene[mnrs]?|solche[mnrs]?)\b(?! (?:Jahr|Woche|Monat|Morgen|Abend|"
            r"Sommer|Winter))|"
            r"(?:\w+ ){1,2}(?:jedoch|allerdings|hingegen|dagegen|deshalb|deswegen|daher|zudem|ebenfalls|dennoch)\b"
        ),
        sequence=(
            r"\b(?:Jahre?|Monate?|Wochen?|Tage?|Stunden?|Minuten?) (?:später|zuvor|danach|darauf|vorher)\b|"
            r"\bam (?:nächsten|folgenden|selben|gleichen) (?:Tag|Morgen|Abend)\b|\bTag (?:darauf|danach|zuvor)\b|"
            r"\b(?:kurz|wenig) (?:darauf|danach|zuvor|später)\b|\b(?:seither|seitdem|inzwischen|mittlerweile|"
            r"gleichzeitig)\b"
        ),
        verb=(
            r"\b(?:ist|sind|wars?|waren|wird|werden|wurden?|hat|haben|hatten?|kann|können|konnten?|muss|müssen|"
            r"mussten?|soll|"
            r"sollen|sollten?|will|wollen|wollten?|darf|dürfen|dürften?|mag|möchten?|sei|seien|wären?|hätten?|"
            r"würden?|gibt|gab|"
            r"geht|ging|kommt|kam|kamen|steht|stehen|stand|liegt|lag|bleibt|blieb|sagt|heißt|hieß|macht|zeigt|lässt|"
            r"ließ|nimmt|"
            r"nahm|sieht|sah|fordert|warnt|erklärt|meint|findet|fand|hält|hielt|führt|bringt|stellt|spricht|sprach|"
            r"fällt|fiel|"
            r"zieht|zog|beginnt|begann|gilt|galt|weiß|droht|plant|setzt|reicht|gehört|bekommt|trifft|traf|verliert|"
            r"verlor|"
            r"gewinnt|gewann|steigt|stieg|sinkt|sank|startet|endet|folgt|lebt|arbeitet|spielt|kostet|rechnet|starb|"
            r"lief|schrieb|"
            r"rief|trat|schlug|half|verließ)\b|\b(?-i:[a-zäöüß]{3,}te[nt]?)\b"
        ),
        first_person=any_word("ich mein meine wir unser unsere haben"),
        relative_days=r"heute|gestern|morgen",
    ),
    fragments=FragmentTable(
        address=r"Herrn?|Frau",
        mentioned=(
            r"\b(?:der|die|das|den|dem|des) (?:Mann|Frau|Opfer|Täter(?:in)?|Verdächtigen?|Angeklagten?|"
            r"Fahrer(?:in)?|Paar|"
            r"Jugendlichen?|\d+-Jährigen?|Unternehmen|Firma|Konzern|Verein|Mannschaft|Team|Trainer|Spieler|Spiel|"
            r"Vorfall|Unfall|"
            r"Angriff|Anschlag|Brand|Feuer|Fall|Urteil|Prozess|Gesetz|Vorhaben|Projekt|Abkommen|Bericht|Studie|Film|"
            r"Buch|"
            r"Ermittlungen|Entscheidung|Minister(?:in)?|Präsident(?:in)?|Sprecher(?:in)?|Sänger(?:in)?|"
            r"Schauspieler(?:in)?|"
            r"Gruppe)\b(?! (?:der|des|von|vo[mn]|in|im|für|mit|aus|die|das|zur?|zum|(?-i:[A-ZÄÖÜ])))|"
            r"\b(?:dies(?:e[mnrs]?)?|jene[mnrs]?|derselbe[n]?|dieselbe[n]?|besagte[mnrs]?|"
            r"genannte[mnrs]?)\b(?! (?:Jahr|Woche|"
            r"Monat|Morgen|Abend|Sommer|Winter))|\bdie (?:beiden|zwei|drei|anderen)\b|\bein(?:e|en|em|"
            r"er)? (?:weiterer?|andere[rn]?)\b"
        ),
        definite=(
            r"\b(?:der|die|das|den|dem|des) ((?-i:[A-ZÄÖÜ]\w{3,}))\b(?! (?:de[rs]|von|vo[mn]|in|im|für|mit|aus|zur?|"
            r"zum|am|an|auf|"
            r"(?-i:[A-ZÄÖÜ])))"
        ),
        linking=words("auch außerdem zudem jedoch allerdings ebenfalls deshalb daher dagegen dennoch hingegen"),
        elsewhere=(
            r"\b(?:siehe (?:oben|unten|auch)|wie (?:oben|bereits) (?:erwähnt|beschrieben)|im (?:Bild|Foto|Video)|"
            r"auf dem (?:Bild|"
            r"Foto)|dieser (?:Artikel|Text)|folgende[mnrs]?|lesen Sie|mehr dazu|hier klicken|unser(?:e|em|"
            r"en)? (?:Newsletter|"
            r"Podcast|Reporter(?:in)?|Korrespondent(?:in)?))\b"
        ),
        credits=(
            r"\b(?:Foto|Bild|Video|Quelle|Grafik)s? ?(?:[:/|©]|von (?-i:[A-ZÄÖÜ]))|©|\((?:dpa|AFP|Reuters|AP)\b|"
            r"https?:|www\.|"
            r"alle Rechte vorbehalten|abonnieren"
        ),
    ),
    prompts=PromptTable(
        date_form="{day}. {month} {year}", title="Titel", source="Quelle", content=("Text",), summary="Zusammenfassung"
    ),
    replies=ReplyTable(
        answer_nouns=words("zusammenfassung text version antwort artikel übersetzung fassung überblick"),
        presenting=words(
            "hier ist sind kommt folgt unten die der das den des ein eine einen einziger einheitlicher neutrale "
            "neutraler kurze kompakte "
            "zusammengefasste zusammengefasster kombinierte integrierte gewünschte gewünschten angeforderte "
            "vollständige finale von zu in "
            "und auf für aus mit artikel artikeln nachrichten quellen texte texten bereitgestellten deutsch deutscher "
            "sprache "
            "ohne wiederholungen wiederholung ich habe dir ihnen du sie es wie gewünscht basierend folgende "
            "nachfolgend im folgenden"
        ),
        interjections=words("natürlich gerne gern sicher klar selbstverständlich ok okay ja in ordnung verstanden"),
        offer=(
            r"(?:(?:ich (?:kann|helfe)|(?:dabei|damit|da) (?:kann|helfe) ich) (?:dir|ihnen)(?: gerne?)?"
            r"(?: (?:dabei|damit))?(?: (?:helfen|weiterhelfen))?|ich helfe gerne?)"
        ),
        handing_over=frozenset(
            {"hier", "hier ist es", "hier ist sie", "hier ist er", "bitte sehr", "hier bitte"}
        ),
        reasoning=frozenset({"überlegung", "überlegungen", "gedankengang"}),
        closing=(
            r"ich hoffe,? (?:dass|das|diese|die|es)\b.{0,60}?(?:hilf|helf|nützlich|zusammenfass|zufrieden|weiter)"
            r"|(?:lass|lassen sie) (?:es )?mich wissen\b|(?:sag|sagen sie|gib|geben sie) (?:mir )?(?:einfach "
            r"|gerne )?bescheid\b"
            r"|(?:wenn|falls|sollten|solltest) (?:du|sie)\b.{0,80}?(?:frage|hilfe|weiter|änder|ander|brauch|benötig"
            r"|wünsch)"
            r"|(?:ich )?stehe (?:ihnen |dir )?(?:gerne )?zur verfügung|(?:möchtest du|möchten sie|soll ich"
            r"|kann ich)\b[^?]{0,60}?(?:zusammenfass|version|fassung|helfen|weiter|text)[^?]{0,60}\?"
        ),
        remark=(
            r"(?:hinweis|anmerkung|n\.?b\.?|wortzahl|wörter|quellen?)\b ?[:(].{0,60}?(?:zusammenfass"
            r"|dieser text|die artikel|die quellen|wörter|\d+\W*\Z)"
            r"|(?:diese|die obige) zusammenfassung (?:ist|enthält|basiert|kombiniert|verbindet|gibt)\b"
            r"|ich habe (?:die artikel|versucht|zusammengefasst|darauf geachtet|wiederholungen)\b"
        ),
        refusal=(
            r"(?:es tut mir (?:sehr )?leid|tut mir leid|leider|entschuldigung|ich bedaure"
            r"|bedauerlicherweise)\b[^.!?\n]{0,30}?\b(?:kann ich|ich kann|ich bin|bin ich|darf ich"
            r"|ich darf)\b[^.!?\n]{0,60}?(?:nicht|kein\w*)\b[^.!?\n]{0,60}?(?:helfen|unterstützen|zusammenfass"
            r"|erstellen|erfüllen|bereitstellen|verarbeiten|zugreifen|beantworten|generieren|schreiben|nachkommen"
            r"|lage)"
            r"|ich (?:kann|darf) (?:ihnen |dir )?(?:dabei |damit |diese anfrage |diesen |das "
            r"|leider )*nicht (?:helfen|weiterhelfen|zusammenfassen|erstellen|erfüllen|verarbeiten|bearbeiten"
            r"|auf (?:die|externe))"
            r"|als (?:ki\b|künstliche intelligenz|sprachmodell|ki-(?:modell|assistent)|(?:virtueller )?assistent\b)"
            r"|(?:bitte )(?:stellen sie|stell|geben sie|gib|fügen sie|füge|senden sie"
            r"|teilen sie) (?:mir )?(?:die artikel|den text|den artikel)|(?:sie haben|du hast"
            r"|es wurden) (?:mir )?keine? (?:artikel|texte?)"
        ),
        apology=(
            r"(?:es tut mir (?:sehr )?leid|tut mir leid|leider|ich bedaure)\b[^.!?\n]{0,60}?\b(?:kann ich|ich kann"
            r"|ich bin|bin ich)\b[^.!?\n]{0,40}?(?:nicht|kein)"
        ),
        attribution=(
            r"(?:sagte?|erklärte|teilte|schrieb|betonte|räumte|hat [^.!?\n]{0,40}(?:gesagt|erklärt))\b"
        ),
        injection=(
            r"(?:ignoriere|ignorieren sie|ignoriert|vergiss|vergessen sie|missachte|missachten sie"
            r"|befolge nicht) (?:\w+ ){0,3}?(?:vorherigen|vorigen|vorangegangenen|obigen|bisherigen|früheren"
            r"|vorstehenden|erhaltenen|ursprünglichen) (?:\w+ ){0,2}?(?:anweisung|anleitung|instruktion|befehl|regel"
            r"|vorgabe|prompt)"
            r"|(?:ignoriere|ignorieren sie|vergiss|vergessen sie) alles(?: \w+){0,2} (?:obige|bisherige|vorherige"
            r"|davor|oben|was)"
            r"|(?:hinweis|nachricht|anweisung(?:en)?|mitteilung|achtung) (?:für|an) (?:alle |jedes |die |das "
            r"|den )*(?:sprachmodelle?|ki\b|ki-(?:modell|assistent|system)\w*|llms?\b|künstliche intelligenz\w*, die"
            r"|chatbots?)"
            r"|(?:wenn|falls|sofern) (?:du|sie) (?:ein|eine) (?:ki\b|ki-|sprachmodell|künstliche intelligenz|llm"
            r"|chatbot|assistent)|(?:liebe|lieber|liebes|hallo) (?:ki|sprachmodell|assistent|llm|chatgpt)\b"
            r"|(?:ab (?:jetzt|sofort)|von (?:nun|jetzt) an),? (?:bist du|sind sie|antworte|antworten sie|handle"
            r"|verhalte|du (?:bist|wirst))\b"
            r"|(?:antworte|antworten sie|schreibe?|schreiben sie|füge|gib) (?:nur |ausschließlich |immer "
            r"|in (?:deiner|ihrer|der) (?:zusammenfassung|antwort) )+(?:mit |das |den |die |dass |\W)"
            r"|(?:verrate|zeige|zeig|wiederhole|gib) (?:mir )?(?:deine?n?|ihre?n?) (?:system-?prompt|anweisungen"
            r"|systemanweisung)|(?:beim|wenn (?:du|sie)) (?:zusammenfassen|übersetzen|verarbeiten) (?:dieses"
            r"|diesen) (?:textes|text|artikel|artikels|dokument)"
        ),
    ),
)  # fmt: skip
