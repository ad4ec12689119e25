"""English."""

from __future__ import annotations

from synth.language.table import words
from synth.reverse.refusals.table import InstructionTable

_TEXT = (
    r"(?:texts?|passages?|articles?|paragraphs?|excerpts?|extracts?|documents?|stor(?:y|ies)|report|news (?:item|"
    r"story|article|report)|snippet|fragment|content|letter|table|list|recipe|interview|"
    r"conversation|dialogue|sentences?|information|data|statements?|tips|points|events|facts|headline|speech|chart|"
    r"image|context|poem|quote|piece|press release)"
)
_PARTICIPLE = (
    r"(?:above|below|provided|given|attached|quoted|cited|mentioned(?: above| below)?|listed(?: above| below)|shown|"
    r"presented|supplied|pasted|in question|that follows?|which follows?)(?! (?:by|to|in|at|on|from|for|during)\b)"
)
_NAMED = r"(?! (?:of|from|by|about|\d|against|between|written|published|number))"
_READING = (
    r"(?:summari[sz]e|read|analy[sz]e|translate|paraphrase|rewrite|correct|edit|shorten|simplify|continue|proofread|"
    r"review|complete|evaluate|comment on|refer to|use|consider)"
)
_POINTERS = (
    # whatever its noun is: "the given definition"; not "the following day"
    r"\b(?:the|this|these|those|two|three) (?:following|given|provided|attached|aforementioned|above) (?!days?\b|"
    r"weeks?\b|"
    r"months?\b|years?\b|morning|season|night|evening|average|ground|all|sea|poverty|par)[a-z]"
    r"|\b(?:described|provided|listed|given|shown|stated|mentioned|outlined) (?:below|above)\b|"
    rf"\b(?:following|previous|preceding|aforementioned|above|given|provided|attached) (?:\w+ )?{_TEXT}\b"
    rf"|\b{_TEXT} {_PARTICIPLE}"
    rf"|\bth(?:is|ese) (?:\w+ )?{_TEXT}\b"
    r"|\b(?:as (?:above|below|follows)|mentioned above|listed above|described above|the above|the following(?= "
    r"*[:.?]|$))"
    rf"|\b(?:in|from|of|to|on|within|throughout|does|did) the (?:text|passage|paragraph|excerpt|extract|snippet|"
    rf"article|document|news article|news story|fragment)\b{_NAMED}"
    rf"|\b(?:according to|based on|based upon) the (?:text|passage|article|paragraph|excerpt|document|report|story|"
    rf"information|news)\b{_NAMED}"
    rf"|\b{_READING} the (?:text|passage|article|paragraph|excerpt|document|letter|story|news|table|sentence|"
    rf"interview|report|content)\b{_NAMED}"
    r"|\bthe (?:text|passage|article|excerpt|paragraph) (?:says|describes|mentions|discusses|states|reports|"
    r"explains|tells|refers)\b"
    r"|\b(?:the|its) (?:author|writer|narrator|speaker)(?:['’]s)?\b(?! of\b)"
)

