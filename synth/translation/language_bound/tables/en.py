"""English."""

from __future__ import annotations

from synth.translation.language_bound.table import BoundTable, ConstraintTable

TABLE = BoundTable(
    code="en",
    languages={
        "english": "en", "french": "fr", "spanish": "es", "german": "de", "italian": "it", "vietnamese": "vi",
        "portuguese": "pt", "dutch": "nl", "russian": "ru", "chinese": "zh", "mandarin": "zh", "japanese": "ja",
        "korean": "ko", "arabic": "ar", "hindi": "hi", "latin": "la", "greek": "el", "turkish": "tr", "polish": "pl",
        "swedish": "sv", "norwegian": "no", "danish": "da", "finnish": "fi", "czech": "cs", "hungarian": "hu",
        "romanian": "ro", "ukrainian": "uk", "bulgarian": "bg", "hebrew": "he", "thai": "th", "indonesian": "id",
        "malay": "ms", "tagalog": "tl", "filipino": "tl", "swahili": "sw", "persian": "fa", "farsi": "fa",
        "urdu": "ur", "bengali": "bn", "punjabi": "pa", "gujarati": "gu", "marathi": "mr", "tamil": "ta",
        "telugu": "te", "kannada": "kn", "malayalam": "ml", "nepali": "ne", "catalan": "ca", "irish": "ga",
        "welsh": "cy", "esperanto": "eo", "icelandic": "is", "croatian": "hr", "serbian": "sr", "slovak": "sk",
        "cantonese": "zh", "sanskrit": "sa", "afrikaans": "af", "zulu": "zu", "yoruba": "yo",
    },
    numbers={
        "a": 1, "an": 1, "one": 1, "once": 1, "single": 1, "two": 2, "twice": 2, "a couple of": 2, "three": 3,
        "thrice": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
        "twelve": 12, "fifteen": 15, "twenty": 20, "fifty": 50, "hundred": 100, "a hundred": 100,
    },
    shorthands={
        "sentence": r"""
            (?:sentences?|texts?|paragraphs?|passages?|phrases?|statements?|words?|following|essay|letter|email)
        """,
        "speech_part": r"""
            (?:(?:main |helping |auxiliary |modal |proper |common |abstract |collective )?(?:nouns?|verbs?|
            adjectives?|adverbs?|pronouns?|prepositions?|conjunctions?|interjections?|determiners?|participles?|
            gerunds?|infinitives?))
        """,
        "item": r"""
            (?:words?|nouns?|verbs?|adjectives?|adverbs?|names?|terms?|foods?|fruits?|animals?|countries|cities|
            [a-z]+s)
        """,
        "list": r"""
            (?:list|name|give(?: me)?|find|provide|generate|write(?: down)?|come up with|think of|suggest|tell me|
            create|identify|produce|make a list of|generate a list of|create a list of)
        """,
        "order": r"(?:arrange|sort|put|place|list|order|organi[sz]e|rearrange|alphabeti[sz]e)",
    },
    innocent=r"""
        (?:start\w*|begin\w*) with [\"'“‘]?(?:the letters )?P\.? ?(?:P\.? ?)?S\b|no other (?:words?|phrases?)\b|
        (?:wrap|put|place|enclose|surround)\w* (?:\w+ ){1,6}(?:in|with|inside|within) (?:double )?quot\w+(?: marks)?|
        nursery rhymes?|magic(?:al)? spells?|cast(?:ing|s)? (?:a |the )?spells?|words of (?:wisdom|encouragement)|
        spelling bees?|cover letters?|newsletters?|letters? (?:of|to)|in other words|word (?:document|processor)s?|
        grammar schools?|machine translation|natural language|the opposite (?:direction|side|sex)|
        sentence (?:tokenization|embeddings?)|sign language|body language
    """,
    programs=r"""
        \b(?:write|create|generate|build|develop|design|implement|construct|compose|make|edit|convert|debug|explain|
        provide|give|program|describe|propose|devise|add|produce|come up with)\b(?: [\w\-+#]+){0,5}? (?:program|
        function|algorithm|script|code|regex|regular expression|query|class|snippet|pseudocode|software|database|app|
        application|web ?site|game|system|chatbot|model|lesson plan|worksheet|method)s?\b|\b(?:following|this|
        given) code\b|\berror messages?\b|\b(?:sql|python|java|
        javascript|c\+\+|php|html|css)\b
    """,
    kinds={
        "rhyme": r"""
            \brhym(?:e|es|ed|ing)\b|\bcouplets?\b|\bjingle\b
        """,
        "anagram": r"""
            \banagrams?\b|\bunscrambl\w+|\bscrambled\b|\bjumbled\b
            \brearrang\w+ (?:\w+ ){0,3}(?:letters|characters)\b
        """,
        "palindrome": r"\bpalindrom\w+",
        "pun": r"""
            \bpuns?\b|\bplay on words\b|\bword ?play\b|\bknock[- ]knock\b
            \bspoonerisms?\b|\btongue[- ]twisters?\b|\bmetagrams?\b|\bportmanteaus?\b|\bpalindromic\b
            \bnew words?\b.{0,20}\bcombin\w+|\bcombin\w+ (?:the |these )?(?:two )?words\b|\bmade-?up words?\b|
            \bcoin\w* an? (?:new )?(?:word|term)\b|\bbrand new word\b
        """,
        "alliteration": r"""
            \balliterat\w+|\bassonance\b|\bconsonance\b|\bonomatopoei\w+
        """,
        "acrostic": r"""
            \bacrostics?\b|\bmnemonics?\b|\bbackronyms?\b
        """,
        "acronym": r"""
            \b(?:create|make|form|generate|come up with|devise|invent|construct|write|suggest|what is|find|provide|
            give|design|think of)\b.{0,40}\b(?:acronyms?|abbreviations?|initialisms?)\b
            \babbreviat(?:e|ing)\b|\b(?:acronyms?|abbreviations?) (?:for|of|from)\b
        """,
        "poem_form": r"""
            \b(?:limericks?|sonnets?|haikus?|villanelles?|tankas?|cinquains?|sestinas?)\b
            \biambic\b|\bpentameter\b|\bmeter and rhyme\b
        """,
        "syllables": r"""
            \bsyllab\w+|\bsyllabic\b
        """,
        "pronunciation": r"""
            \bphonetic\w*|\bpronounc\w+|\bpronunciations?\b|\bhomophones?\b|\bhomonyms?\b|\bhomographs?\b
            \bIPA (?:transcription|symbols?)\b|\bsilent letters?\b
            \bminimal pairs?\b|\bvowel sounds?\b|\bsounds? like\b.{0,20}%quoted%
        """,
        "spelling": r"""
            \bmis-?spell\w*|\bspelling\b|\bspelled\b|\bspell[- ]check\w*
            \b(?:how (?:do|would|can) (?:you|i|we)|correctly|please|to) spell\b
            ^spell\b|\bspell (?:out )?%quoted%|\btypos?\b|\btypographical\b
        """,
        "grammar_correction": r"""
            \bgrammar\b|\bgrammatical(?:ly)?\b|\bungrammatical\b|\bproof-?read\w*
            \b(?:correct|fix|repair)\b (?:\w+ ){0,4}%sentence%\b|\bcorrect (?:the )?(?:form|version|use|usage)\b
            \b(?:errors?|mistakes?)\b.{0,30}\b%sentence%\b|\b%sentence%\b.{0,40}\b(?:error|mistake)s?\b
            \b(?:sentence fragments?|run-on|comma splices?|dangling modifiers?|subject[- ]verb agreement)\b
            \b(?:edit|rewrite|revise) (?:\w+ ){0,4}%sentence%\b.{0,40}\bcorrect(?:ly|ed|ness)?\b
            \b(?:correct|proper|appropriate|right|missing) (?:\w+ )?(?:article|preposition|pronoun|verb|tense|
            conjunction|conjugation|form of)\b
            \bidentify (?:and correct )?(?:the )?(?:error|mistake)s?\b|\bdouble negatives?\b
            \b(?:incorrect|wrong|misused|misplaced|erroneous|extra) (?:\w+ )?words?\b
            \b(?:definite|indefinite) articles?\b|\barticles? (?:[\"“'‘](?:a|an|the)[\"”'’]|(?:a|an|the) (?:and|or) )
            \b(?:correct|proper|appropriate|right|missing) (?:articles|prepositions|pronouns|verbs|tenses|
            conjunctions)\b
            \bdo not make sense grammatically\b|\bmake (?:it|the sentence) correct\b
            \b(?:identify|find|spot|correct|fix|remove|detect|eliminate) (?:and \w+ )?(?:any |all |
            the )*(?:\w+ ){0,3}(?:errors?|mistakes?)\b
            \b(?:usage|syntax|agreement) (?:error|mistake)s?\b
            \b(?:make|sound)\b.{0,30}\bcorrectly\b|\bcorrect usage\b
        """,
        "punctuation": r"""
            \bpunctuat\w+
            \b(?:add|insert|put|place|remove|correct|missing|proper|where|use of) (?:\w+ ){0,4}(?:commas?|
            apostrophes?|semi-?colons?|colons?|quotation marks|hyphens?|periods?|full stops?)\b
            \b(?:capitali[sz]e|capitali[sz]ation|capitali[sz]ing)\b
        """,
        "part_of_speech": r"""
            \bparts? of speech\b|\bword class(?:es)?\b|\bpos tag\w*|\bparse trees?\b|\bdependency (?:tree|pars)\w*
            \bsyntactic\w*|\bsubject and (?:the )?(?:verb|predicate|object)\b
            \b(?:identify|find|extract|underline|highlight|circle|label|tag|count|number of|determine|locate|
            point out|select|pick(?: out)?|sort|categori[sz]e|classify|detect|replac\w+|chang\w+|convert|substitut\w+|
            what is|what are|which|tell me|name|spot|list (?:all|the)|how many|delete|remove|types? of|kind of|
            use the|uses of|as an?|is an?|into an?|into) (?:\w+[ ,]+){0,4}?%speech_part%\b(?! (?:to|that|
            which) (?:best )?(?:describ|characteri|capture|express))
            \b(?:independent|dependent|subordinate|relative|main|adverbial|noun) clauses?\b|\binto clauses\b
            \b(?:direct|indirect) objects?\b|\bpredicates?\b
            \b(?:rewrit\w+|us(?:e|ing)|add(?:ing)?|insert\w*|omit\w*|without|remov\w+|eliminat\w+|provided|given|
            appropriate|suitable|correct) (?:\w+[ ,]+){0,3}?%speech_part%\b(?! (?:to|that|which) (?:best )?(?:describ|
            characteri|capture|express))
            \b(?:subject|predicate|noun phrase|verb phrase|prepositional phrase)s? (?:of|in|and) (?:the|this|each|
            predicate)\b|\bgrammatical (?:categor|function|role|structure)\w+
        """,
        "grammar_form": r"""
            \b(?:past|present|future|perfect|continuous|progressive|verb) (?:\w+ )?(?:tenses?|participle)\b
            \btenses?\b
            \b(?:passive|active)(?:ly)?(?: |-)?(?:voice|form|sentence|construction|to passive|to active)\b
            \b(?:from|to|into|in|the|using) (?:the )?(?:passive|active)\b(?! (?:income|voice actor|user|member|role|
            lifestyle|ingredient|listening|learning|volcano|investing|smok)\w*)
            \bplurals?\b|\bplural form\b|\bsingular\b(?! (?:value|matrix))|\bcomparative (?:form|adjective)\b
            \bsuperlatives?\b|\bcontractions?\b(?! of (?:the |a )?\w+ ?(?:muscle|heart|econom))
            \b(?:indirect|direct|reported) speech\b|\binterrogative\b|\bimperative\b(?! (?:programming|language))
            \bconjugat\w+|\bsubjunctive\b|\b(?:male|female|masculine|feminine) (?:version|form)\b
            \b(?:first|second|third)[- ]person\b.{0,20}\b(?:to|into)\b|\bgender[- ]neutral\b|\binflect\w+
            \b(?:rewrit\w+|chang\w+|convert|transform|put|turn|mak\w+)\b.{0,40}\b(?:first|second|third)[- ]person\b
            \bvoice of (?:the|this|each) sentences?\b|\bthird[- ]person singular\b
            \b(?:mood|possessive|gerund) (?:form|case|of)\b|\bpossessives?\b
        """,
        "language_identification": r"""
            \b(?:what|which) languages? (?:is|are|does|was)\b.{0,50}\b(?:written|sentence|text|phrase|this|word|
            following)\b
            \b(?:identify|detect|determine|recogni[sz]e|guess|name) (?:the|which|what|its) (?:\w+ )?language\b
            \b(?:tag|label|classify|categori[sz]e|state|tell me|find)\b.{0,20}\blanguages? of\b|\bin (?:which|
            what) language\b
        """,
        "etymology": r"""
            \betymolog\w+
            \b(?:origins?|history|root) of (?:the )?(?:english )?(?:words?|phrase|term|expression|saying|name)\b
            \broot words?\b|\bword roots?\b|\bloan ?words?\b|\b(?:prefix|suffix)(?:es)?\b|\bcompound words?\b
            \bcognates?\b|\bderived from the\b.{0,20}\b(?:latin|greek|french) word\b
            \b(?:british|american|old|middle|australian|shakespearean) english\b|\bpig latin\b
        """,
        "alphabetical_order": r"""
            \balphabeti[sz]e\b|\balphabetical(?:ly)?\b|\blexicographical(?:ly)?\b|\bdictionary order\b|\balphabet\b
        """,
        "ends_in": r"""
            \b(?:words?|nouns?|verbs?|adjectives?|adverbs?|names?|that|which) (?:that |which )?(?:all )?(?:end|ends|
            ending|finish|finishing) (?:in|with) (?:the )?(?:letters?|suffix|sound|same|%affix%)
            \bending (?:in|with) (?:the )?(?:letters?\b|suffix|%affix%)|\bend(?:s|ing)? with the letter\b
        """,
        "starts_with": r"""
            \b(?:start|begin|starting|beginning|starts|begins)(?:s|ning)? (?:with|
            by) (?:the )?(?:same )?(?:letters?\b|prefix|sound\b|vowel|consonant|[\"“'‘]?(?-i:[A-Z])[\"”'’]?(?![\w'’]))
            \b%item% (?:that |which )?(?:all )?(?:start|begin)(?:s|ning|ing)? with %affix%
            \b(?:start|begin)(?:s|ning|ing)? with an? [\"“'‘](?-i:[A-Z])[\"”'’]
        """,
        "letters": r"""
            \b(?:contain\w*|includ\w*|without|us(?:e|es|ing)|has|have|with|having|lacks?|avoid\w*|every|only|than|
            missing|of|count|frequency) (?:\w+ ){0,4}(?:the )?letters? (?:of the alphabet|%quoted%|‘?[a-z]’?(?![\w'’]))
            \bletters? (?:in|of) (?:the )?(?:word|name|sentence|string|alphabet|phrase|following|given|this)\b
            \bhow many (?:\w+ )?(?:letters|vowels|consonants|characters)\b|\bvowels?\b|\bconsonants?\b
            \b(?:first|second|third|fourth|fifth|last|middle|nth|\d+(?:st|nd|rd|th)) (?:letter|character|vowel)s?\b
            \b%number%[- ](?:to-%number%-)?letters?[- ](?:long )?(?:words?|names?|nouns?|verbs?)\b|\bletters? long\b
            \b\d+(?:-\d+)? letters\b|\b(?:number|count|total) of (?:letters|vowels|consonants|characters)\b
            \brevers\w+ (?:\w+ ){0,3}(?:word|string|letters|sentence|phrase|text|order of the (?:words|letters))\b
            \b(?:spell|say|write|rewrite|read)\w* (?:\w+ ){0,3}(?:%quoted% )?backwards?\b|\bflip it upside down\b
            \b(?:crosswords?|word ?searches|word ?search|hangman|scrabble|wordle|word ladders?|lipograms?|pangrams?|
            isograms?|heterograms?|letter bank|missing letters?)\b
            \bdouble letters?\b|\b(?:caesar|substitution) cipher\b|\bciphers?\b|\bmorse code\b|\brot13\b
            \b(?:hamming|levenshtein|edit) distance\b|\blongest (?:common )?(?:word|substring)\b|\bshortest word\b
            \bscrambl\w+|\bhidden (?:word|message)s?\b|\bletters?\b.{0,30}\b(?:of|in) (?:the |each )?words?\b|
            \bstring of letters\b
        """,
        "word_order": r"""
            \b(?:re-?arrang\w+|re-?order\w*|arrange|put|place|organi[sz]e|reorgani[sz]e|sort|order|sequence|
            unjumble)\b.{0,40}\b(?:words?|phrases?)\b.{0,60}\b(?:sentences?|order|statement|meaningful|coherent)\b
            \b(?:correct|right|proper) (?:sequence|order) of (?:the )?words?\b|\bwords? in the same order\b
            \bin the same order\b
            \b(?:arrang\w+|rearrang\w+|re-?order\w*|organi[sz]\w+|unscrambl\w+)\b.{0,40}\bwords\b
            \bwords? (?:in|into|to form|to make|to create) an? (?:\w+ )?(?:sentence|phrase|question)\b|
            \border of the (?:words|sentence)\b
        """,
        "word_position": r"""
            \b(?:first|second|third|fourth|fifth|sixth|last|middle|\d+(?:st|nd|rd|th)) word (?:of|in|from)\b
            \bhow many (?:\w+ )?words\b
            \b(?:count|number|total) (?:the )?(?:number )?(?:of )?(?:\w+ )?words (?:in|of)\b
            \bcount (?:\w+ ){0,3}words\b|\b(?:most|least) (?:frequent|common|used) (?:\w+ )?words?\b
            \bword counts?\b(?! of \d)|\bduplicate words?\b|\brepeated words?\b
            \b(?:most|least) (?:\w+ )?(?:used|common|frequent|occurring) (?:word|noun|verb|adjective|letter)s?\b|
            \boccurrences? of (?:the )?(?:word|letter|%quoted%)|\bcount the (?:number of )?(?:words|sentences|
            letters)\b
        """,
        "synonyms": r"""
            \bsynon\w*|\banton\w*|\bthesaurus\b
            \b(?:another|different|alternative|alternate|better|stronger|similar|other|opposite|equivalent|new|
            interchangeable|substitute|replacement|suitable|appropriate|precise|descriptive|powerful|inappropriate|
            unusual|advanced) (?:\w+ )?(?:words?|vocabulary)\b(?! count)
            \bopposites?(?: meaning)? (?:of|to|for) (?:the )?(?:word|term|adjective|%quoted%|following)
            \bopposite meaning\b
            \breplac\w+ (?:\w+ ){0,4}(?:words?|phrases?|terms?|%quoted%)(?: \w+){0,6} (?:with|by)\b
            \b(?:words?|terms?) (?:that|which) (?:means?|is similar|are similar|has the same|have the same)\b
            \bsimilar (?:in )?meaning\b|\bvocabulary\b|\benglish words?\b|\bword (?:bank|family|families)\b
            \bwords? (?:to|that) (?:describe|express)\b.{0,30}\b(?:color|colour)\b|\bhypernyms?\b|\bhyponyms?\b
            \bwords? in bold\b|\bunderlined words?\b|\b(?:given|following) word (?:in|into) a sentence\b
            \b(?:different|another|other|stronger|alternative|similar|better) (?:but \w+ )?(?:verb|noun|adjective|
            adverb|term|phrase)s?\b(?! (?:of|to) (?:the )?(?:company|payment))
            \bmeans? the same as\b|\bsame meaning as\b
            \bwords? (?:that )?(?:have|has|with|of) (?:a |the )?(?:similar|same|opposite|contrary|near)\b|
            \bmore (?:\w+ )?words?\b.{0,20}\breplac|\breplac\w+ (?:the )?(?:\w+ )?words?\b|\bodd word\b
        """,
        "idiom": r"""
            \bidiom\w*|\bproverbs?\b|\bslang\b|\bcolloquial\w*|\bphrasal verbs?\b|\bclich[eé]s?\b
            \b(?:meaning|sense|definition|interpretation) of (?:the )?(?:\w+ )?(?:phrase|saying|expression|quote|word|
            term)\b.{0,10}%quoted%
            \bwhat (?:does|do|is meant by) (?:the )?(?:\w+ )?(?:phrase|saying|expression|adage|word)\b
            \bthe (?:phrase|saying|expression) %quoted% mean
            \b(?:explain|interpret) (?:\w+ ){0,3}(?:phrase|saying|expression)\b|\bexplain what %quoted% means\b
            \bwhat does %quoted% mean\b|\beuphemisms?\b|\bbuzz ?words? mean\b
            \b(?:meaning|sense) of (?:the |this )?(?:following |given |english |common |latin )?(?:phrase|saying|
            expression|word|idiom)s?\b
            \bsayings?\b.{0,20}%quoted%|\bfigures? of speech\b.{0,30}\b(?:sentence|phrase|following)\b
        """,
        "word_usage": r"""
            \bdifferences? between (?:the )?(?:words? |terms? )?%quoted% (?:and|or|&|vs\.?) %quoted%
            \buses? of the (?:verb|word|phrase)\b|\bnew words\b|\bword (?:choice|usage)\b|\bused in a sentence\b
            \bdouble meaning\b|\bmultiple meanings\b|\bambiguous (?:words?|sentences?)\b
            \bwords? with (?:two|multiple|different|several|more than one) meanings?\b|\bpolysem\w+
        """,
    },
    translations=r"""
        \btranslat\w+\b.{0,400}?\b(?:in)?to (?:the )?(?:\w+ )?(?P<language>%language%)\b
        \btranslat\w+\b.{0,200}?\b(?:in|from english to) (?:the )?(?P<language>%language%)\b
        \bhow (?:do|would|can) (?:you|i|we|one) (?:say|write|express|spell)\b.{0,120}\bin (?P<language>%language%)\b
        \b(?:say|write|respond|answer|reply|compose|give|state|greet|spell|count|generate|create|make|construct|form|
        express)\b.{0,160}\bin (?P<language>%language%)(?=[.,;:!?"”')]| (?:that|which|for|about|with|to|and|only)\b|
        \s*$)
        \b(?:what is|what's|what are|give me|find|tell me|provide)\b.{0,20}\b(?P<language>%language%) (?:word|words|
        name|term|phrase|translation|equivalent|expression)s?\b
        \b(?P<language>%language%) translations?\b
        \bconvert\b.{0,200}\b(?:in)?to (?P<language>%language%)\b
        \b(?:only (?:in|using|use)|using only|use only|using|entirely in|should be in|must be in|
        be in) (?:the )?(?P<language>%language%)(?: language)?\b
        \bsay\b.{0,60}\bin (?P<language>%language%)\b
    """,
    unnamed_translations=r"""
        ^translat\w+\b|\btranslat(?:e|ed|ion) (?:\w+ ){0,4}(?:sentence|phrase|text|word|paragraph|language)s?\b|
        \bforeign language translations?\b|\btranslations? of the\b
    """,
    requests={
        "ends_in": r"""
            %list% (?P<number>%number%) (?:\w+ )?words? (?:that |which )?(?:all )?(?:end|ends|ending|finish) (?:in|
            with) (?:the )?(?:letters? |suffix )?(?P<affix>%affix%|[A-Za-z])
        """,
        "starts_with": r"""
            %list% (?P<number>%number%) (?:\w+ )?words? (?:that |which )?(?:all )?(?:start|starts|starting|begin|
            begins|beginning) with (?:the )?(?:letters? |prefix )?(?P<affix>%affix%|[A-Za-z])
        """,
        "letters": r"""
            %list% (?P<number>%number%) (?:\w+ )?words? (?:that |which )?(?:contain|contains|containing|with|have|
            having) the letters? (?P<affix>%affix%|[A-Za-z])
        """,
        "alphabetical_order": r"""
            %order%\b.{0,60}\b(?:words?)\b.{0,60}\b(?:alphabeti\w+|dictionary order)\b.{0,400}
            %order%\b.{0,60}\b(?:alphabeti\w+|dictionary order)\b.{0,60}\b(?:words?)\b.{0,400}
        """,
        "anagram": r"""
            (?:find|give(?: me)?|what is|create|generate|make|form|provide|come up with|write|suggest|name|rearrange|
            unscramble)\b.{0,60}\banagrams?\b.{0,40}
        """,
        "palindrome": r"""
            (?:find|give(?: me)?|what is|create|generate|provide|come up with|write|suggest|name|
            list) (?:an example of )?(?P<number>%number%) (?:\w+ )?palindromes?(?: words?)?
        """,
        "rhyme": r"""
            (?:list|name|give(?: me)?|find|provide|generate|write(?: down)?|come up with|think of|suggest|tell me|
            create|what is|identify) (?P<number>%number%) (?:\w+ )?words? (?:that |which )?(?:rhymes?|
            rhyming) with (?:the word )?%quoted%
        """,
    },
    instructions={
        "ends_in": "List {number} words that end in “{affix}”.",
        "starts_with": "List {number} words that start with “{affix}”.",
        "letters": "List {number} words that contain the letter “{affix}”.",
        "alphabetical_order": "Put these words in alphabetical order: {words}.",
        "anagram": "Find an anagram of “{word}”.",
        "palindrome": "List {number} palindromes.",
        "rhyme": "List {number} words that rhyme with “{word}”.",
    },
    single_instructions={
        "ends_in": "Give a word that ends in “{affix}”.",
        "starts_with": "Give a word that starts with “{affix}”.",
        "letters": "Give a word that contains the letter “{affix}”.",
        "palindrome": "Give a palindrome.",
        "rhyme": "Give a word that rhymes with “{word}”.",
    },
    endings=("ship", "ness", "ment", "tion", "ity", "able", "ing",),
    beginnings=("un", "re", "dis", "over", "inter", "pre",),
    conjunctions=("and",),
    constraints=ConstraintTable(
        units={
            "words": r"words?",
            "sentences": r"sentences?",
            "paragraphs": r"paragraphs?",
            "bullets": r"bullet(?: ?points?|s| list items?)|bullet point",
            "placeholders": r"placeholders?",
            "sections": r"sections?|stanzas?|verses?",
            "lines": r"lines?",
        },
        relations={
            "least": r"""
                at least|no (?:less|fewer) than|not less than|minimum(?: of)?|or more|\+|above|a minimum of|or longer
            """,
            "most": r"""
                at most|no more than|not more than|maximum(?: of)?|up to|or (?:less|fewer)|within|or under|max\.?|
                not exceed(?:ing)?|limit(?:ed)? to
            """,
            "less": r"(?:less|fewer) than|under|below",
            "more": r"more than|over",
            "exactly": r"exactly|precisely|just|only",
        },
        roles={
            "forbidden": r"""
                \b(?:do not|(?:do|does|should|ca|must)n['’]t|cannot|not|without|avoid\w*|exclud\w+|never|
                refrain|no)\b|\binstead of\b
            """,
            "end": r"""
                \b(?:end|ends|ending|finish\w*|conclud\w+|last (?:sentence|phrase|words?|line)|very end)\b
            """,
            "start": r"""
                \b(?:start|starts|starting|begin|begins|beginning|first (?:sentence|word|line))\b
            """,
            "existence": r"""
                \b(?:includ\w+|contain\w*|us(?:e|es|ing)|mention\w*|incorporat\w+|with the (?:key)?words?|
                add|insert|appears?|repeat\w*)\b
            """,
        },
        times=r"(?P<number>%number%)(?: or more)? times?",
        adverbs={"once": 1, "twice": 2, "thrice": 3},
        flags={
            "lowercase": r"""
                \b(?:all |in |only |entirely )?(?:lower ?-?case)\b|\b(?:no|without(?: any| using)?|
                not use(?: any)?) capital(?: letter)?s?\b|\bsmall letters\b
            """,
            "uppercase": r"""
                \b(?:all|entirely in|in|only) (?:english |the )?(?:capital(?: letter)?s|capitals|upper ?-?case|
                caps)\b|\ball caps\b
            """,
            "no_comma": r"""
                \b(?:no|not|without|any|avoid\w*|refrain\w*|n['’]t)\b(?: \w+){0,5} commas?\b
            """,
            "quotation": r"""
                \b(?:wrap\w*|enclos\w+|put|surround\w*|placed?|inside)\b.{0,60}\b(?:quotation marks?|quotes)\b
            """,
            "repeat_prompt": r"""
                \brepeat (?:the |this |my |our )?(?:\w+ )?(?:request|sentence|prompt|question|
                instruction)\b.{0,30}\b(?:word for word|exactly|without change|verbatim|first|above)
            """,
        },
        letter=r"\bletters?\b",
        word=r"\b(?:the|key) ?word",
        words=r"\b(?:the (?:following )?words|keywords?|these (?:items|terms|words|keywords))",
        no_word=r"""
            count|counts|limit|limits|processor|cloud|search|game|bank|order|choice|choices|used|
            should|must|can|will|that|which|long|in|of|for|from|with|to|is|are|and|or|below|above|
            you|it|they|listed|given|provided|per|have|has|begin|begins|end|ends|start|starts|appear|
            appears|itself|document
        """,
    ),
)  # fmt: skip
