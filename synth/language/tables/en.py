"""English."""

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
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90"
)

TABLE = LanguageTable(
    code="en",
    name="English",
    rank=2,
    regions=("US", "GB"),
    shared=True,
    frequent=words("the of and to is was that with for on at by from are has have his its were an as this it be"),
    relative_length=1.0,
    vocabulary=vocabulary(
        "write: write_ writes_ writing_ written_ rewrite; list: list_ lists_; word: word_ words_; sentence: "
        "sentence; paragraph: paragraph; letter: letter_ letters_; poem: poem_ poems_; song: song_ songs_; story: "
        "story_ stories_; essay: essay; title: title_ titles_; question: question; answer: answer response; "
        "example: example e.g_; summary: summar; describe: describe descri; explain: explain explanation; create: "
        "create_ creates_ generate; include: include; highlight: highlight; section: section; keyword: keyword; "
        "language: language; english: english; comma: comma_ commas_; bullet: bullet; exactly: exactly; without: "
        "without; between: between; number: number_ numbers_; function: function; return: return_ returns_; "
        "integer: integer; people: people_; woman: woman_ women_; man: man_ men_; child: child_ children_ kid_ "
        "kids_; family: family_ families_; friend: friend; house: house_ houses_ home_; city: city_ cities_ town_; "
        "country: country_ countries_; world: world_; water: water_ waters_; food: food_ foods_; day: day_ days_; "
        "week: week_ weeks_; month: month_ months_; year: year_ years_; night: night_ nights_ evening; morning: "
        "morning; today: today_; school: school; student: student; teacher: teacher; money: money_; book: book_ "
        "books_; movie: movie film_ films_; music: music; game: game_ games_; name: name_ names_; life: life_ "
        "lives_; war: war_ wars_; police: police; government: government; president: president; company: company_ "
        "companies_; price: price_ prices_; car: car_ cars_; door: door_ doors_; hand: hand_ hands_; eye: eye_ "
        "eyes_; head: head_ heads_; heart: heart; face: face_ faces_; fire: fire_ fires_; light: light_ lights_; "
        "tree: tree_ trees_; river: river_ rivers_; sea: sea_ ocean; mountain: mountain; animal: animal; dog: dog_ "
        "dogs_; cat: cat_ cats_; white: white_; black: black_; red: red_; green: green_; blue: blue_; new: new_; "
        "old: old_; young: young_; small: small_ little_; good: good_ great_; never: never_; because: because; "
        "before: before_; after: after_; if: if_; but: but_; when: when_; where: where_; who: who_; why: why_; how: "
        "how_; all: all_; three: three_; two: two_; first: first_; last: last_; same: same_; different: different; "
        "help: help; product: product; customer: customer; health: health; history: history_ historical; science: "
        "science scientif; computer: computer; recipe: recipe; benefit: benefit"
    ),
    segmentation=SegmentationTable(
        before_names=words("cpl supt messrs mt ft e.g i.e"),
        before_numbers=words("nos arts approx jan feb mar apr aug sept oct nov dec"),
        may_end=words("p.m a.m inc ltd co corp"),
        openers=words(
            "the a an in on at he she it they we i this that these those but and or for from with as after when if "
            "there his"
        ),
    ),
    numbers=NumberTable(
        numerals=AdditiveNumerals(_ATOMS, words("and"), words("hundred hundreds")),
        weak=words("one a an"),
        ordinals=ordinals("third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"),
        fractions={
            "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "tenth": 10, "tenths": 10,
        },
        half=words("half"),
        halves=words("half"),
        half_articles=words("a"),
        magnitudes={
            10**3: "thousand", 10**6: "million millions", 10**9: "billion billions bn", 10**12: "trillion trillions",
        },
        conjunctions=words("and"),
        joins_magnitudes=True,
        joins_units=True,
        currencies={
            "EUR": "euro euros", "USD": "dollar dollars", "GBP": "pound pounds", "JPY": "yen", "CNY": "yuan",
            "CHF": "franc francs", "RUB": "ruble rubles",
        },
        percent=words("percent"),
        percent_pairs=frozenset({("per", "cent")}),
        units={
            "km": "kilometre kilometres kilometer kilometers", "m": "metre metres meter meters",
            "cm": "centimetres centimeters", "mm": "millimetres millimeters", "mile": "mile miles",
            "ha": "hectare hectares", "l": "litre litres liter liters", "t": "ton tons tonne tonnes",
            "kg": "kilo kilos kilogram kilograms", "g": "gram grams", "year": "year years old",
            "month": "month months", "week": "week weeks", "day": "day days", "hour": "hour hours",
            "minute": "minute minutes", "second": "second seconds", "°": "degrees",
        },
        links=words("of"),
        ordinal_suffixes=words("st nd rd th"),
        over=words("over least"),
        under=words("almost nearly"),
        about=words("about around roughly some approximately"),
        hedge_pairs={"more": "over", "less": "under"},
        hedge_links=words("than"),
        definite=words("the"),
        range_words=words("to and or"),
        no_context=words("which who when after before other others more most"),
        numbered=words("article number top"),
        decimal_marks=".",
        idioms={
            "zero": 0, "first": 1, "once": 1, "single": 1, "second": 2, "both": 2, "couple": 2, "pair": 2, "twice": 2,
            "double": 2, "half": 30, "triple": 3, "dozen": 12, "dozens": 12, "teens": 10, "twenties": 20,
            "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80,
            "nineties": 90, "noon": 12, "midnight": 12, "hundred": 100, "hundreds": 100,
        },
    ),
    dates=DateTable(
        months=(
            "January|jan", "February|feb", "March|mar", "April|apr", "May", "June|jun", "July|jul", "August|aug",
            "September|sept|sep", "October|oct", "November|nov", "December|dec",
        ),
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        unsure_months=words("may march mar sep sept dec jan jun oct"),
        capital=True,
        month_first=True,
        day_words=words("the on"),
        month_links=words("of"),
        year_links=words("of"),
        relative={"yesterday": -1, "tomorrow": 1},
        hour_words=words("at"),
    ),
    names=NameTable(
        common=words(
            "the a an in on at he she it they we i this that these those but and or for from with as after when if "
            "there his her their its by to of while during according however also meanwhile some many all both not no "
            "yes my our your"
        ),
    ),
    polarity=PolarityTable(
        negations=words(
            "not no never without nobody none neither nor cannot don didn doesn isn aren wasn weren won couldn "
            "wouldn shouldn hasn haven hadn ain unable fail failed fails refused refuses"
        ),
        no_negations=frozenset({
            "not only", "no longer", "no doubt", "not just", "no matter", "no 1",
        }),
        agents=words("by"),
        small=words(
            "he she they we you i him her them his their our your who whom which what when where while if or but "
            "so in will would could should can may might must been being be had do does did said says say also "
            "more most some about after before into over than then there these those us not no up out all one re "
            "ve ll s t"
        ),
        opposites=opposites(
            "rise. rises. rose. risen. rising. increas grew. grow. grows. growth. grown. climb soar surg jump. "
            "jumped. higher. up./fall. falls. fell. fallen. falling. decreas drop. dropped. drops. declin plung "
            "slump lower. down. shrank. reduc;win. wins. won. winning. victor winner beat. beats. beaten. "
            "defeat/lose. loses. lost. losing. loss. loser;convict guilty. condemn jailed. sentenc/acquit "
            "innocent. cleared. exonerat;arrest detain/releas freed. free.;approv accept pass. passed. backed. "
            "welcom/reject refus veto turned_down;confirm admit acknowledg/den. deny. denied. denies. denying. "
            "dismiss;alive. surviv/dead. died. killed. die. dies.;open. opens. opened. opening./close. closes. "
            "closed. closing. shut.;support. supports. supported. favour favor back. backs./oppos against. "
            "criticis criticiz;allow permit authoris authoriz/ban. bans. banned. forbid prohibit;buy. buys. "
            "bought. buying. purchas acquir/sell. sells. sold. selling.;hire. hired. hires. appoint recruit/fire. "
            "fired. sack dismissed. laid_off;begin. begins. began. start. started. starts. launch/end. ends. "
            "ended. finish stop. stopped.;better. best. improv/worse. worst. worsen deteriorat;maximum. "
            "most./minimum. least.;profit gain/loss. losses.;north. northern./south. southern.;east. "
            "eastern./west. western.;first./last. final.;enter. enters. entered. join. joined. joins./leave. "
            "leaves. left. quit. quits.;succeed succes/fail. fails. failed. failure.;more./less. "
            "fewer.;before./after.;strengthen/weaken;posit/negat;legal. lawful./illegal. unlawful.;likely. "
            "possible./unlikely. impossible.;above./below.;man. men. male./woman. women. female.;son. sons. "
            "brother father/daughter sister mother;early. earlier./late. later.;largest. biggest. large. "
            "big./smallest. small.;old. older./young. younger."
        ),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
            "but and however also this these that those it he she they him her his its their then so thus therefore "
            "moreover meanwhile besides yet or nor such others another here there instead still in^addition we i you "
            "our"
        ),
        pointer=r"(?:\w+ ){1,2}(?:this|that|these|those|such)\b(?! (?:morning|evening|year|week|month))",
        sequence=(
            r"\b(?:years?|months?|weeks?|days?|hours?|minutes?|decades?|moments?) (?:later|earlier|afterwards?)\b|"
            r"\bthe (?:next|following|previous|same) (?:day|week|month|year|morning|night|evening|afternoon)\b|"
            r"\b(?:shortly|soon) (?:after|before)\b(?! (?:the|an?|he|she|it|they|his|her|their|that|midnight|noon|"
            r"\d|(?-i:[A-Z])))|"
            r"\b(?:at the (?:same )?time\b(?! of)|since then|by then|afterwards)\b"
        ),
        verb=(
            r"\b(?:is|are|was|were|be|been|has|have|had|do|does|did|will|would|can|could|may|might|must|shall|"
            r"should|says?|"
            r"said|told|took|made|came|went|gave|got|left|began|became|won|lost|saw|knew|found|held|kept|led|met|"
            r"paid|put|ran|"
            r"sent|set|sold|spent|stood|thought|wrote|rose|fell|grew|hit|cut|beat|broke|built|bought|brought|caught|"
            r"chose|drew|"
            r"drove|fought|flew|struck|spoke|threw|wore|shot|sought|taught|felt|heard|meant|lies|remains?|seems?|"
            r"appears?|"
            r"needs?|wants?|makes?|takes?|gives?|shows?|goes|comes?|means?|includes?|calls|leads|faces|plays|wins|"
            r"lives|works|"
            r"looks|expects?|believes?|hopes?|warns?|claims?|argues?|adds|suggests?|follows?|continues?|becomes?|"
            r"brings?|runs|"
            r"holds?|stands?|offers?|helps?|starts?|begins?|allows?|requires?|\w+n['’]t)\b|\b(?-i:[a-z]{2,}ed)\b|"
            r"\w['’](?:s|re|ve|ll|d) "
        ),
        relative_clause=r"\b(?:who|which|whose|where)\b[^,;:()–-]*",
        first_person=any_word("i my we our us me"),
        relative_days=r"today|yesterday|tomorrow|tonight|this (?:morning|afternoon|evening)",
        boilerplate=r"read more|read also|sign up|all rights reserved",
    ),
    fragments=FragmentTable(
        address=r"Mr\.?|Mrs\.?|Ms\.?|Miss|Mx\.?",
        mentioned=(
            r"\bthe (?:man|woman|men|women|victims?|boy|girl|child|children|couple|pair|two|three|suspects?|accused|"
            r"defendants?|driver|pilot|teenager|teen|\d+-year-old|family|company|firm|club|team|side|match|game|race|"
            r"incident|attack|crash|fire|blaze|accident|case|ruling|verdict|trial|bill|law|measure|plan|project|deal|"
            r"agreement|report|study|film|book|show|event|investigation|move|decision|minister|president|mayor|"
            r"spokesm[ae]n|spokeswoman|spokesperson|singer|actor|actress|director|author|official|officials|group)\b"
            r"(?! (?:of|in|for|from|on|with|who|which|that|between|(?-i:[A-Z])|at))|"
            r"\b(?:this|that|these|those|such|aforementioned|latter|former two)\b(?! (?:week|month|year|morning|"
            r"afternoon|evening|summer|winter|spring|autumn))|\b(?:another|the other|the others)\b"
        ),
        definite=r"\bthe ((?-i:[a-z]){4,})\b(?! (?:of|that|who|which|in|for|from|(?-i:[A-Z])))",
        linking=words(
            "also however meanwhile too further then still thus therefore instead moreover again"
        ),
        elsewhere=(
            r"\b(?:see (?:above|below|also)|as (?:mentioned|noted|described|stated) (?:above|earlier|before)|"
            r"(?:above|below)[- ]mentioned|the following|as follows|pictured|in the (?:photo|picture|video|image)|"
            r"(?:photo|video|image|picture|graph|chart|table) (?:above|below)|this (?:article|story|page|report)|"
            r"read more|click here|listen to|watch (?:the|our)|our (?:newsletter|podcast|reporter|correspondent))\b"
        ),
        credits=(
            r"\b(?:photo|photograph|image|picture|video|credit|source|getty|file|reporting|editing|writing)s?"
            r" ?(?:[:/|©]|by (?-i:[A-Z]))|©|\(?\b(?:AP|AFP|Reuters|ANSA)\)? ?[-–/]|https?:|www\.|@\w|#\w|"
            r"\b(?:subscribe|sign up|follow us|all rights reserved)\b"
        ),
        line_openers=words(
            "a an in on at by for with from after before when while as but and or if it he she they we this that these "
            "those there here is are was were has have had not no how why what who"
        ),
        genres={
            "interview": r"interview|q ?& ?a",
            "opinion": r"opinion|editorial|comment\b|column|letters|views",
            "sport": r"\bsport|football|soccer|tennis|cycling|basketball|rugby|cricket|olympic|racing",
            "business": r"business|econom|financ|market|money|companies|property|jobs",
            "science": r"scien|health|tech|environment|climate|space|medicine|internet",
            "culture": (
                r"cultur|arts?\b|books?\b|film|music|theatre|theater|television|\btv\b|entertain|travel|food|fashion"
            ),
        },
    ),
    prompts=PromptTable(
        date_form="{day} {month} {year}", title="Title", source="Source", content=("Content", "Text"), summary="Summary"
    ),
    replies=ReplyTable(
        answer_nouns=words(
            "summary summaries text version answer response article overview recap synopsis translation output "
            "paragraph synthesis"
        ),
        presenting=words(
            "here s is are below following the a an of in and for to with from as by on that you your i my me this "
            "these those single "
            "combined integrated unified neutral concise brief short comprehensive final complete requested provided "
            "given "
            "articles news sources texts reports italian english spanish french german portuguese vietnamese language "
            "asked "
            "without repetition ve ll have has written can will prepared based event one two three four be summarizes "
            "summarises "
            "summarizing summarising combines combining integrates merged all rewritten revised summarized summarised "
            "per request "
            "please find"
        ),
        interjections=words(
            "sure certainly of course absolutely ok okay yes great understood gladly definitely no problem got it "
            "happy to help thing"
        ),
        offer=(
            r"(?:i(?: can|['’]d be (?:happy|glad) to|['’]ll| will| would be (?:happy|glad) to"
            r"|['’]m (?:happy|glad) to| am (?:happy|glad) to) (?:certainly |definitely |gladly )?(?:help|assist|do)"
            r"(?: you)?(?: (?:out )?with)?(?: (?:that|this|your request|the summary))?)"
        ),
        handing_over=frozenset(
            {"here", "here it is", "here is it", "here you go", "here you are", "here goes", "there you go"}
        ),
        reasoning=frozenset({"reasoning", "thought", "thoughts", "thinking", "rationale"}),
        closing=(
            r"(?:i )?hope (?:this|that|it|you|the)\b.{0,60}?(?:help|useful|summar|meets|find|clear|what you)"
            r"|(?:please )?let me know\b|(?:please )?feel free to\b|(?:if|should) you(?:['’]d| would| have| need"
            r"| want| require)?\b.{0,80}?(?:question|need|help|"
            r"further|else|adjust|modif|chang|clarif|different|let me|assist|version|like me)"
            r"|(?:is there anything|do you (?:want|need)|would you like|can i help|shall i|"
            r"anything else)\b[^?]{0,60}?"
            r"(?:summar|version|help|assist|else|shorter|longer|adjust|text)[^?]{0,60}\?"
            r"|happy to (?:help|adjust|assist)"
        ),
        remark=(
            r"(?:note|n\.?b\.?|disclaimer|word count|words|length|sources?|key points)\b ?[:(].{0,60}?(?:summar"
            r"|this text|the articles|the sources|provided|words|\d+\W*\Z)"
            r"|(?:this|the above) (?:summary|text) (?:is|combines|integrates|captures|keeps|covers|includes|maintains"
            r"|avoids|contains|has been|was)\b"
            r"|i(?:['’]ve| have)? (?:summari[sz]ed|combined|tried|avoided|kept|integrated|merged|included|focused)\b"
        ),
        refusal=(
            r"(?:i(?:['’]m| am)|we(?:['’]re| are)) (?:very |really |so )?(?:sorry|afraid)\b[^.!?\n]{0,30}?\b(?:i"
            r"|we) (?:can(?:['’]?t|not)|am (?:not able|unable)|won['’]?t|do(?:n['’]t| not))"
            r" (?:\w+ )?(?:assist|help|provide|summari|generate|fulfil|complete|create|produce|process|access|answer"
            r"|comply|write|discuss|engage|do|continue|see|have|find|view|open|share)"
            r"|i(?:['’]m| am)? ?(?:can(?:['’]?t|not)|(?:not able|unable) to|won['’]?t be able to|must decline to"
            r"|have to decline|will not) (?:\w+ )?(?:assist|help (?:you|with)|provide (?:a|the|you|that|this|any)|"
            r"summari|generate|fulfil|complete (?:this|your|the) (?:request|task)|create|comply|access (?:the"
            r"|external|links|urls)|process (?:this|your)|engage|produce|write (?:a|the|that|this))"
            r"|as an? (?:ai\b|artificial intelligence|(?:large )?language model|assistant\b)|(?:my|our) (?:guidelines"
            r"|programming|content policy) "
            r"|(?:please |could you |can you |kindly )+(?:please )?(?:provide|paste|share|send"
            r"|upload) (?:me )?(?:with )?(?:the|your|an?) (?:article|text|content|source)"
            r"|(?:there (?:are|is)|i) (?:no|don['’]t see any|do not see any|see no|don['’]t have (?:any"
            r"|access to the)) (?:article|text|content)"
            r"|(?:it (?:seems|looks|appears)) (?:that |like )?(?:you (?:haven['’]t|have not|didn['’]t|forgot)"
            r"|there (?:is|are) no|no article|the article)"
        ),
        apology=(
            r"(?:(?:i(?:['’]m| am) )?(?:sorry|afraid)|(?:my |i )?apolog\w+"
            r"|unfortunately)\b[^.!?\n]{0,40}?\b(?:can(?:['’]?t|not)|unable|not able|won['’]?t)\b"
        ),
        attribution=r"(?:[\w .'’-]{1,40} )?said\b|(?:he|she|they) (?:added|wrote|explained|admitted|told)\b",
        injection=(
            r"(?:ignore|disregard) the (?:text|article|content|document) (?:above|below|before)|"
            r"(?:ignore|disregard|forget|override|bypass|do not follow|don['’]t follow"
            r"|neglect) (?:\w+ ){0,3}?(?:instructions?|prompts?|directions|commands|rules|guidelines"
            r"|context)(?: (?:\w+ ){0,3}?(?:above|before|previous(?:ly)?|prior|earlier|you|so far|given)\b"
            r"|(?<=previous instructions)|(?<=prior instructions)|(?<=above instructions)|(?<=earlier instructions)"
            r"|(?<=previous instruction)|(?<=previous prompts)|(?<=system prompt))"
            r"|(?:ignore|disregard|forget) (?:everything|all|anything|what)(?: (?:of )?(?:the|that|was|is|you"
            r"|i))* ?(?:above|before|previous|prior|were told|have been told|said so far)"
            r"|(?:note|message|instruction|instructions|attention|notice|request|important|hint|warning) (?:to"
            r"|for) (?:any |all |the |every |other )*(?:ai\b|a\.i\.|llms?\b|(?:large )?language models?|chatbots?"
            r"|(?:ai |virtual |automated )?assistants?\b|(?:automated )?summari[sz]ers?|gpt|chatgpt|claude|gemini"
            r"|ai (?:systems?|models?|agents?|assistants?|crawlers?))"
            r"|(?:if|since|when) you(?: are|['’]re) (?:an? |the )?(?:ai\b|llm|(?:large )?language model"
            r"|artificial intelligence|chatbot|ai (?:model|assistant|system|agent))"
            r"|(?:dear|hey|hello|attention,?) (?:ai\b|llm|language model|assistant|chatgpt|gpt|claude|gemini|model)\b"
            r"|(?:you are|you['’]re) (?:now|no longer) (?:an? |in )?(?:\w+ )?(?:ai\b|assistant|dan\b|model|bot"
            r"|developer mode|language|unrestricted|jailbroken|bound|free from|pirate)"
            r"|(?:from now on|henceforth),? (?:you (?:are|will|must|shall|act|respond|speak|only)|respond|answer"
            r"|act as|reply|speak|write)"
            r"|(?:new|updated|real|actual|additional|hidden|secret) (?:system )?(?:instructions?|prompt)\s*:"
            r"|system prompt\s*:|\[?(?:system|assistant|developer)\]? ?(?:message|override)\s*:"
            r"|(?:reveal|print|repeat|show|output|leak|disclose) (?:me )?(?:your|the) (?:(?:full|entire|hidden|secret"
            r"|initial|original) )*(?:system )?(?:prompt|instructions)\b"
            r"|(?:when|while|in) (?:you )?(?:summari[sz]ing|summari[sz]e|translating|translate|processing"
            r"|process) (?:this|the present) (?:text|article|document|page|content)"
            r"|(?:(?:always |only |just |instead |simply )+(?:respond|reply|answer|output|write|say|print)|(?:respond"
            r"|reply|answer|output|print) (?:only |just |instead |solely |exclusively )+)(?:with|in|that|the"
            r"|by)?\b ?(?:the (?:word|phrase|following|text|sentence)|[\"'“«]|with\b)"
            r"|(?:include|insert|add|append|mention|put) (?:\w+ ){0,5}?in(?:to)? (?:your|the) (?:summary|answer"
            r"|response|reply|output)\b"
            r"|rate (?:this|the) (?:\w+ )?(?:response|answer|text|summary|article) (?:as |with |a )*(?:5|five|10|ten"
            r"|100|the highest|perfect|excellent)"
        ),
    ),
)  # fmt: skip