TABLE = InstructionTable(
    making=(
        r"(?:please |now |then |can you |could you |i want you to |you are to )*(?:writ(?:e|ing)|compose|draft|"
        r"creat(?:e|ing)|generate|produce|prepare|invent|make(?: up)?|craft|design|develop|give(?: me)?|provide|"
        r"come up with|pen|tell(?: me)?|formulate|devise|imagine|suggest|present|build|outline)(?: me| us)?"
    ),
    asking=(
        r"(?:please|explain|describe|summari[sz]e|discuss|analy[sz]e|list|tell|report|outline|compare|identify|name|"
        r"state|detail|illustrate|narrate|recount|introduce|review|evaluate|comment|"
        r"argue|define|find|answer|read|rewrite|translate|correct|complete|use|consider|imagine|act as|you are|"
        r"inform|announce|present|cover|trace|examine|explore|interview|highlight|share|give|"
        r"provide|suggest|predict|classify|calculate|paraphrase|simplify|edit|make|write|draft|create|compose|"
        r"generate|produce|prepare|develop|craft|convince|persuade|debate|reflect|show|pretend|assume|suppose|"
        r"elaborate|mention|clarify|break down|walk me through|help|let me know|update|teach|respond|reply|put "
        r"together|celebrate|mark|construct|categori[sz]e|change|add|select|convert|assign|output|reword|insert|"
        r"arrange|combine|think|determine|replace|sort|transcribe|re-write|enumerate|divide|order|express|perform|"
        r"compile|propose|diagnose|reorgani[sz]e|begin|start|recommend|distinguish|learn|adapt|grade|brainstorm|"
        r"guess|compute|put|annotate|pick|flag|choose|match|rank|label|fill|extract|count|parse|transform|modify|"
        r"improve|evaluate|check|verify|test|visuali[sz]e|plan|organi[sz]e|rephrase|point out|look|search|contrast|"
        r"assess|study|investigate|infer|derive|solve|estimate|interpret|critique|justify|support|elucidate|"
        r"characteri[sz]e|decide|focus|follow|include|keep|set|speculate|offer|sum up|shorten|expand|continue|"
        r"finish|invent|portray|depict|chronicle|relate|craft)"
    ),
    between=(
        r"(?:an?|the|some|any|\d+|two|three|four|five|six|ten|several|a few|few|short|brief|long|funny|simple|"
        r"formal|informal|detailed|original|rhyming|new|moving|beautiful|humorous|imaginary|fictional|"
        r"step-by-step|me|us|my|your|piece of|set of|page of|lines? of|series of|small|little|catchy|complete|"
        r"working|typical|traditional|bulleted|numbered|free verse|first-person|personal)"
    ),
    questions=(
        r"\?|^(?:who|what|when|where|why|how|which|whose|is|are|was|were|did|does|do|has|have|will|can|should|in "
        r"what|for what|to what|at what)\b|\b(?:can you|could you|would you|i need|i want|i would like|i['’]d like|"
        r"you should|you must|your task|please)\b"
    ),
    asks_money=(
        r"how much (?:does|do|did|will|is|was|are|were) .{0,40}(?:cost|pay|paid|price|worth)|what (?:is|was|are|"
        r"were) the (?:price|cost|fee)s?|how expensive|how much money"
    ),
    asks_time=r"\bwhen\b|(?:what|which) (?:date|day|year|month|time)\b|at what time",
    asks_number=r"\bhow many\b",
    genres={
        "poem": (
            r"poems?|sonnets?|haikus?|limericks?|ballads?|odes?|verses?|rhymes?|acrostics?|elegy|stanzas?|couplets?|"
            r"nursery rhymes?"
        ),
        "song": r"songs?|lyrics|rap|hymn|jingle|lullaby|chorus",
        "recipe": r"recipes?",
        "code": (
            r"code|scripts?(?= (?:in|that|to|for)\b)|(?:python|java|javascript|sql|c\+\+|bash|shell) (?:code|script|"
            r"program|function|snippet|class|query)|functions?|programs? (?:in|that)|quer(?:y|ies)|algorithms?|"
            r"regex|regular expressions?|macro"
        ),
        "markup": r"json|xml|html|csv|yaml|sql|markdown|web ?page",
        "table": r"tables?|spreadsheet|grid",
        "letter": r"letters?|postcards?|(?:cover|formal|personal) letters?",
        "email": r"e-?mails?|text messages?|sms|whatsapp messages?",
        "interview": r"interviews?|questions? and answers?|q&a|q & a",
        "dialogue": (
            r"dialogues?|conversations?|scenes?|screenplays?|plays?|scripts?|skits?|sketch(?:es)?|monologues?|"
            r"chats?|movie scripts?"
        ),
        "bullets": r"(?:bullet(?:ed)?|numbered)[- ](?:point )?lists?|bullet points?",
        "list": r"lists?|checklists?|to-do lists?",
        "timeline": r"timelines?|chronolog(?:y|ies)",
        "questions": (
            r"quiz(?:zes)?|questionnaires?|(?:multiple[- ]choice |comprehension )?questions?(?! and answers?)|"
            r"tests?|riddles?|crosswords?"
        ),
        "fiction": (
            r"(?:short|fictional|bedtime|ghost|love|science[- ]fiction|horror|children['’]s) stor(?:y|ies)|fairy "
            r"?tales?|fables?|tales?|novels?|legends?|jokes?|puns?|parables?|fan ?fiction|myths?"
        ),
        "howto": (
            r"(?:step-by-step )?instructions|tutorial|how-?to(?: guide)?|manual|itinerary|"
            r"(?:practical|travel|step-by-step) guide"
        ),
        "diary": r"(?:diary|journal) (?:entry|entries|page)|diary|journal",
        "speech": r"speech(?:es)?|toasts?|sermons?|orations?|eulog(?:y|ies)",
        "headline": r"headlines?|titles?|slogans?|taglines?|catchphrases?",
        "tweet": r"tweets?|hashtags?|posts? (?:for|on) (?:x|twitter)",
        "advert": r"advertisements?|adverts?|ads?|commercials?|product descriptions?",
        "cv": r"resumes?|cvs?|curriculum vitae|contracts?|invoices?|horoscopes?|wills?|menus?",
    },
    form_of=(
        r"in the (?:form|style|format|shape) of|in (?:a|the) (?:form|format)|as if it were|formatted as|structured "
        r"as|in the guise of"
    ),
    phrases={
        "poem": r"\bin (?:verse|rhyme|rhyming couplets|iambic pentameter)\b",
        "bullets": r"\b(?:in|using|as|with) (?:\w+ )?bullet points\b",
        "markup": r"\bin (?:json|xml|html|csv|yaml|markdown)\b",
        "translation": (
            r"^(?:please )?translate\b|\b(?:in|into) (?:french|german|italian|spanish|chinese|vietnamese|latin|"
            r"japanese)\s*[.!]?$"
        ),
        "list": r"^(?:please )?(?:list|enumerate)\b",
        "math": r"^(?:calculate|compute|solve|prove that|simplify the (?:expression|equation))\b",
    },
    measures={
        "word": r"words?",
        "sentence": r"sentences?",
        "paragraph": r"paragraphs?",
        "line": r"lines",
        "character": r"characters",
        "item": (
            r"(?:\w+ )?(?:tips|reasons|ways|points|examples|ideas|aspects|things|steps|questions|items|rules|facts|"
            r"consequences|habits|lessons|causes)"
        ),
    },
    titled=r"\b(?:titled|entitled|with the (?:title|headline)|headlined|title|headline|called|named)\b",
    reader=(
        r"(?:to|for) (?:an? |your )?(?:\w+ )?(?:child|kid|student|reader|audience|pupil)s?(?: of| aged)? "
        r"(?:NUMBER)(?: years?)?|(?:NUMBER)[- ]years?[- ]olds?"
    ),
    numbers={
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
    },
    pointers=_POINTERS,
    demonstrative=r"\b(?:this|these|those|such) (\w+)",
    demonstrative_times=(
        r"years?|weeks?|months?|days?|mornings?|evenings?|nights?|summer|winter|spring|autumn|fall|seasons?|an?|"
        r"that|is|was|are|way|ways|kind|sort|style|format|case|point|time|as|prompt|request|task|question|"
        r"instructions?|afternoon|weekend|century|decade|topic"
    ),
    preamble=(
        r"^(?:sure|certainly|of course|absolutely|okay|ok|great|yes)\b\s*[,.!:]|^here(?:['’]s| is| are)\b|"
        r"^(?:instruction|question|prompt|answer|request|task|output|response)\s*:|^(?:the|a possible|an "
        r"appropriate) (?:instruction|prompt|request|question) (?:is|could|would|might)\b|^(?:below|the following) "
        r"is\b"
    ),
    salutation=(
        r"\b(?:dear|sincerely|yours (?:truly|faithfully)|best regards|kind regards|to whom it may concern|hi|"
        r"hello)\b"
    ),
    cooking=(
        r"\b(?:ingredients|preheat|tablespoons?|teaspoons?|tbsp|tsp|simmer|saut[ée]|bake|boil|chopped|oven|whisk|"
        r"stir|flour|butter)\b"
    ),
    once_upon=r"once upon a time|long ago|happily ever after",
    addressed=(
        r"\b(?:ladies and gentlemen|dear (?:friends|colleagues|guests)|fellow|my friends|thank you|good (?:morning|"
        r"evening|afternoon))\b"
    ),
    home=words("english european"),
    common=words(
        "article news story brief short piece text newspaper journalist journalistic report reader readers citizens "
        "words sentences sentence "
        "explain tell write describe summarize summarise illustrate child children years old style tone way simple "
        "clear what which who how when why where many much "
        "reasons cause causes consequences effects details main situation fact facts event events case information "
        "data professional press release happened "
        "happens about after before be is are was were been the of a an and or to in on for with by from that it "
        "its their his her they did does do has have "
        "recent new current key important impact implications overview provide discuss your you i me please make "
        "create audience general public"
    ),
)
