"""Italian."""

from __future__ import annotations

from synth.language.table import words
from synth.reverse.refusals.table import InstructionTable

_TEXT = (
    r"(?:test[oi]|citazion[ei]|righe|messaggio|bran[oi]|articol[oi]|passagg(?:io|i)|pass[oi]|paragraf[oi]|estratt[oi]|frammento|document[oi]|"
    r"pezzo|notizi[ae]|comunicat[oi]|"
    r"resoconto|racconto|contenut[oi]|letter[ae]|tabell[ae]|elenc(?:o|hi)|list[ae]|ricett[ae]|intervist[ae]|"
    r"conversazion[ei]|"
    r"dialogo|fras[ei]|informazion[ei]|dat[oi]|dichiarazion[ei]|consigli|cronaca|punti|avveniment[oi]|fatti|"
    r"titol[oi]|discorso|"
    r"grafico|immagine|foto(?:grafia)?|scena|vicenda|situazione|contesto|scenario|poesia)"
)
_DEICTIC = (
    r"(?:seguent[ei]|(?:riportat[oaie]|citat[oaie]) qui\b|"
    r"(?:qui |di |riportat[oaie] |elencat[oaie] |indicat[oaie] )*(?:sopra|sotto)\b|sottostant[ei]|"
    r"soprastant[ei]|"
    r"(?:fornit|allegat|riportat|indicat|citat|elencat|propost|dat|menzionat|presentat|descritt|incollat|inserit)[oaie]"
    r"(?! (?:da|dal|dalla|dai|dall|dalle|dagli|dallo|a|al|alla|ai|alle|in|nel|nella|per|di|del|della|ieri|oggi)\b)"
    r"|in (?:oggetto|questione|esame)|che (?:segu|preced)\w+)"
)
_READING = (
    r"(?:riassum|legg|analizz|traduc|parafras|riscriv|correg|sintetizz|rielabor|semplific|comment|complet|accorci|"
    r"valut|"
    r"continu|esamin|riformul)\w*"
)
#: What follows a text's name where it is said which text it is: "il testo della legge", "articolo 18".
_NAMED = (
    r"(?! (?:n\.? ?)?\d)(?! (?:d[ie]l?|dello|della|dei|degli|delle|approvat\w+|costituzional\w+|unico|"
    r"integrale)\b)(?! dell['’])"
)
_POINTERS = (
    # whatever its noun is: "la seguente definizione"; non "il giorno seguente", "la seguente domanda"
    r"\b(?:il|lo|la|i|gli|le|l|dal|nel|nella|al|alla|dalla|del|della|dei|delle|ai|dai|nei) seguent[ei] (?!giorn|ann|"
    r"mes|"
    r"settiman|mattin|ser[ae]|domand|turno|stagion|istruzion|richiest)[a-zà-ù]"
    r"|\b(?:descritt|fornit|elencat|indicat|menzionat|riportat|citat)[oaie] (?:qui )?(?:sopra|sotto|di seguito)\b|"
    rf"\b(?:seguent[ei]|precedent[ei]|suddett[oaie]|presente) (?:\w+ )?{_TEXT}\b|\b{_TEXT}(?: \w+)? (?:{_DEICTIC}|"
    rf"precedent[ei])"
    rf"|\bquest(?:[oaie] (?:\w+ )?|['’]){_TEXT}\b"
    r"|\b(?:qui (?:sopra|sotto)|di cui sopra|quanto (?:segue|precede|riportato|scritto|detto|esposto) "
    r"?(?:sopra)?\b(?! d)|come sopra|sopra (?:riportat|indicat|citat|menzionat)\w+"
    r"|sopra(?:indicat|citat|elencat)\w+|riportat\w+ sopra|elencat\w+ sopra)"
    rf"|\b(?:il|nel|dal|sul|al|del|lo|nello|dello) (?:testo|brano|passaggio|paragrafo|estratto|frammento|"
    rf"passo)\b{_NAMED}"
    rf"|\b(?:nell|dall|dell|sull|all|secondo l|in base all)['’](?:articolo|estratto|intervista)\b{_NAMED}"
    rf"|\b(?:nel|dal|sul|secondo il|in base al) (?:documento|comunicato)\b{_NAMED}|\b(?:nella|dalla|secondo la|in "
    rf"base alla) notizia\b{_NAMED}"
    rf"|\b{_READING} (?:il|lo|la|l['’]|i|gli|le) ?(?:testo|articolo|brano|notizia|documento|comunicato|passaggio|"
    rf"paragrafo|"
    rf"lettera|tabella|frase|intervista|estratto)\b{_NAMED}"
    r"|\bl['’]articolo (?:parla|dice|spiega|riporta|descrive|racconta|menziona|tratta|cita)|(?:dice|parla|riporta|"
    r"descrive|racconta|menziona|cita|afferma) l['’]articolo\b(?! \d)"
    r"|\b(?:l['’]autor[ei]|l['’]autrice|il narratore|lo scrivente)\b(?! (?:di|del(?! suo)|dello|della|dei|degli|"
    r"delle)\b)(?! dell['’])"
    r"|\b(?:opinione|tesi|parere|idea|intenzione) di chi scrive\b|\bcitazion[ei] inizial[ei]\b"
    r"|\b(?:dato|considerato|visto) il (?:testo|contesto|brano)"
    # a text by another word: "lo scritto", "il pezzo", "la nota" that nobody named
    r"|\b(?:l[oa]|[dn]ell[oa]|d?all[oa]|sull[oa]|il|al|[dn]el|dal|sul) (?:scritto|pezzo|resoconto|narrazione)\b"
    rf"(?! (?:forte|grosso|mancante|che|su|sul|sull|con|per|in|a|al)\b){_NAMED}"
    r"|\b(?:la|(?:d?a|de|ne)lla) nota(?=\s*(?:[?.,;:!]|$))"
    r"|\b(?:episodio|vicenda|storia|fatt[oi]|event[oi]|scena) (?:narrat|raccontat)[oai]\b"
    r"(?! (?:d[ai]|dal|dalla|dai|in|nel)\b)"
    # a part of a text
    rf"|\b(?:paragrafo|capoverso|frase|riga|citazione) (?:final[ei]|conclusiv[ao]|"
    rf"(?:in|di|d['’]) ?(?:apertura|chiusura))\b{_NAMED}"
    rf"|\b(?:(?:prim|second|terz|ultim|penultim)[ao]) (?:frase|riga|paragrafo|capoverso|battuta)\b{_NAMED}"
    r"|\b(?:parol[ae]|espression[ei]) (?:sottolineat|evidenziat|in grassetto)|\bpunteggiatura mancante\b"
    r"|\b(?:affermazion|opzion|alternativ|rispost)[ei] (?:precedent|seguent)[ei]\b"
    # who wrote it
    r"|\bsecondo (?:il giornalista|la giornalista|il cronista|l['’]articolista|l['’]editorialista|chi scrive)"
    r"(?=\s*(?:[,?.]|$))"
    # reading or going on with what is not there
    r"|^(?:ri)?legg(?:i|ete)(?: (?:attentamente|bene|con attenzione)\b|,| e (?:poi )?"
    r"(?:riassum|rispond|indic|spieg|comment))"
    r"|\b(?:quanto|appena) lett[oaie]\b|\b(?:persona|persone|fatto|caso) di cui si parla\b"
    r"|\bdall['’]intervistat[oa](?=\s*(?:[,?.]|$))"
    r"|\bdopo (?:aver letto|la lettura)(?=,| attenta)"
    rf"|\b(?:complet|termin|continu|prosegu)\w* (?:la storia|il racconto|la frase|il dialogo)\b{_NAMED}"
    r"|\bqui (?:contenut|present|descritt|raccontat|espost)[oaie]\b|\bquanto (?:sopra|precede)\b"
)

