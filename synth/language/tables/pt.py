"""Portuguese, as Brazil and Portugal write it."""

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
    "um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete dezoito "
    "dezenove vinte trinta=30 quarenta=40 cinquenta=50 sessenta=60 setenta=70 oitenta=80 noventa=90 uma=1 duas=2 "
    "quatorze=14 dezasseis=16 dezassete=17 dezanove=19 cem=100 cento=100 duzentos=200 duzentas=200 trezentos=300 "
    "trezentas=300 quatrocentos=400 quatrocentas=400 quinhentos=500 quinhentas=500 seiscentos=600 seiscentas=600 "
    "setecentos=700 setecentas=700 oitocentos=800 oitocentas=800 novecentos=900 novecentas=900 dezena=10 dúzia=12 "
    "centena=100"
)

TABLE = LanguageTable(
    code="pt",
    name="Portuguese",
    regions=("PT", "BR"),
    frequent=words(
        "não são uma um foi também às ao aos os na nas dos já até há pelo pela pelos pelas à para mais em do da no"
    ),
    relative_length=1.09,
    vocabulary=vocabulary(
        "write: escrev redij escrit; list: list enumer; word: palavr; sentence: frase senten oraç; paragraph: "
        "parágraf; letter: carta letra; poem: poema poesia; song: canç música; story: histór conto; essay: ensaio "
        "redaç; title: títul; question: pergunt quest; answer: respo; example: exempl; summary: resum; describe: "
        "descre descri; explain: expli; create: cri ger; include: inclu; highlight: destac realç; section: seç "
        "parte; keyword: chave; language: língua idioma; english: inglês ingles; comma: vírgul; bullet: marcador "
        "tópic; exactly: exat; without: sem_; between: entre_; number: númer; function: funç; return: retorn "
        "devolv; integer: inteir; people: pessoa gente; woman: mulher; man: homem homens; child: crianç filh menin; "
        "family: famíli; friend: amig; house: casa_ casas_ lar_; city: cidade; country: país; world: mundo; water: "
        "água; food: comida aliment; day: dia_ dias_; week: semana; month: mês_ meses; year: ano_ anos_; night: "
        "noite; morning: manhã; today: hoje; school: escola; student: estudant alun; teacher: professor; money: "
        "dinheiro; book: livro; movie: filme; music: músic; game: jogo partid; name: nome; life: vida; war: guerra; "
        "police: polícia; government: governo; president: president; company: empresa companhia; price: preço; car: "
        "carro; door: porta; hand: mão; eye: olho; head: cabeça; heart: coraç; face: rosto cara_; fire: fogo "
        "incênd; light: luz leve; tree: árvore; river: rio_ rios_; sea: mar_ oceano; mountain: montanha; animal: "
        "anima; dog: cachorro cão cães; cat: gato; white: branc; black: pret negr; red: vermelh; green: verde; "
        "blue: azul; new: nov; old: velh antig ano; young: jov; small: pequen pouco; good: bom boa bem ótim; never: "
        "nunca jamais; because: porque pois; before: antes; after: depois após; if: se_ caso; but: mas_ porém; "
        "when: quando; where: onde; who: quem que_; why: por_que; how: como quant; all: todo toda; three: três; "
        "two: dois duas; first: primeir; last: últim passad; same: mesm; different: diferen divers; help: ajud; "
        "product: produto; customer: client; health: saúde; history: histór; science: ciênci cientí; computer: "
        "computador; recipe: receita; benefit: benefíci vantag"
    ),
    segmentation=SegmentationTable(
        before_names=words("sr sra srs dra d exmo exma eng arq pres gal cel pe av r pça lgo trav jd s sto sta"),
        before_numbers=words("nº núm pág págs inc séc"),
        may_end=words("ltda s.a cia etc"),
        openers=words(
            "o a os as um uma em no na nos nas de do da dos das ao à e ou mas não se é são foi este esta isso com por "
            "para como quando segundo após já ele ela eles elas há"
        ),
    ),
    numbers=NumberTable(
        numerals=AdditiveNumerals(_ATOMS, words("e")),
        weak=words("um uma"),
        ordinals=ordinals("terceir quart quint sext sétim oitav non décim", ("o", "a")),
        fractions={"terço": 3, "terços": 3, "quarto": 4, "quartos": 4, "quinto": 5, "quintos": 5, "décimos": 10},
        half=words("metade"),
        halves=words("meio meia"),
        half_articles=words("um uma"),
        approximate=words("dezena dúzia centena"),
        magnitudes={
            10**3: "mil", 10**6: "milhão milhões mi", 10**9: "bilhão bilhões bi", 10**12: "trilhão trilhões",
        },
        conjunctions=words("e"),
        joins_magnitudes=True,
        joins_units=True,
        currencies={
            "EUR": "euro euros", "USD": "dólar dólares", "BRL": "real reais r$ brl", "GBP": "libra libras",
            "JPY": "iene ienes", "CHF": "franco francos",
        },
        percent_pairs=frozenset({("por", "cento")}),
        units={
            "km": "quilômetro quilômetros quilómetro quilómetros", "m": "metro metros",
            "cm": "centímetro centímetros", "mm": "milímetro milímetros", "mile": "milha milhas",
            "ha": "hectare hectares", "l": "litro litros", "t": "tonelada toneladas", "kg": "quilo quilos",
            "g": "grama gramas", "year": "ano anos", "month": "mês meses", "week": "semana semanas",
            "day": "dia dias", "hour": "hora horas", "minute": "minuto minutos", "second": "segundos",
            "°": "grau graus",
        },
        square=words("quadrados quadrado"),
        cubic=words("cúbicos cúbico"),
        links=words("de"),
        ordinal_suffixes=words("o a"),
        over=words("mais sobre"),
        under=words("quase"),
        about=words("cerca aproximadamente uns umas"),
        hedge_pairs={"mais": "over", "menos": "under", "cerca": "about", "perto": "about"},
        hedge_links=words("de do que"),
        definite=words("os as dos das aos às nos nas ambos ambas"),
        range_words=words("a e ou até"),
        no_context=words("vezes antes depois outros outras deles delas"),
        numbered=words("artigo número ponto canal"),
        idioms={
            "zero": 0, "primeiro": 1, "primeira": 1, "primeiros": 1, "segundo": 2, "segunda": 2, "ambos": 2,
            "ambas": 2, "par": 2, "casal": 2, "dobro": 2, "duplo": 2, "meia": 30, "triplo": 3, "dúzia": 12,
            "dúzias": 12, "dezena": 10, "cem": 100, "cento": 100, "centenas": 100,
        },
    ),
    dates=DateTable(
        months=(
            "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
            "novembro", "dezembro",
        ),
        # "segunda" is the second as well: the whole word of a weekday is "segunda-feira", cut at its hyphen.
        weekdays=(
            "segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo",
        ),
        first=words("primeiro"),
        day_words=words("o dia no do ao"),
        month_links=words("de"),
        year_links=words("de do"),
        relative={"ontem": -1, "anteontem": -2, "amanhã": 1},
        hour_words=words("às as"),
        hours_ahead=(-3, 1),
    ),
    names=NameTable(
        particles=words("de do da dos das e"),
        abbreviations=words("sr sra dra eng av"),
        common=words(
            "o a os as um uma uns umas de do da dos das em no na nos nas ao à aos às por pelo pela e ou mas não se é "
            "são foi este esta isso esse essa ele ela eles elas com para como quando segundo após já há seu sua"
        ),
    ),
    polarity=PolarityTable(
        negations=words(
            "não nunca jamais nem sem ninguém nenhum nenhuma"
        ),
        no_negations=frozenset({
            "não só", "não apenas", "não obstante",
        }),
        agents=words("por pelo pela pelos pelas"),
        small=words(
            "o a de que e um se lhe ou mas já foi ser são está tem tinha este esta esse sobre com em por como"
        ),
        opposites=opposites(
            "subi sobe aument cresc alta./cai caiu queda diminu reduz baix desc;ganh venc vitóri triunf/perd "
            "perdeu derrot;conden culpad/absolv absolvi inocen;deti pres. preso. presa. prend/libert solt;aprov "
            "aceit/rejeit recus vet;confirm admit/desment neg. negou nega.;vivo. viva. sobreviv/mort morr "
            "falec;abr abert/fech;apoi favor/opõ opôs critic contra.;permit autoriz/proib;compr "
            "adquir/vend;contrat/demit despe;começ inici/termin acab encerr;melhor/pior;máxim/mínim;lucr "
            "ganho/prejuíz perda;norte./sul.;primeir/últim;entr. ingress/sai. saiu"
        ),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
            "mas e também este esta isto estes estas esse essa isso ele ela eles elas além^disso no^entanto porém "
            "por^isso assim então depois ou contudo"
        ),
        pointer=(
            r"(?:\w+ ){1,3}(?:est[ea]s?|ess[ea]s?|nest[ea]s?|ness[ea]s?|dest[ea]s?|dess[ea]s?|"
            r"aquel[ea]s?)\b(?! (?:manhã|tarde|noite|"
            r"semana|mês|ano))|(?:Foi|Foram|Era|Eram|É|São|Disse|Disseram|Tem|Têm|Está|Estão) "
        ),
        sequence=(
            r"\b(?:anos?|mês|meses|semanas?|dias?|horas?|minutos?) (?:mais tarde|depois\b(?! d)|antes\b(?! d))|"
            r"\b(?:no dia seguinte|desde então|entretanto|enquanto isso|posteriormente|ao mesmo tempo|na véspera)\b|"
            r"\bpouco (?:depois|antes)\b(?! d)|\bmesm[oa] (?:dia|ano|mês|noite|tarde)\b"
        ),
        verb=(
            r"\b(?:é|são|está|estão|foi|foram|era|eram|há|houve|tem|têm|tinha|tinham|será|seria|pode|podem|deve|"
            r"devem|quer|"
            r"querem|vai|vão|faz|fazem|fez|diz|disse|vem|vêm|teve|fica|ficam|continua|segue|afirma|explica|garante|"
            r"anuncia|"
            r"confirma|considera|espera|pede|prevê|inclui|permite|chega|conta|ocupa|ganha|perde|joga|vive|mostra|"
            r"representa|"
            r"existe|existem|mantém|começa|defende|alerta|revela)\b|"
            r"\b(?!(?:s|m|t|mus|europ|jud|at)eu\b)\w{2,}(?:ou|eu|iu|[aei]ram|[aei]rá|[aei]rão|avam?)\b|\bse \w"
        ),
        drops_subjects=True,
        relative_clause=r"\b(?:que|quem|qual|quais|onde|cuj[oa]s?)\b[^,;:()–-]*",
        first_person=any_word("eu meu minha meus minhas nós nosso nossa estamos somos"),
        relative_days=r"hoje|ontem|amanhã|esta (?:manhã|tarde|noite)",
        boilerplate=r"leia também|leia mais|saiba mais|todos os direitos reservados",
    ),
    fragments=FragmentTable(
        address=r"senhor(?:a|ita)?|Sra?\.|Dona?|D\.|doutora?|Dra?\.",
        mentioned=(
            r"\b(?:[oa]|d[oa]|n[oa]|ao|à|pel[oa]) (?:homem|mulher|jovem|vítima|casal|acusad[oa]|detid[oa]|"
            r"suspeit[oa]|autora?|"
            r"condutora?|motorista|empresa|companhia|clube|equipa|equipe|jogo|partida|lei|texto|projeto|filme|livro|"
            r"ministr[oa]|"
            r"president[ea]|autarca|prefeit[oa]|porta-voz|cantora?|diretora?|grupo|caso|acidente|incêndio|ataque|"
            r"acordo|"
            r"episódio|incidente)\b(?! (?:d[aoe]s?|que|n[ao]|(?-i:[A-ZÀ-Ú])))|"
            r"\b(?:[oa]s) (?:dois|duas|três|vítimas|factos|fatos|agentes|investigadores|jogadores)\b(?! d[aoe])|"
            r"\b[nd]?(?:est[ea]s?|ess[ea]s?|aquel[ea]s?)\b(?! (?:manhã|tarde|noite|semana|mês|ano))|\boutr[oa]s?\b|"
            r"\b(?:referid|citad|mencionad)[oa]s?\b"
        ),
        definite=(
            r"\b(?:[oa]s?|d[oa]s?|n[oa]s?|aos?|às?|pel[oa]s?) ((?-i:[a-zà-ú]){4,})\b(?! (?:d[aoe]s?|que|"
            r"(?-i:[A-ZÀ-Ú])))"
        ),
        linking=words("também além depois ainda assim então tampouco porém contudo"),
        elsewhere=(
            r"\b(?:acima|abaixo|na (?:foto|imagem)|no vídeo|deste artigo|este artigo|seguintes?|a seguir|"
            r"leia (?:também|mais)|"
            r"clique|noss[oa] (?:newsletter|podcast|correspondente|repórter))\b"
        ),
        credits=(
            r"\b(?:foto|fotografia|vídeo|imagem|fonte|crédito|infografia)s? ?(?:[:/|©]|de (?-i:[A-ZÀ-Ú]))|©|"
            r"\((?:Lusa|AFP|Reuters|EFE)\)|https?:|www\.|todos os direitos"
        ),
    ),
    prompts=PromptTable(
        date_form="{day} de {month} de {year}",
        first_day="1º",
        title="Título",
        source="Fonte",
        content=("Texto",),
        summary="Resumo",
    ),
    replies=ReplyTable(
        answer_nouns=words("resumo síntese texto versão resposta artigo tradução"),
        presenting=words(
            "aqui está segue seguir abaixo a o os as um uma único de do da dos das em e que você me pediu solicitou "
            "solicitado "
            "solicitada lhe apresento integrado unificado combinado neutro breve conciso completo final artigos "
            "notícias fontes textos "
            "fornecidos fornecidas fornecido português língua sem repetições sobre baseado baseada seguinte com mesmo "
            "fato evento este"
        ),
        interjections=words("claro com certeza certamente ok okay sim com prazer perfeito entendido"),
        offer=(
            r"(?:(?:posso|vou|será um prazer|fico feliz em) (?:ajudá-l[oa]|te ajudar|ajudar|fazer isso)|eu ajudo)"
            r"(?: (?:você|com isso|com (?:o )?seu pedido|com prazer))*"
        ),
        handing_over=frozenset(
            {"aqui está", "aqui vai", "segue", "segue abaixo", "ei-lo"}
        ),
        reasoning=frozenset({"raciocínio", "pensamento", "pensamentos"}),
        closing=(
            r"espero que\b.{0,60}?(?:útil|ajud|resumo|resposta|atend)|(?:me avise|avise-me|diga-me|me diga|me informe"
            r"|deixe-me saber)\b"
            r"|(?:se|caso) (?:precisar|precise|você|tiver|quiser|desejar|houver|queira)\b.{0,80}?(?:pergunt|ajud|algo"
            r"|mais|outr|alter|dúvid|avis|diga)"
            r"|(?:fico|estou) (?:à (?:sua )?disposição|aqui para)|(?:você (?:quer|gostaria|deseja|precisa)|posso"
            r"|gostaria)\b[^?]{0,60}?(?:resum|versão|ajud|algo mais|texto)[^?]{0,60}\?"
        ),
        remark=(
            r"(?:nota|n\.?b\.?|observação|número de palavras|palavras|fontes?)\b ?[:(].{0,60}?(?:resumo"
            r"|este texto|os artigos|as fontes|palavras|\d+\W*\Z)"
            r"|(?:este|o presente) (?:resumo|texto) (?:é|integra|combina|se baseia|mantém|inclui|reúne)\b"
            r"|(?:eu )?(?:resumi|combinei|integrei|tentei|evitei|sintetizei)\b"
        ),
        refusal=(
            r"(?:desculpe?|lamento|sinto muito|infelizmente|peço desculpas?)\b[^.!?\n]{0,30}?\bnão (?:posso|consigo"
            r"|sou capaz de|é possível|poderei) "
            r"(?:\w+ )?(?:ajudar|auxiliar|fornecer|resumir|gerar|atender|completar|criar|produzir|processar|acessar"
            r"|aceder|responder|escrever|fazer|continuar)"
            r"|não (?:posso|consigo|sou capaz de) (?:ajudá-l|te ajudar|ajudar com|auxiliar|fornecer|resumir|gerar"
            r"|atender a|processar (?:este|esta|o seu)|acessar (?:os|links))"
            r"|como (?:um |uma )?(?:modelo de (?:linguagem|ia)|inteligência artificial|assistente (?:virtual|de ia)"
            r"|ia\b)"
            r"|(?:por favor,? )(?:forneça|cole|compartilhe|envie|inclua)\w* (?:os artigos|o texto|o artigo)"
            r"|(?:você não|não foram|não vejo) (?:forneceu|fornecidos|nenhum) (?:os |nenhum )?(?:artigo|texto)"
        ),
        apology=(
            r"(?:desculpe?|lamento|sinto muito|infelizmente)\b[^.!?\n]{0,40}?\bnão (?:posso|consigo|sou capaz"
            r"|é possível)"
        ),
        attribution=(
            r"(?:disse|declarou|explicou|afirmou|acrescentou|escreveu|respondeu|admitiu)\b"
        ),
        injection=(
            r"(?:ignore|ignora|ignorem|esqueça|esquece|desconsidere|desconsidera"
            r"|não siga) (?:\w+ ){0,3}?(?:instruções|orientações|ordens|regras|diretrizes|comandos"
            r"|prompt) (?:\w+ ){0,3}?(?:anterior|prévi|acima|recebid|que (?:te|você|lhe)|do sistema|iniciais)"
            r"|(?:ignore|esqueça|desconsidere) tudo (?:o que|que|acima)"
            r"|(?:nota|mensagem|instruç(?:ão|ões)|aviso|atenção) (?:para|a|aos|às|à|ao) ?(?:o |a |os |as |qualquer "
            r"|todos os )*(?:modelos? de (?:linguagem|ia)|assistentes? (?:de ia|virtua)|ia\b|llms?\b"
            r"|inteligência artificial que|chatbots?)"
            r"|se (?:você é|tu és|for|você for) uma? (?:modelo de|ia\b|assistente (?:de|virtual)"
            r"|inteligência artificial|llm|chatbot)|(?:caro|cara|prezado|prezada|querido) (?:modelo|assistente|ia|llm"
            r"|chatgpt)\b"
            r"|(?:a partir de agora|de agora em diante),? (?:você é|você (?:deve|vai)|aja|responda|serás|és)\b"
            r"|(?:responda|escreva|inclua|adicione|acrescente|retorne) (?:apenas |somente |só |sempre |(?:no"
            r"|em) (?:seu |teu )?resumo |na (?:sua )?resposta )+(?:com |que |a |o |\W)"
            r"|(?:revele|mostre|imprima|repita) (?:o seu|seu|as suas|suas) (?:prompt|instruções)|(?:ao"
            r"|quando) (?:resumir|traduzir|processar) (?:este|o presente) (?:texto|artigo|documento)"
        ),
    ),
)  # fmt: skip
