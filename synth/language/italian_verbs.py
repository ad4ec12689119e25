"""Finite verbs of Italian, as far as small words, endings and the stems of frequent verbs tell them from nouns."""

from __future__ import annotations

#: A noun's place, not a verb's: after an article or a preposition.
_NO_NOUN = "".join(
    rf"(?<!\b{word}[ '’])"
    for word in (
        "il lo la i gli le l un uno una del dello della dei degli delle dell al allo alla ai agli alle all dal "
        "dallo dalla dai dalle dall nel nello nella nei nelle nell sul sulla sui sulle sull di da in con su per "
        "tra fra questo questa ogni e"
    ).split()
)
#: How the present of frequent verbs begins.
_VERBS_IN_ARE = "|".join(
    (
        "accett accus adott afferm agit allarm allontan ammir annunci approd arriv aspett assicur attacc aument avanz "
        "avvi bast batt blocc cal celebr cerc chiam cit cominci complic comunic concentr condann conferm conquist "
        "consegn consider contest continu cre debutt dedic denunci deriv dichiar dilag dimostr divent domin "
        "dur elenc elimin entr esalt evidenzi ferm festeggi funzion gioc guadagn illustr impegn implic "
        "inaugur incontr indag indic inizi interess invit lament lanci lasci lavor lev limit manc mand minacci "
        "modific negoc occup oper organizz ospit osserv pag parl partecip pass pens pes precipit preoccup prepar "
        "present prosegu provoc pubblic raccont rallent registr replic respir rest ricord riguard rilanci "
        "ringrazi rinnov ripercorr riport rischi risult ritir ritorn ritrov rivel salt salv scongiur segn segnal sembr "
        "separ sfum signific slitt sottoline sper spett spicc spieg stim strapp stronc super svel tent termin "
        "testimoni tocc torn tranquillizz trasform tratt trov us utilizz vari viaggi visit"
    ).split()
)
_VERBS_IN_ERE = "|".join(
    (
        "accad accend accogl accresc accus aggiung ammett appar appartien apr assist assum attend attribuisc avvert "
        "avvien batt cad chied chiud coinvolg colp colpisc combatt compi comprend conced conclud condivid conosc "
        "consent contien contribuisc corr corrispond costituisc cred cresc decid definisc detien dic difend dipend "
        "dispon diviene emerg esc esclud esist esplod esprim estend fin finisc fornisc garantisc giung impon incid "
        "includ insist interromp intervien introduc legg mantien mett muor muov nasc occorr offr ottien part perd "
        "permett pon possied prend preved proced produc promett propon proven provien raccogl raggiung rend resist "
        "riapr ricev richied riesc riferisc riman rimand ripart riprend risal risied rispond ritien rivolg romp sal "
        "sced scegli scend scopr scriv scuot segu serv smentisc sorprend sostien spend spinge stabilisc succed "
        "suggerisc svolg tem tend tien trascorr uccid unisc val ved vien vinc viv"
    ).split()
)
#: A pattern of a finite verb; it errs on the side of finding none.
FINITE_VERB = (
    r"\b(?:è|e['’]|sono|ha|hanno|abbia(?:no)?|era(?:no)?|aveva(?:no)?|furono|fu|fosse(?:ro)?|sta|stanno|va|"
    r"vanno|(?<!anni )(?<!anno )(?<!mesi )(?<!mese )(?<!giorni )(?<!ore )fa|"
    r"fanno|dà|sa|sanno|sia|siano|può|possono|poteva(?:no)?|deve|devono|vuole|c['’]è|disse|fece|prese|mise|"
    r"vide|nacque|venne|ebbe|chiese|decise|scrisse|vinse|perse|rispose|uccise|scese|chiuse|volle|tenne)\b|"
    # "arrivò", "arriveranno"; 3rd person plural: not "il tono", "buono"
    r"\b(?!però|ciò|nicolò)\w{2,}ò\b|\b\w+(?:[aei]rono|[aei]rà|[aei]ranno|[ei]rebbe(?:ro)?|avano|evano|"
    r"ivano)\b|"
    r"\b(?!(?:buon|ton|don|suon|tron|non|patron|padron|condon|perdon|abbandon|con|colon|"
    r"\w*[fz]on)o\b)\w{2,}ono\b|"
    rf"{_NO_NOUN}\b(?:(?:{_VERBS_IN_ARE})(?:a|ano|ava)|(?:{_VERBS_IN_ERE})(?:e|eva|iva))\b|"
    r"\b(?:si|ci|vi|ne|lo|li) \w+(?:[aeò]|ano|ono)\b|\b[ns]['’]è\b"
)