TABLE = InstructionTable(
    making=(
        r"(?:scriv|compon|redig)(?:i|ete|ere|iamo|a)(?:mi|ci)?|(?:cre|prepar|invent|gener|elabor|immagin|stil|"
        r"formul|tracci|improvvis|present|realizz)(?:a|ate|are|i)(?:mi|ci)?|fa(?:i|te|re|mmi)?|da(?:i|te|re|mmi)|"
        r"produ(?:ci|cete|rre)|propon(?:i|ete)|proporre|fornisci(?:mi)?|fornire|stend(?:i|ere)|butta giù|"
        r"racconta(?:mi)?|"
        r"vorrei|mi serve|ho bisogno di"
    ),
    asking=(
        r"(?:spieg|raccont|elenc|analizz|illustr|commenta|present|inform|immagin|parl|ripercorr|indic|valut|confront|"
        r"annunci|celebr|dichiar|segnal|esamin|complet|consider|esplor|approfondisc|argoment|"
        r"rielabor|parafras|semplific|sintetizz|traccia|individu|trov|not|cit|nomin|ricord|mostr|aiut|us|utilizz|"
        r"aggiung|cambi|classific|ordin|convert|sostitui|combin|seleziona|selezion|calcol|organizz|adatt|modific|"
        r"trasform|identific|ipotizz|motiv|precis|evidenzi|delin|ricostrui|sviluppa|svilupp|delinea|costru|divid|"
        r"inserisc|determin|stabilisc|ragion|riflett|sottoline|accorci|ampli|continu|chiarisc|chiar|esplic|document|"
        r"enumer|enunc|esponi|espon|progett|suggerisc|pens|consigl|cont)"
        r"(?:a|ate|are|i|e|ere|iamo)(?:mi|ci|lo|la|li|le|ne)?|(?:riassum|descriv|discut|rispond|legg|riscriv|dic|"
        r"esprim|"
        r"chied|scegl|ripercorr|risolv|estra|traduc|correggi|correggere|riferisc|definisc|approfondisc|costruisc|"
        r"offr|riporta|metti|mettere)(?:i|ete|ere|ire|iamo|a|e)?(?:mi|ci|lo|la|li|le|ne)?|di(?:mmi|te|cci)|"
        r"tradu(?:ci|rre)|"
        r"commenta|sei (?:un|una|il|la)\b"
    ),
    between=(
        r"(?:un|uno|una|un['’]|il|lo|la|l['’]|i|gli|le|del|dei|delle|degli|mi|ci|per favore|due|tre|quattro|cinque|"
        r"sei|dieci|alcun[ei]|qualche|\d+|brev[ei]|lung[aoh]\w*|bell[aoe]|nuov[aoe]|piccol[aoe]|divertent[ei]|"
        r"semplic[ei]|commovent[ei]|vers[io] di|breve|formale|informale|mezza|pagina di|righe di|testo di una?|"
        r"immaginari[aoe]|dettagliat[aoe]|original[ei]|rigorosamente|tipic[aoe]|vera e propria|dar[eo]|fare|"
        r"scrivere|avere)"
    ),
    questions=(
        r"\?|^(?:chi|che|cosa|quando|quanto|quant[aie]|dove|come|perché|qual[ei]?)\b|\b(?:puoi|potresti|può|potrebbe|"
        r"vorrei|mi serve|ho bisogno|devi|dovresti|si (?:scriva|descriva|spieghi|racconti|chiede|richiede)|si prega)\b"
    ),
    asks_money=(
        r"quanto (?:costa|costano|costerà|costeranno|è costat|si paga|pagherann)|a quanto ammont|qual è il prezzo|"
        r"quali sono i prezzi"
    ),
    asks_time=r"\bquando\b|in (?:che|quale) (?:data|giorno|anno|mese|ora)|a che ora|da (?:che|quale) (?:anno|giorno)",
    asks_number=r"\bquant[ie]\b|\bin quanti\b",
    genres={
        "poem": (
            r"poesi[ae]|poemett[oi]|poem[ai]|sonett[oi]|haiku|filastrocc\w+|ballat[ae]|ode|odi|limerick|acrostic\w+|"
            r"madrigal\w|vers[io]|strof[ae]|quartin[ae]|rim[ae]"
        ),
        "song": r"canzon[ei]|testo di una canzone|inn[oi]|rap|ritornell[oi]|ninna ?nann[ae]",
        "recipe": r"ricett[ae]",
        "code": (
            r"codice|script\b(?! teatral)|programm(?:a|ino) (?:in|python|java|c\b)|funzion[ei] (?:in|python|java|"
            r"che)|query|algoritm[oi]|classe (?:in|python|java)|comando|macro|espressione regolare"
        ),
        "markup": r"json|xml|html|csv|yaml|sql|markdown|pagina (?:web|html)",
        "table": r"tabell[ae]|schema tabellare|griglia",
        "letter": (
            r"letter[ae](?! (?:maiuscol|minuscol|dell['’]alfabeto))|missiv[ae]|cartolin[ae]|"
            r"bigliett[oi] d(?:i |['’])augur\w+"
        ),
        "email": r"e-?mail|mail|messaggi[oo]? di posta(?: elettronica)?|messaggio (?:whatsapp|sms|a un)|sms",
        "interview": r"intervist[ae]|domande e (?:le )?risposte|botta e risposta",
        "dialogue": (
            r"dialog(?:o|hi|hetto)|conversazion[ei]|scena|copion[ei]|sceneggiatur[ae]|commedia|chat|opera teatrale|"
            r"sketch|monolog\w+"
        ),
        "bullets": r"elenc(?:o|hi) (?:puntat|numerat)\w+|list[ae] (?:puntat|numerat)\w+|punti elenco",
        "list": r"elenc(?:o|hi)|list[ae]|scaletta|vademecum|decalogo",
        "timeline": r"cronologi[ae]|linea del tempo|tabella cronologica",
        "questions": r"quiz|questionari[oo]?|domand[ae]|test a|verifica|indovinell\w+|cruciverba",
        "fiction": (
            r"racconto(?! di cronaca)|fiab[ae]|favol[ae]|novell[ae]|leggend[ae]|barzellett[ae]|battut[ae]|"
            r"freddur[ae]|romanzo|parabola|fan ?fiction"
        ),
        "essay": r"tema(?: scolastico)?(?! del)|componimento",
        "howto": (
            r"istruzion[ei]|tutorial|manual[ei]|guida (?:pratica|turistica|passo|per|all)|itinerari\w*|"
            r"piano (?:di allenamento|alimentare)|programma di viaggio"
        ),
        "diary": r"(?:pagina di )?diario|pagina di diario",
        "speech": r"discors[oi]|orazion[ei]|sermone|brindisi|arringa|comizio",
        "headline": r"titol[oi](?! di studio)|slogan|sottotitolo|occhiello",
        "tweet": r"tweet|post (?:per|su) (?:x|twitter)|hashtag",
        "advert": r"pubblicità|annuncio pubblicitario|spot",
        "cv": r"curriculum(?: vitae)?|contratto|fattura|preventivo|men[uù]|oroscopo|testamento",
    },
    form_of=(
        r"(?:in|sotto) forma di|in formato|in stile|nello stile di|come se fosse|(?:sotto|in) forma|nel formato|a "
        r"mo['’] di|strutturat[oa] come"
    ),
    phrases={
        "poem": r"\bin (?:versi|rima|ottave|terzine)\b",
        "bullets": r"\b(?:per|in) punti\b|\bcon (?:un elenco puntato|punti elenco)",
        "translation": (
            r"^(?:traduci|tradurre|traducete)\b|\b(?:in|in lingua) (?:inglese|francese|tedesco|spagnolo|cinese|"
            r"vietnamita|latino)\s*[.!]?$"
        ),
        "list": r"^(?:elenca(?:te|re|mi)?)\b",
        "math": r"^(?:calcola|risolvi|dimostra|semplifica l)\b",
    },
    measures={
        "word": r"parole",
        "sentence": r"fras[ei]|period[oi]",
        "paragraph": r"paragraf[oi]|capovers[oi]",
        "line": r"righe|riga",
        "character": r"caratteri|battute",
        "item": (
            r"(?:\w+ )?(?:consigli|motivi|ragioni|punti|modi|esempi|idee|aspetti|cose|tappe|domande|elementi|voci|"
            r"passi|regole|fatti|conseguenze|buone abitudini)"
        ),
    },
    titled=(
        r"(?:dal titolo|(?:col|con il|con) (?:seguente )?titolo|titol[oi]|intitolat[oaie]|con il nome|"
        r"chiamat[oaie])\b"
    ),
    reader=(
        r"(?:bambin|ragazz|student|alunn|lettor|pubblic)\w*(?: \w+)? di (?:NUMBER)(?: o (?:NUMBER))? anni|per la "
        r"(?:quinta|terza|prima) (?:elementare|media)"
    ),
    numbers={
        "una": 1,
        "uno": 1,
        "un": 1,
        "due": 2,
        "tre": 3,
        "quattro": 4,
        "cinque": 5,
        "sei": 6,
        "sette": 7,
        "otto": 8,
        "nove": 9,
        "dieci": 10,
    },
    pointers=_POINTERS,
    demonstrative=r"\b(?:quest[oaie]|quell[oaie]|quel|quei|tale|tali) (\w+)|\b(?:quest|quell)['’](\w+)",
    demonstrative_times=(
        r"ann[oi]|settiman[ae]|mes[ei]|giorn[oi]|ore|ora|matt\w+|sera|notte|estate|inverno|primavera|autunno|"
        r"stagion[ei]|ultim\w+|stess\w+|che|modo|punto|caso|tipo|momento|proposito|propositi|volta|tema|"
        r"prospettiv\w+|formato|richiest\w+|domand\w+|istruzion\w+"
    ),
    preamble=(
        r"^(?:certo|certamente|naturalmente|ovviamente|sicuramente|ok|okay|va bene|perfetto|volentieri|"
        r"d['’]accordo)\b\s*[,.!:]|^ecco\b|^(?:di seguito|qui di seguito)\b|^(?:istruzione|domanda|prompt|risposta|"
        r"richiesta)\s*:|^(?:l['’]|una possibile )(?:istruzione|richiesta|domanda)\b"
    ),
    salutation=(
        r"\b(?:car[oaie]|gentil[ei]|egregi[oa]|spett(?:abile|\.le)|cordiali saluti|distinti saluti|un abbraccio|con "
        r"affetto|ill\.mo)\b"
    ),
    cooking=(
        r"\b(?:ingredienti|cuocete|cuocere|mescolat[ei]|forno|cucchiai\w*|tritat[ei]|soffriggere|impasto|padella|"
        r"burro|farina)\b"
    ),
    once_upon=r"c['’]era(?:no)? una volta|tanto tempo fa|vissero felici",
    addressed=(
        r"\b(?:cari|care|signore e signori|cittadin[ie]|amic[ie]|colleghi|grazie|vi (?:ringrazio|dico|chiedo)|"
        r"permettetemi|concittadini)\b"
    ),
    home=words("italia italiano italiani italiana italiane europa"),
    common=words(
        "articolo notizia cronaca breve pezzo testo giornale giornalista giornalistico lettore lettori "
        "cittadini parole frasi frase "
        "spiega racconta scrivi descrivi riassumi illustra bambino bambini anni stile tono modo semplice chiaro chiara "
        "cosa quali quale come quando perché quanto quanti quante dove chi motivi cause causa ragioni conseguenze "
        "effetti dettagli principali "
        "principale situazione fatto fatti evento eventi vicenda caso storia informazioni dati giornalistica "
        "professionale comunicato agenzia lancio era è chi sono ha hanno "
        "prevede successo accaduto avvenuto accade succede dopo prima sono stato stata stati state essere"
    ),
)
