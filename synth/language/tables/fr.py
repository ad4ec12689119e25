"""French."""

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
    "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf vingt=20 trente=30 quarante=40 cinquante=50 soixante=60 septante=70 huitante=80 nonante=90 une=1 "
    "cent=100 dizaine=10 douzaine=12 quinzaine=15 vingtaine=20 trentaine=30 quarantaine=40 cinquantaine=50"
)
_EIGHTY = {("quatre", "vingt"): 80, ("quatre", "vingts"): 80}

TABLE = LanguageTable(
    code="fr",
    name="French",
    rank=3,
    regions=("FR",),
    shared=True,
    frequent=words("le les des et est une du dans pour que qui sur pas au par il plus avec ce sont à ont aux la"),
    relative_length=1.15,
    vocabulary=vocabulary(
        "write: écri écriv rédig réécri; list: list énumér; word: mot_ mots_; sentence: phrase; paragraph: "
        "paragraph alinéa; letter: lettre; poem: poème poésie; song: chanson; story: histoire récit; essay: essai "
        "dissertation; title: titre; question: question; answer: répon; example: exemple; summary: résum; describe: "
        "décri descri; explain: expli; create: cré génér; include: inclu comport; highlight: surlign évidence "
        "mettez_en; section: section parti; keyword: clé; language: langu; english: anglais; comma: virgul; bullet: "
        "puce point; exactly: exact; without: sans_; between: entre_; number: nombre numér chiffre; function: "
        "fonction; return: renvo retourn; integer: entier; people: gens_ personne; woman: femme; man: homme; child: "
        "enfant gosse; family: famille; friend: ami_ amis_ amie copain; house: maison domicile chez; city: ville; "
        "country: pays_; world: monde; water: eau_ eaux_; food: nourriture aliment; day: jour; week: semaine; "
        "month: mois_; year: an_ ans_ anné; night: nuit soir; morning: matin; today: aujourd; school: école "
        "scolaire lycée; student: étudiant élève; teacher: professeur enseignant; money: argent_; book: livre; "
        "movie: film; music: musi; game: jeu match; name: nom_ noms_ prénom; life: vie_ vies_; war: guerre; police: "
        "polic; government: gouvernement; president: président; company: entreprise société compagnie; price: "
        "prix_; car: voiture; door: porte; hand: main_ mains_; eye: œil yeux; head: tête; heart: cœur; face: "
        "visage; fire: feu_ incendie; light: lumière lampe léger; tree: arbre; river: rivière fleuve; sea: mer_ "
        "océan; mountain: montagne mont_; animal: anima; dog: chien; cat: chat_ chats_; white: blanc; black: noir; "
        "red: rouge; green: vert; blue: bleu; new: nouve neuf neuv; old: vieux vieil ancien ans_; young: jeune; "
        "small: petit peu_; good: bon bien génial super; never: jamais; because: parce car_ puisque; before: avant; "
        "after: après; if: si_ s_; but: mais_; when: quand lorsque alors; where: où_; who: qui_; why: pourquoi; "
        "how: comment combien; all: tous tout; three: trois; two: deux; first: premi; last: derni; same: même; "
        "different: différen divers; help: aid; product: produit; customer: client; health: santé sain; history: "
        "histor; science: scien; computer: ordinateur informatique; recipe: recette; benefit: avantag bénéfi "
        "bienfait"
    ),
    segmentation=SegmentationTable(
        before_names=words("m mm mme mlle me pr ste env av bd boul ex chap"),
        openers=words(
            "le la les l un une en de du des au aux et ou mais ne il elle ils elles ce cette ces on dans pour par "
            "avec selon"
        ),
    ),
    numbers=NumberTable(
        # "soixante et onze", "quatre-vingt-dix-sept": after sixty and eighty up to nineteen more, after ten up to nine.
        numerals=AdditiveNumerals(_ATOMS, words("et"), words("cent cents"), _EIGHTY, {60: 20, 80: 20, 10: 10}),
        weak=words("un une neuf"),
        ordinals=ordinals("troisième quatrième cinquième sixième septième huitième neuvième dixième"),
        fractions={"tiers": 3, "quart": 4, "quarts": 4, "cinquième": 5, "cinquièmes": 5},
        half=words("moitié"),
        halves=words("demi demie"),
        half_articles=words("un une"),
        magnitudes={10**3: "mille", 10**6: "million millions", 10**9: "milliard milliards"},
        conjunctions=words("et"),
        joins_magnitudes=True,
        currencies={
            "EUR": "euro euros", "USD": "dollar dollars", "GBP": "livre", "JPY": "yen", "CNY": "yuan",
            "CHF": "franc francs",
        },
        percent_pairs=frozenset({("pour", "cent")}),
        units={
            "km": "kilomètres", "m": "mètre mètres", "ha": "hectare hectares", "l": "litre litres",
            "t": "tonne tonnes", "kg": "kilo kilos", "g": "grammes", "year": "an ans", "month": "mois",
            "week": "semaine semaines", "day": "jour jours", "hour": "heure heures", "minute": "minute minutes",
            "second": "secondes", "°": "degrés",
        },
        square=words("carrés"),
        cubic=words("cubes"),
        links=words("de d"),
        ordinal_suffixes=words("e er ère ème"),
        over=words("plus"),
        under=words("presque"),
        about=words("environ"),
        hedge_pairs={"plus": "over", "moins": "under"},
        hedge_links=words("de"),
        definite=words("les des"),
        range_words=words("à et ou"),
        idioms={
            "zéro": 0, "premier": 1, "première": 1, "premiers": 1, "premières": 1, "deuxième": 2, "second": 2,
            "seconde": 2, "double": 2, "paire": 2, "couple": 2, "demi": 30, "demie": 30, "triple": 3, "midi": 12,
            "minuit": 12, "cent": 100, "centaine": 100, "centaines": 100, "vingtième": 20,
        },
    ),
    dates=DateTable(
        months=(
            "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
            "novembre", "décembre",
        ),
        weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        unsure_months=words("mars mai"),
        first=words("premier"),
        day_words=words("le du au l"),
        year_links=words("de"),
        relative={"hier": -1, "demain": 1},
        hour_words=words("à vers h"),
    ),
    names=NameTable(
        common=words(
            "les des une et dans pour que qui sur pas au aux par ce ces cette il elle ils elles on nous vous mais ou "
            "où son sa"
        ),
    ),
    polarity=PolarityTable(
        negations=words(
            "pas jamais aucun aucune sans ni personne guère nul"
        ),
        no_negations=frozenset({
            "pas seulement", "pas moins",
        }),
        agents=words("par"),
        small=words(
            "il elle ils elles on nous vous je ne se sa son ses leur leurs de d l qu c n s y en a été être avoir"
        ),
        opposites=opposites(
            "augment hauss mont. monté montée grimp croî accru/baiss chut diminu recul rédui;gagn vainqu victoir "
            "rempor/perd perdu défait;condamn coupable/acquitt relax innocen;arrêt interpel/libér relâch;approuv "
            "accept adopt/rejet refus;confirm reconn/démenti dément nié nie.;vivant surviv/mort décéd tué;ouvr "
            "ouvert/ferm;souten soutien favor/oppos critiqu contre.;autoris permet permis/interdi;achet "
            "acqui/vend vente;embauch recrut/licenci renvoy;commenc début/fini termin achev;meilleur "
            "amélior/pire. empir;maximum/minimum;bénéfic gain/perte;nord./sud.;premier/dernier;entr. "
            "rejoint/quitt sorti"
        ),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
            "mais et aussi ce cette ces cela ceci il elle ils elles ainsi puis donc ensuite cependant toutefois "
            "en^outre or ou"
        ),
        sequence=(
            r"\b(?:ans?|années?|mois|semaines?|jours?|heures?|minutes?) (?:plus t(?:ard|ôt)|auparavant|"
            r"après\b(?! (?:les?|la|l['’]|une?|avoir|son|sa|(?-i:[A-ZÀ-Ý]))))|\b(?:le lendemain|"
            r"la veille)\b(?! (?:de|du|des|d['’]))|"
            r"\bpeu (?:après|avant)\b(?! (?:les?|la|l['’]|\d|midi|minuit|une?|son|sa))|\bmême (?:jour|soir|mois|"
            r"année)\b|"
            r"\b(?:depuis lors|entre-temps|par la suite|dans le même temps)\b"
        ),
        verb=(
            r"\b(?:est|sont|a|ont|fut|furent|soit|soient|peut|peuvent|doit|doivent|veut|veulent|va|vont|fait|font|"
            r"dit|disent|"
            r"vient|viennent|tient|tiennent|restent?|met|mettent|prend|prennent|voit|sait|faut|comptent?|annoncent?|"
            r"affirment?|"
            r"expliquent?|estiment?|indiquent?|précisent?|assurent?|demandent?|dénoncent?|rappellent?|soulignent?|"
            r"ajoutent?|"
            r"appellent?|cherchent?|craint|permet(?:tent)?|proposent?|prévoi(?:t|ent)|reçoit|rend|représentent?|"
            r"montrent?|"
            r"touchent?|concernent?|visent?|gagnent?|perd|jouent?|existent?|semblent?|devient|continuent?|"
            r"commencent?)\b|"
            r"\b\w+(?:ait|aient|[ie]ra|[ie]ront|[iè]rent|urent|issent)\b|\b(?:se|ne|il|elle|on|ils|elles|y) \w|"
            r"\b[snc]['’]\w"
        ),
        relative_clause=r"\b(?:qui|dont|où|lequel|laquelle|lesquel\w+)\b[^,;:()–-]*",
        first_person=any_word("je j mon ma mes nous notre nos avons sommes"),
        relative_days=r"aujourd['’]hui|hier|demain|ce (?:matin|soir)",
    ),
    fragments=FragmentTable(
        address=r"monsieur|madame|mademoiselle|M\.|MM\.|Mme|Mlle|maître|Me",
        mentioned=(
            r"\b(?:l['’](?:homme|accusée?|auteur|entreprise|équipe|affaire|accident|enquête|incident|accord|attaque)|"
            r"(?:le|la) (?:victime|jeune|femme|couple|suspect|prévenu|conducteur|société|club|match|texte|loi|projet|"
            r"film|livre|ministre|président|maire|porte-parole|chanteur|chanteuse|réalisateur|groupe|drame|sinistre)|"
            r"les (?:deux|trois|victimes|faits|enquêteurs|secours|suspects|joueurs))\b"
            r"(?! (?:de|du|des|d['’]\w+|(?-i:[A-ZÀ-Ý])|qui|que))|"
            r"\b(?:ce|cet|cette|ces|celui|celle|ceux|celles|ledit|ladite|tel|telle)\b(?! (?:matin|soir|mois|semaine|"
            r"année|été|hiver|printemps|week-end))|\b(?:l['’]autre|les autres|un autre|une autre)\b"
        ),
        definite=(
            r"(?:\b(?:le|la|les|du|des|au|aux) |l['’])((?-i:[a-zà-ÿ]){4,})\b(?! (?:de|du|des|d['’]\w+|qui|que|"
            r"(?-i:[A-ZÀ-Ý])))"
        ),
        linking=words(
            "aussi également toutefois ensuite encore ainsi donc cependant pourtant"
        ),
        elsewhere=(
            r"\b(?:ci-dessus|ci-dessous|ci-contre|voir (?:plus|aussi)|comme (?:indiqué|mentionné|nous)|"
            r"sur la photo|dans la vidéo|cet article|suivante?s?|lire aussi|à lire|cliquez|notre (?:newsletter|"
            r"podcast|journaliste|correspondant))\b"
        ),
        credits=(
            r"\b(?:photo|crédits?|vidéo|image|source|infographie)s? ?(?:[:/|©]|de (?-i:[A-ZÀ-Ý]))|©|\(AFP\)|https?:|"
            r"www\.|@\w|#\w|tous droits réservés|abonnez"
        ),
        line_openers=words(
            "le la les un une des du de dans sur par pour avec après avant selon ce cette ces il elle ils elles mais "
            "et ou si quand comme en au aux est sont a ont ne pas"
        ),
        genres={
            "interview": r"entretien|interview",
            "opinion": r"opinion|tribune|éditorial|chronique|débat|courrier",
            "sport": r"\bsport|football|tennis|cyclisme|rugby|basket|olympi",
            "business": r"économi|entreprise|finance|bourse|argent|emploi|immobilier|economie",
            "science": r"scien|santé|techno|environnement|climat|espace|médecine|planète|sante",
            "culture": r"cultur|livre|cinéma|musique|théâtre|télévision|voyage|mode\b|gastronomie",
        },
    ),
    prompts=PromptTable(
        date_form="{day} {month} {year}",
        first_day="1er",
        title="Titre",
        source="Source",
        content=("Texte",),
        summary="Résumé",
    ),
    replies=ReplyTable(
        answer_nouns=words("résumé synthèse texte version réponse article traduction"),
        presenting=words(
            "voici ci dessous suit le la les l un une unique de des du d en et que vous tu m avez as demandé demandée "
            "je te propose "
            "présente intégré unifié combiné neutre bref concis complet final articles actualités sources textes "
            "fournis fourni "
            "fournies français langue sans répétition répétitions sur basé basée suivant même fait événement est il "
            "qui ce"
        ),
        interjections=words(
            "bien sûr certainement certes d accord volontiers ok okay oui avec plaisir absolument parfait entendu"
        ),
        offer=(
            r"(?:je (?:peux|suis (?:ravi|ravie|heureux|heureuse) de|vais) (?:vous |t['’])(?:aider|assister)"
            r"|je vous aide)(?: (?:avec|pour) (?:cela|ça|plaisir|votre demande))?"
        ),
        handing_over=frozenset(
            {"voici", "voilà", "le voici", "la voici"}
        ),
        reasoning=frozenset({"raisonnement", "réflexion", "réflexions"}),
        closing=(
            r"j['’]espère que\b.{0,60}?(?:util|aid|résumé|convien|répond)|(?:n['’]hésitez pas|n['’]hésite pas)\b"
            r"|(?:faites|fais|dites|dis)[- ]moi\b"
            r"|si (?:vous|tu) (?:avez|as|souhaitez|souhaites|voulez|veux|désirez|préférez)\b.{0,80}?(?:question"
            r"|besoin|aid|autre|modif|précis|plus|savoir)"
            r"|je (?:reste|suis) (?:à (?:votre|ta) disposition|là pour)|(?:souhaitez-vous|voulez-vous|veux-tu"
            r"|puis-je)\b[^?]{0,60}?(?:résum|version|aide|autre chose|texte)[^?]{0,60}\?"
        ),
        remark=(
            r"(?:note|remarque|n\.?b\.?|nombre de mots|mots|sources?)\b\s?[:(].{0,60}?(?:résumé"
            r"|ce texte|les articles|les sources|\d+ mots|\d+\W*\Z)"
            r"|(?:ce|le présent) (?:résumé|texte) (?:est|intègre|combine|reprend|se base|conserve|synthétise)\b"
            r"|j['’]ai (?:résumé|combiné|intégré|essayé|évité|synthétisé)\b"
        ),
        refusal=(
            r"(?:je suis (?:vraiment )?(?:désolée?|navrée?)|désolée?|malheureusement"
            r"|je m['’]excuse)\b[^.!?\n]{0,30}?\bje ne (?:peux|suis|pourrai|parviens) (?:pas|malheureusement pas"
            r"|pas en mesure d['’e]|pas à) ?"
            r"(?:\w+ )?(?:\w['’])?(?:aider|assister|fournir|résumer|générer|répondre|créer|produire|traiter|accéder"
            r"|écrire|faire|continuer|satisfaire)"
            r"|je ne (?:peux|suis) pas (?:en mesure d['’e] ?)?(?:vous |t['’])?(?:aider|assister|fournir|résumer"
            r"|générer|satisfaire|traiter (?:cette|votre)|accéder aux)"
            r"|en tant (?:qu['’]|que )(?:ia\b|intelligence artificielle|modèle de langage|assistant (?:virtuel|ia)"
            r"|modèle linguistique)"
            r"|(?:veuillez|merci de|pouvez-vous|pourriez-vous) (?:me )?(?:fournir|coller|partager"
            r"|envoyer) (?:les articles|le texte|l['’]article)|(?:vous n['’]avez pas"
            r"|aucun article n['’]a été) (?:fourni|inclus)"
        ),
        apology=(
            r"(?:je suis (?:vraiment )?(?:désolée?|navrée?)|désolée?|malheureusement)\b[^.!?\n]{0,40}?\bje ne (?:peux"
            r"|suis|pourrai) pas"
        ),
        attribution=(
            r"a(?:-t-(?:il|elle))? (?:dit|déclaré|expliqué|ajouté|affirmé|écrit|répondu|reconnu)\b"
            r"|(?:dit|déclare|explique)(?:-t-)?(?: |-)?(?:il|elle)?\b"
        ),
        injection=(
            r"(?:ignore|ignorez|ignorer|oublie|oubliez|néglige|ne (?:suis|suivez|tiens"
            r"|tenez) pas(?: compte de)?) (?:\w+ ){0,3}?(?:instructions|consignes|directives|règles|ordres"
            r"|prompt) (?:\w+ ){0,3}?(?:précédent|ci-dessus|antérieur|reçu|qui (?:précèdent|t['’])|que (?:tu|vous)"
            r"|système|initial)"
            r"|(?:ignore|ignorez|oublie|oubliez) tout ce qui (?:précède|est)"
            r"|(?:note|message|instructions?|avis|attention) (?:pour|à|aux|destinée?s? aux?) ?(?:l['’]|les |le |tout "
            r"|tous les |toute )*(?:modèles? (?:de langage|linguistique|d['’]ia)|assistants? (?:ia|virtuel)|ia\b"
            r"|llms?\b|intelligences? artificielles? qui|chatbots?)"
            r"|si (?:tu es|vous êtes) une? (?:modèle|ia\b|assistant|intelligence artificielle|llm|chatbot)|(?:cher"
            r"|chère) (?:modèle|assistant|ia|llm|chatgpt)\b"
            r"|(?:à partir de maintenant|désormais),? (?:tu es|vous êtes|réponds|répondez|agis|agissez|tu (?:dois"
            r"|vas))\b"
            r"|(?:réponds|répondez|écris|écrivez|inclus|incluez|ajoute|ajoutez) (?:uniquement |seulement |toujours "
            r"|dans (?:ton|votre|le) (?:résumé|réponse) )+(?:par |avec |que |le |la |\W)"
            r"|(?:révèle|révélez|affiche|affichez|répète|répétez) (?:ton|votre|tes|vos|le) (?:prompt|instructions)"
            r"|(?:en|lorsque (?:tu|vous)) (?:résumant|résume[sz]|traduisant|traitant) (?:ce|le présent) (?:texte"
            r"|article|document)"
        ),
    ),
)  # fmt: skip
