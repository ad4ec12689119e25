"""Italian."""

from __future__ import annotations

from crawler.language import MONTHS
from synth.language.italian_numerals import GROUPS, numerals
from synth.language.italian_verbs import FINITE_VERB
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

TABLE = LanguageTable(
    code="it",
    name="Italian",
    rank=0,
    regions=("IT",),
    shared=True,
    frequent=words(
        "il lo gli di che e è non per una della dei nel con sono ha del alla dal delle più anche al le da si"
    ),
    relative_length=1.1,
    vocabulary=vocabulary(
        "write: scriv scritt redig; list: elenc list; word: parol vocabol termin; sentence: fras period; paragraph: "
        "paragraf capovers; letter: letter; poem: poesi poem; song: canzon; story: stori raccont; essay: saggio "
        "saggi_ tema_; title: titol; question: domand quesit question; answer: rispo; example: esempi; summary: "
        "riassun sintesi riepilog sintetizz; describe: descri; explain: spieg; create: cre gener; include: includ "
        "inclus inserisc; highlight: evidenzi; section: sezion part; keyword: parol chiave; language: lingu; "
        "english: ingles; comma: virgol; bullet: punt; exactly: esattament; without: senza; between: tra_ fra_; "
        "number: numer; function: funzion; return: restitui ritorn; integer: inter; people: person gent popol "
        "uomini; woman: donn; man: uom; child: bambin figli ragazz; family: famigli; friend: amic; house: cas; "
        "city: citt; country: paes; world: mond; water: acqu; food: cib aliment; day: giorn; week: settiman; month: "
        "mes; year: ann; night: nott ser; morning: mattin; today: oggi; school: scuol scolastic; student: student "
        "alunn; teacher: insegnant docent maestr professor; money: soldi denar; book: libr; movie: film; music: "
        "music; game: gioc partit; name: nom; life: vit; war: guerr; police: polizi; government: govern; president: "
        "president; company: aziend società impres compagni; price: prezz; car: auto macchin; door: port; hand: "
        "man; eye: occhi; head: test cap; heart: cuor; face: facci viso volt; fire: fuoco incendi fiamm; light: luc "
        "legger; tree: alber; river: fium; sea: mare_ ocean; mountain: montagn mont; animal: animal; dog: can_ cane "
        "cani cagn; cat: gatt; white: bianc; black: ner; red: ross; green: verd; blue: blu azzurr; new: nuov; old: "
        "vecchi antic ann; young: giovan; small: piccol po; good: buon ben ottim gran; never: mai_; because: perché "
        "poiché; before: prima; after: dopo; if: se_ qualora; but: ma_ però; when: quando; where: dove; who: chi_ "
        "che_; why: perché; how: come quant; all: tutt; three: tre_; two: due_; first: prim; last: ultim scors; "
        "same: stess; different: divers differen; help: aiut; product: prodott; customer: client; health: salut "
        "sanit san; history: stori; science: scienz scientif; computer: computer; recipe: ricett; benefit: benefic "
        "vantag"
    ),
    segmentation=SegmentationTable(
        before_names=words(
            "dott dott.ssa prof.ssa sig sig.ra sigg sig.na avv ing geom arch rag on on.le cav mons card egr gent "
            "spett pres vicepres ss magg cap ten serg mar.llo maresc amm c.d cd es p.es vd v cfr d.l d.lgs d.p.r dlgs "
            "p.zza v.le c.so loc fraz prov l"
        ),
        before_numbers=words(
            "nn num artt pag pagg pgg cca circa cit all lett sez tav dpr l d.l d.lgs d.p.r gen feb mar apr giu lug "
            "ago ott nov dic"
        ),
        may_end=words("ecc s.p.a spa s.r.l mil mld mln"),
        openers=words(
            "il lo la i gli le l un uno una un' in nel nella nei nelle nello da dal dalla di del della per con su sul "
            "sulla a al alla ai e ed ma o se non si è sono ha hanno era erano questo questa quello quella anche poi "
            "dopo secondo intanto inoltre tra fra come quando chi che sarà stato resta così oggi ieri"
        ),
    ),
    numbers=NumberTable(
        numerals=CompoundNumerals(numerals(), "mila", "mille"),
        weak=words("un uno una un' sei cento"),
        ordinals=ordinals("terz quart quint sest settim ottav non decim", ("o", "a")),
        fractions={
            "terzo": 3, "terzi": 3, "quarto": 4, "quarti": 4, "quinto": 5, "quinti": 5, "decimo": 10, "decimi": 10,
        },
        half=words("metà"),
        halves=words("mezzo mezza"),
        half_articles=words("un una"),
        approximate=frozenset(GROUPS),
        magnitudes={
            10**3: "mila mille", 10**6: "milione milioni mln mio", 10**9: "miliardo miliardi mld mrd",
            10**12: "bilione bilioni",
        },
        conjunctions=words("e"),
        joins_magnitudes=True,
        currencies={
            "EUR": "euro", "USD": "dollaro dollari", "GBP": "sterlina sterline", "JPY": "yen", "CNY": "yuan",
            "CHF": "franco franchi", "RUB": "rublo rubli",
        },
        percent=words("percento"),
        percent_pairs=frozenset({("per", "cento")}),
        units={
            "km": "chilometro chilometri", "m": "metro metri", "cm": "centimetro centimetri",
            "mm": "millimetro millimetri", "mile": "miglio miglia", "m²": "mq", "ha": "ettaro ettari", "km²": "kmq",
            "m³": "mc", "l": "litro litri", "t": "tonnellata tonnellate", "q": "quintale quintali",
            "kg": "chilo chili chilogrammo chilogrammi", "g": "grammo grammi", "year": "anno anni enne enni",
            "month": "mese mesi", "week": "settimana settimane", "day": "giorno giorni", "hour": "ora ore",
            "minute": "minuto minuti", "second": "secondi", "kWh": "chilowattora", "MWh": "megawattora",
            "°": "gradi grado",
        },
        square=words("quadrati quadrato quadri"),
        cubic=words("cubi cubo"),
        links=words("di"),
        ordinal_suffixes=words("o a esimo esima"),
        over=words("oltre almeno"),
        under=words("quasi sotto meno entro"),
        about=words("circa intorno attorno qualche"),
        hedge_pairs={"più": "over", "meno": "under", "prima": "under"},
        hedge_links=words("di del"),
        definite=words(
            "i le gli dei delle degli ai alle agli dai dalle nei nelle sui sulle tutti tutte entrambi"
        ),
        range_words=words("a e o al all ai i"),
        no_context=words(
            "come dopo prima alle dalle nella nelle sulla sulle dello volta volte punti hanno erano stati state altri "
            "altre"
        ),
        numbered=words("articolo comma numero punto canale"),
        idioms={
            "zero": 0, "primo": 1, "prima": 1, "primi": 1, "secondo": 2, "seconda": 2, "entrambi": 2, "entrambe": 2,
            "coppia": 2, "paio": 2, "doppio": 2, "doppia": 2, "mezza": 30, "mezzo": 30, "triplo": 3, "cento": 100,
            "centinaia": 100, "mezzogiorno": 12, "mezzanotte": 12, "biennale": 2, "cinquecento": 16, "settecento": 18,
            "ottocento": 19, "novecento": 20,
        },
    ),
    dates=DateTable(
        months=MONTHS["it"],
        weekdays=("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
        first=words("primo"),
        day_words=words("il dal al del nel dall all dell l giorno"),
        month_links=words("di"),
        year_links=words("del dell"),
        relative={"ieri": -1, "domani": 1, "dopodomani": 2, "altroieri": -2},
        hour_words=words("alle dalle ore h"),
    ),
    names=NameTable(
        particles=words("de di della del dei degli delle dell da dalla dal d la"),
        abbreviations=words("on dott sig avv ing"),
        common=words(
            "il lo la i gli le l un uno una di del dello della dei degli delle dell d a al allo alla ai agli alle all "
            "da dal dalla dai dalle dall in nel nello nella nei negli nelle nell con su sul sulla sui sulle sull per "
            "tra fra e ed o ma se non si è sono ha hanno era erano c ci vi ne questo questa questi queste quello "
            "quella quelli quelle quest"
        ),
    ),
    polarity=PolarityTable(
        negations=words(
            "non né mai nessun nessuno nessuna senza nemmeno neanche neppure"
        ),
        no_negations=frozenset({
            "non solo", "non soltanto", "se non", "non appena", "mai così", "come mai", "più che mai",
        }),
        agents=words("da dal dalla dai dalle dagli dallo dall"),
        small=words(
            "come anche più meno molto già poi dove quando chi cui loro suo sua suoi sue dopo prima mentre perché "
            "quindi stato stata stati state essere avere fa fatto sarà stesso stessa proprio circa oltre fino "
            "secondo"
        ),
        opposites=opposites(
            "salit sale. salg salir salì aument cresc cresciut rialz risal/sces scend cal. cala calo. cali. calan "
            "calat calav diminu ridu ridot ribass croll;vint vinc vins vitto trionf/pers. perso. persa. persi. "
            "perd sconfi;condann colpevol/assol assolt prosciol prosciolt innocen;arrest incarcer ferma/scarcer "
            "liber rilasc;approv accett acco via_libera promoss/respin respint bocci rifiut rigett;conferm ammess "
            "ammett ammis/smenti neg. negat nega. negano. negò negav;vivo. viva. vivi. vive. sopravviss/mort "
            "decedut ucci uccis;apert aprir apre. aprono./chius chiud;favorevol sosten soste appogg/contrar oppon "
            "oppos critic;autorizz permess permett consent/viet proibi;acquist compra comper/vend cess;assun "
            "assunt/licenz;iniz comincia avvi/fini conclu termin cessa;miglior/peggior;massim "
            "record/minim;guadagn util. utili. profitt/perdit;nord. settentr/sud. meridion;primo. "
            "prima./ultim;innalz alz/abbass;entra ingress/usci uscit;ottim positiv/pessim negativ;riusci "
            "succes/falli fallit;accus/difes difend;rafforz/indebol;legal. legali. legittim/illegal "
            "illegittim;compost stabil/instabil;maggior/minor;più./meno.;dopo./prima.;alto. alta. alti. "
            "alte./basso. bassa. bassi. basse.;donna. donne. femmin/uomo. uomini. masch"
        ),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
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
        pointer=(
            # "È il limite che …", "Sono queste le …"
            r"(?:È|Era|Sarà|Fu|Sono|Erano|Saranno) (?:il|lo|la|l['’]|i|gli|le|un|uno|una|un['’]|quant[oi]|"
            r"quest[oaie]|"
            r"quell[oaie]|così|anche|proprio|invece|sempre|però|poi)\b|"
            # "È stato colpito …", "Hanno detto …": the subject is in the sentence before
            r"(?:È|Era|Sono|Erano) (?:stat[oaie] )?\w+(?:[aiu]t|s|tt|rt|nt)[oaie]\b|(?:Ha|Hanno|Aveva|Avevano|Resta|"
            r"Restano|Resterà|Resteranno) |"
            # "La moneta infatti …", "Facendosi raccontare …"
            r"(?:[\w'’]+ ){1,5}(?:infatti|però|inoltre|dunque|quindi|tuttavia|invece)\b|"
            r"(?!Quando)\w+(?:ando|endo)(?:si|lo|la|li|le|ne|gli|ci)? [a-zà-ù]|"
            # "Lo ha reso noto …", "Lo spiega …"; not "Lo Stato", "Lo sciopero", "Lo zoo"
            r"Lo (?!z|ps|gn|x|y)(?:ha|[^\WsA-Z]\w*[aeo](?:no)?\b|s(?:crive|piega|ostiene|ottolinea|egnala|tima))|"
            # "La società ne possiede …"
            r"(?:[\w'’]+ ){1,6}ne (?!l)|"
            # "A comunicarlo …", "… che l'hanno preso in cura": of whom stands before
            r"A \w+(?:are|ere|ire|[aei]r(?:lo|la|li|le|ne|gli)) |(?:[\w'’]+ ){1,7}?che (?:l['’]|lo |li )(?:ha|hanno|"
            r"aveva)\w*\b|"
            # "Per loro …", "Nel 2018, ad esempio, …"
            r"(?:Per|Con|A|Di|Da|Su|Tra|Secondo|Contro) (?:loro|lui|lei)\b|(?:[\w'’]+,? ){1,4}(?:ad|per) esempio|"
            # "In tale …", "Nella stessa …"; not "In questi giorni …"
            r"(?:\w+['’ ]+){1,2}(?:quest[oaie]|quel|quell[oaie]|que(?:i|gli)|tal[ei]|stess[oaie])\b(?! (?:mattina|"
            r"sera|"
            r"notte|settimana|pomeriggio|ann[oi]|mes[ei]|giorn[oi]|ore|estate|inverno|autunno|primavera|ultim\w+))"
        ),
        sequence=(
            r"\b(?:ann[oi]|mes[ei]|settiman[ae]|giorn[oi]|or[ae]|minut[oi]|second[oi]|decenni?o?|secol[oi]) "
            r"(?:più tardi|dopo\b(?! (?:il|lo|la|i|gli|le|che|un|una|aver|esser|l['’]|(?-i:[A-ZÀ-Ý])))|"
            r"prima\b(?! (?:di|del|che))|successiv[oaie]|seguent[ei])|"
            r"\b(?:il|la|l['’]) ?(?:giorno|mattina|sera|notte|anno|mese|settimana) (?:prima|precedente)\b(?! (?:di|"
            r"del|che))|"
            r"\b(?:poco|subito) (?:dopo|prima)\b(?! (?:di|del|le|il|lo|la|i|gli|che|alle|aver|mezz|l['’]|un))|"
            r"\b(?:nel frattempo|allo stesso tempo|più tardi|(?:da|fino ad|già) allora|successivamente|"
            r"in precedenza)\b|"
            r"\bin seguito\b(?! a)|\bstess[oaie] (?:giorno|sera|notte|ora|anno|periodo|momento)\b"
        ),
        verb=FINITE_VERB,
        drops_subjects=True,
        relative_clause=r"\b(?:che|cui|dove|quale|quali|chi)\b[^,;:()–-]*",
        first_person=any_word(
            "io noi eravamo avevamo stiamo ho mio mia miei mie abbiamo nostra nostro voglio vogliamo voi vostro siamo "
            "sto mi dovete avete potete siete mettete volete sapete immaginate"
        ),
        relative_days=r"oggi|ieri|domani|stamattina|stamane|stamani|stasera|stanotte|questa (?:mattina|sera|notte)",
        # "… al sottosegretario Delmastro La senatrice …"
        heading=(
            r"[\wÀ-ÿ»”] (?:Il|Lo|La|I|Gli|Le|Un|Una|Nel|Nella|Sul|Sulla|Dal|Dalla|Del|Della|In|Al|Alla|Con|Da|Per|"
            r"Dopo|È|E'|Come|Secondo|Non|Si|Oggi|Ieri) [a-zà-ù]"
            # "lunedìdiversi", "èl’erede": an accent ends a word
            r"|\w[àèìòù](?=[a-z]{2})|\bè[a-z]"
        ),
        boilerplate=(
            r"leggi anche|leggi tutto|riproduzione riservata|iscriviti|sullo stesso argomento|"
            r"continua a leggere|clicca qui|foto di copertina|\b(?:foto|photo) ?[:|/]|guarda il video|"
            r"segui la diretta|in aggiornamento|per approfondire|agenzia ansa|qui (?:sopra|sotto)|nel video"
        ),
    ),
    fragments=FragmentTable(
        address=r"signora?|signorina|sig\.(?:ra|na)?|dottor(?:essa)?|dott\.(?:ssa)?|avvocato|avv\.|ingegner|professor(?:essa)?|prof\.(?:ssa)?",
        mentioned=(
            r"\b(?:l['’](?:uomo|altr[oa]|imputat[oa]|indagat[oa]|arrestat[oa]|accusat[oa]|aggressore|autore|"
            r"anzian[oa]|"
            r"allenatore|attaccante|attrice|attore|azienda|episodio|incidente|iniziativa|evento|esperto|esperta|"
            r"artista|avvocato|operazione|intervento|obiettivo|edificio|aereo|auto|animale|intesa|accordo|ordinanza|"
            r"indagine|inchiesta|esplosione|attacco|agguato|omicidio|ex ministro|ex premier|udienza)|"
            r"(?:il|la|lo) (?:donna|giovane|vittima|ragazz[oa]|bambin[oa]|bimb[oa]|neonat[oa]|piccol[oa]|coppia|"
            r"conducente|famiglia|madre|padre|figli[oa]|fratello|sorella|marito|moglie|"
            r"\d{2}enne|\w+enne|ladro|killer|presunt[oa]|minorenne|studente|studentessa|turista|"
            r"club|squadra|tecnico|mister|portiere|difensore|capitano|pilota|campione|match|gara|partita|sfida|"
            r"finale|"
            r"società|gruppo|ditta|struttura|locale|vicenda|fatto|scontro|rogo|incendio|tragedia|dramma|scossa|sisma|"
            r"norma|legge|decreto|provvedimento|misura|testo|emendamento|documento|sentenza|processo|verdetto|"
            r"film|libro|serie|spettacolo|mostra|concerto|manifestazione|progetto|piano|bando|iter|"
            r"velivolo|nave|treno|mezzo|veicolo|convoglio|corpo|cadavere|salma|denuncia|notizia|polemica|"
            r"giornalista|cantante|regista|scrittore|scrittrice|ministr[oa]|premier|leader|sindac[oa]|"
            r"president[ei]|senator[ei]|deputat[oa]|procuratore|legale|medico|sacerdote|parroco|"
            r"governatore|governatrice|portavoce|segretari[oa]|candidat[oa])"
            r"(?! (?:di|del|dello|della|dei|degli|delle|dell['’]\w+|d['’]\w+|(?-i:[A-ZÀ-Ý])|\w+ (?-i:[A-ZÀ-Ý])))"
            r"(?=[ ,.])|(?:i|le|gli|le) (?:due|tre|quattro|cinque|vittime|giovani|militari|agenti|soccorritori|"
            r"uomini|donne|ragazz[ie]|bambin[ie]|coniugi|familiari|genitori|figli|inquirenti|investigatori|indagini|"
            r"trattative|ricercatori|ricercatrici|studiosi|scienziati|esperti|autori|organizzatori|manifestanti|"
            r"lavori|ricerche|condizioni|immagini|fiamme|azzurri|azzurre|rossoneri|nerazzurri|bianconeri|"
            r"giallorossi|biancocelesti|padroni di casa|ospiti|quali)\b(?! (?:di|del|della|dei|degli|delle|dell)\b)|"
            r"^a \w+[aei]r(?:lo|la|li|le|ne|gli)\b|qualcosa del genere|(?:il|la|i|le|del|della|al|alla|dal|"
            r"dalla) su[oaei]i?\b|"
            r"(?:quest|quell|que(?:i|gli)\b|suddett|predett|citat|sopracitat)\w*|tale\b|tali\b|"
            r"(?:altr[oaie] (?:due|tre|\w+)|un altr[oa]|un['’]altra|second[oa] (?:quanto|lui|lei)))"
        ),
        definite=(
            r"(?:\b(?:il|lo|la|i|gli|le|del|dello|della|dei|degli|delle|al|allo|alla|ai|agli|alle|dal|dallo|dalla|"
            r"dai|"
            r"dagli|dalle|nel|nello|nella|nei|negli|nelle|sul|sullo|sulla|sui|sugli|sulle) |"
            r"l['’])((?-i:[a-zà-ù]){4,})\b"
            r"(?! (?:di|del|dello|della|dei|degli|delle|dell['’]\w+|d['’]\w+|(?-i:[A-ZÀ-Ý])|che))"
        ),
        linking=words(
            "infatti appunto comunque inoltre invece poi ancora anche pure quindi dunque però tuttavia intanto così "
            "proprio"
        ),
        elsewhere=(
            r"\b(?:qui sopra|qui sotto|sopra citat|sopracitat|di cui sopra|come detto|come abbiamo|come accennato|"
            r"come già|vedi (?:sopra|sotto|anche|foto|video)|in foto|nella foto|nelle foto|nel video|"
            r"nell['’]immagine|"
            r"in questo articolo|questo articolo|dall[ae] (?:foto|immagin[ei])|nelle immagini|il video|le foto|"
            r"le immagini|ecco (?:il|la|le|i|gli|come|cosa|perch)|"
            r"di seguito|qui di seguito|seguente|seguenti|che segue|a questo link|a questo indirizzo|"
            r"puoi (?:leggere|ascoltare|vedere)|ne abbiamo|abbiamo (?:scritto|raccontato|parlato)|"
            r"nell['’]articolo|nostro (?:articolo|servizio|sito|podcast)|la nostra newsletter|"
            r"come riporta(?:to)? qui)"
        ),
        credits=(
            r"\b(?:foto(?:racconto)?|photo|video|immagin[ei]|credits?|crediti|fonte|ph|testo|testi|riprese|"
            r"a cura|grafica|infografica|articolo) ?(?:[:/|©]|di (?-i:[A-ZÀ-Ý]))|\bfotoracconto\b|©|\(foto\b|"
            r"\bansa(?:foto|\.it|/| ?-)|primopiano|/ansa\b|\bprima pagina\b|copertina|riproduzione|"
            r"https?:|www\.|@\w|#\w|\b(?:leggi|guarda|ascolta|iscriviti|clicca|segui|scopri)\b (?:anche|il|la|qui|"
            r"tutt|gli|su)|\bopen\.online|pic\.twitter|\bembed\b|di redazione\b|\bredazione\b"
        ),
        line_openers=words(
            "il lo gli le un uno una nel nello nella nei negli nelle sul sulla sui sulle dal dalla dai dalle del dello "
            "della dei degli delle in al alla ai alle con da per tra fra dopo prima come secondo non si oggi ieri "
            "domani anche ma e ed o se quando mentre perché poi così infatti intanto inoltre tuttavia però ecco "
            "questo questa questi queste quello quella è era sono ha hanno chi cosa dove tutti tutto tutta ogni alcuni "
            "durante entro oltre senza sempre mai ancora già più"
        ),
        genres={
            "interview": r"intervist|colloquio",
            "opinion": r"opinion|editorial|comment[oi]\b|blog|lettere|rubric",
            "sport": r"\bsport|calcio|tennis|ciclismo|formula|motori|basket|volley|nuoto|atletica|rugby|sci\b|olimpi",
            "business": r"economi|finanza|lavoro|borsa|imprese|mercati|aziende|business|energia",
            "science": r"scienz|salute|tecnolog|ambiente|clima|spazio|medicin|ricerca|internet|scienza",
            "culture": r"cultur|spettacol|libri|cinema|musica|arte\b|teatro|tv\b|televisione|moda|viaggi|food|gusto",
        },
    ),
    prompts=PromptTable(
        date_form="{day} {month} {year}",
        first_day="1º",
        title="Titolo",
        source="Fonte",
        content=("Testo", "Contenuto"),
        summary="Riassunto",
    ),
    replies=ReplyTable(
        answer_nouns=words(
            "riassunto riepilogo sintesi testo versione risposta sommario riassunti articolo traduzione "
            "rielaborazione output"
        ),
        presenting=words(
            "ecco ecco qui a di seguito qui sotto il lo la un uno una dei degli delle del dell della gli le i in e "
            "per con su come "
            "da te ti vi che è mi hai avete chiesto richiesto richiesta richiesti tua sua questo questa breve unico "
            "unica "
            "integrato integrata unificato unificata completo completa finale neutro neutrale neutra oggettivo conciso "
            "articoli notizie fonti testi fornito forniti fornite riportato riportati italiano lingua senza "
            "ripetizioni "
            "presento propongo fornisco possibile basato basata sugli sui sulle dei seguente seguenti tre due quattro "
            "sintetico sintetica dettagliato ho scritto preparato redatto richieste tutti tutte evento fatto eventi "
            "fatti "
            "riassume riassumo riassunta riassunti integra combina combinato combinati nel nello nella solo"
        ),
        interjections=words(
            "certo certamente sicuramente ok okay va bene volentieri naturalmente d accordo assolutamente "
            "perfetto sì"
        ),
        offer=(
            r"(?:ti (?:posso aiutare|aiuto)|(?:posso|sono (?:felice|lieto|lieta|pronto|pronta|qui per) ?"
            r"(?:di|ad|per)?) ?"
            r"(?:aiutar(?:ti|la|vi)|farlo|assister(?:ti|la|vi)))(?: (?:volentieri|subito|certamente))?"
            r"(?: (?:con|in) (?:questo|questa richiesta|la tua richiesta|il riassunto|piacere))?"
        ),
        handing_over=frozenset(
            {"ecco", "ecco qui", "ecco a te", "ecco a voi", "ecco a lei", "eccolo", "eccola", "eccolo qui"}
        ),
        reasoning=frozenset({"ragionamento", "ragionamenti", "pensiero", "pensieri"}),
        closing=(
            r"spero (?:che|di|ti|vi)\b.{0,60}?(?:util|aiut|riassunt|sintesi|risposta|soddisf|esigenz|richiest)"
            r"|(?:fammi|fatemi|mi faccia|facci) (?:pure )?sapere\b|(?:se|qualora) (?:hai|ha|avete|ti|vi|desideri"
            r"|desidera|vuoi|preferisci|"
            r"dovessi|servono|serve|c['’]è)\b.{0,80}?(?:bisogno di (?:altr|aiut|ulterior|modif)|domand|modific"
            r"|chiedi pure|altre (?:rich|inf)|aiut|version"
            r"|chiariment|"
            r"precisazion|approfond|dimmi|dispos)|(?:resto|rimango|sono) (?:a (?:tua |vostra )?disposizione|qui per)"
            r"|(?:vuoi|desideri|posso) .{0,40}?(?:riassunt|sintesi|version|aiutar|test[oi]\b|altro\b)[^?]{0,60}\?"
        ),
        remark=(
            r"(?:nota|n\.?b\.?|osservazione|avvertenza|numero di parole|parole|conteggio)\b ?[:(].{0,60}?(?:riassunt"
            r"|sintesi|questo testo|gli articoli|le fonti|parole|\d+\W*\Z)|(?:questo|il presente) (?:riassunto"
            r"|testo) (?:è|integra|combina|rispetta|sintetizza|si basa"
            r"|mantiene)"
            r"|ho (?:riassunto|sintetizzato|integrato|combinato|cercato|evitato|mantenuto)\b"
        ),
        refusal=(
            r"(?:mi (?:dispiace|scuso)|sono spiacente|spiacente|purtroppo|ci dispiace)\b[^.!?\n]{0,30}?\bnon (?:posso"
            r"|sono in "
            r"grado di|riesco a|mi è possibile|è possibile)\s+(?:\w+\s+)?(?:aiutar|assister|fornir|riassumer|generar"
            r"|soddisfar|completar|crear|produrr|"
            r"elaborar|acceder|rispond|eseguir|sintetizz|scriver|proceder|discut|visualizz|apri|legger|farlo|far"
            r"|continuar)"
            r"|non (?:posso|sono in grado di|mi è possibile|riesco ad?) (?:aiutar[tv]i|assister[tv]i|fornir|riassumer"
            r"|generar|soddisfar|"
            r"completare (?:quest|la richiest)|elaborar|accedere (?:a|ai|agli) (?:articol|link|contenut|siti"
            r"|internet)|rispondere a quest|"
            r"eseguire quest|sintetizz|visualizz)"
            r"|(?:in (?:qualità|quanto) (?:di )?|come |essendo (?:un['’a-z]* ?)?)(?:modello linguistico"
            r"|modello di linguaggio|"
            r"intelligenza artificiale|assistente (?:virtuale|ai|ia)|ia\b|ai\b)"
            r"|(?:per favore|per cortesia|ti prego di|potresti)?,? ?(?:fornisc|incolla|inserisc|condivid|fornire"
            r"|incollare|inserire)\w*(?:mi)? "
            r"(?:gli articoli|il testo|i testi|l['’]articolo)"
            r"|(?:non (?:hai|avete) (?:fornito|inserito|incluso|allegato)|non (?:vedo|trovo|ci sono|è stato fornito"
            r"|sono stati forniti)) .{0,20}(?:articol|test[oi]\b)"
        ),
        apology=(
            r"(?:mi (?:dispiace|scuso)|sono spiacente|spiacente|purtroppo|ci dispiace)\b[^.!?\n]{0,40}?\bnon (?:posso"
            r"|sono in grado|riesco|è possibile)"
        ),
        attribution=(
            r"ha (?:detto|dichiarato|spiegato|aggiunto|affermato|scritto|replicato|ammesso|commentato|risposto)\b"
            r"|dice\b|spiega\b|hanno (?:detto|dichiarato|scritto)\b"
        ),
        injection=(
            r"(?:ignora|ignorate|ignorare|dimentica|dimenticate|trascura|non (?:seguire|tenere conto di|considerare)"
            r"|annulla) (?:\w+ ){0,3}?(?:istruzioni|direttive|"
            r"indicazioni|comandi|prompt|regole) (?:\w+ ){0,3}?(?:precedent|sopra|qui sopra|ricevut|che ti|che hai"
            r"|di sistema|iniziali|fin ?qui|anterior)"
            r"|(?:ignora|dimentica) (?:tutto )?(?:ciò|quello|quanto) (?:che )?(?:precede|è scritto sopra"
            r"|ti è stato detto|hai (?:letto|ricevuto))"
            r"|(?:nota|messaggio|istruzion[ei]|avviso|attenzione|comunicazione|richiesta|comando"
            r"|ordine) (?:importante )?(?:per|a|ai|agli|all['’]|alle|al|destinat\w+ a\w*)[ ’']?(?:i |gli "
            r"|l['’] ?)?(?:modell[oi] (?:linguistic|di lingu|di intell|che|ai)|assistent[ei] (?:ai|ia|virtual"
            r"|di intell|che|artific)|"
            r"(?:ai|ia|llm|chatbot)\b(?! act)|intelligenz[ae] artificial[ei] che|sistem[ai] (?:ai|ia|"
            r"automatic)\w* che)"
            r"|(?:se|qualora) (?:sei|siete|tu sei|stai (?:leggendo"
            r"|riassumendo)[^.]{0,30}e sei) un[ao'’]? ?(?:modell[oi] (?:linguistic|di)|assistente (?:ai|ia|virtual"
            r"|artific)|ia\b|ai\b|llm|intelligenza artificiale|chatbot)"
            r"|(?:caro|cara|gentile) (?:modello|assistente|ia|ai|llm|intelligenza artificiale|chatgpt|gpt)\b"
            r"|attenzione,? (?:assistente (?:ai|ia|virtual)|modello (?:linguistic|di ling))"
            r"|(?:d['’]ora in poi|da (?:ora|adesso) (?:in poi|in avanti)?,?) (?:tu )?(?:sei|agisci come|rispondi"
            r"|comportati|parlerai)\b(?! (?:tu|il mio|la mia))"
            r"|(?:rispondi|scrivi|riporta|includi|inserisci|aggiungi|stampa|restituisci) (?:solo |solamente "
            r"|soltanto |esclusivamente |invece |nel riassunto |nella (?:tua )?risposta |alla fine |sempre )+(?:con "
            r"|che |il |la |lo |le |i |questo |questa |il seguente |la parola |la frase |il testo |\W)"
            r"|(?:rivela|mostra|stampa|ripeti|riporta) (?:il |le |la )?(?:tu[oe]|tua)? ?(?:prompt"
            r"|istruzioni) (?:di )?(?:sistema|iniziali|segret)"
            r"|(?:quando|nel|mentre) (?:riassumi|riassumere|sintetizzi|traduci|elabori) (?:questo"
            r"|il presente) (?:testo|articolo|documento)"
        ),
    ),
)  # fmt: skip
