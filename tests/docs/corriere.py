"""Il Corriere di Prova, the invented newspaper of docs/adding-a-newspaper.md, on a port of this machine.

    python tests/docs/corriere.py --port 8932

Its pages have what newspapers put around a text: metas, JSON-LD, captions, related boxes, adverts, a copyright line; a
redesign at the end of 2024; a live blog, a video, a page for subscribers, a sponsored item, a 404 for an empty day.
"""

from __future__ import annotations

import argparse
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

HOME = "https://www.corrierediprova.example"
ROME = ZoneInfo("Europe/Rome")
PER_PAGE = 10
REDESIGN = date(2025, 1, 1)
MONTHS = "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split()
SECTIONS = {"cronaca": "Cronaca", "economia": "Economia", "cultura": "Cultura"}


@dataclass
class Story:
    """An article as a reader reads it; `kind` says what else a page is."""

    section: str
    title: str
    lead: str
    place: str
    authors: list[str]
    published: datetime
    tags: list[str]
    paragraphs: list[str]
    modified: datetime | None = None
    reserved: bool = False
    kind: str = "article"
    slug: str = field(default="")

    def __post_init__(self) -> None:
        words = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in self.title.lower())
        self.slug = "-".join(part for part in words.split("-") if part)

    @property
    def path(self) -> str:
        folder = "diretta" if self.kind == "live" else self.section
        return f"/{folder}/{self.published:%Y/%m/%d}/{self.slug}.html"


def printed(moment: datetime) -> str:
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, ore {moment:%H:%M}"


# --- what it writes --------------------------------------------------------------------------------------------------

_HEADLINES = (
    ("cronaca", "Riapre il Ponte delle Barche", "Dopo quattordici mesi di lavori tornano i pedoni", "Borgo Marina"),
    ("economia", "La cooperativa del sale assume", "Dodici contratti per la stagione estiva", "Saline Alte"),
    ("cultura", "La biblioteca resta aperta di notte", "Una prova di tre mesi chiesta dagli studenti", "Castel Lume"),
    ("cronaca", "Il mercato del pesce cambia piazza", "I banchi si spostano per il cantiere", "Borgo Marina"),
    ("economia", "Il forno sociale chiude in attivo", "È la prima volta in nove anni", "Pieve Tonda"),
    ("cultura", "Un organo del Settecento torna a suonare", "Restaurate mille e duecento canne", "Castel Lume"),
    ("cronaca", "La corriera serale torna in servizio", "Tre corse in più nei giorni feriali", "Monte Quieto"),
    ("economia", "Il cantiere consegna due traghetti", "Faranno servizio con le isole", "Borgo Marina"),
    ("cultura", "Il teatro dei pupi festeggia un secolo", "In scena anche i primi costumi", "Pieve Tonda"),
    ("cronaca", "Trovata la campana rubata", "Era in un fienile a pochi chilometri", "Monte Quieto"),
    ("economia", "Più ostriche e meno reti", "I conti del consorzio dei pescatori", "Saline Alte"),
    ("cronaca", "La scuola riparte dopo la piena", "Duecento alunni di nuovo in classe", "Valle Chiusa"),
)
_OTHERS = (
    ("live", "Alluvione, la diretta"),
    ("video", "Il ponte visto dall’alto"),
    ("video", "Il faro di notte"),
    ("subscribers", "I conti segreti del porto"),
)
_BODY = (
    "{place} aspettava questa notizia da tempo: {lead}, come ha confermato il sindaco davanti a una piazza piena.",
    "«È stato difficile», ha detto la responsabile, «ma abbiamo speso {number} mila euro meno del previsto».",
    "Che cosa cambia",
    "Da lunedì gli uffici apriranno anche nel pomeriggio, e chi abita in centro potrà chiedere il permesso per posta.",
    "Restano dubbi tra i commercianti: in {number} hanno firmato una lettera e chiedono di essere ascoltati.",
)  # fmt: skip
_PEOPLE = (["Anna Verdi"], ["Luca Bianchi", "Anna Verdi"], ["Redazione"], ["Ugo Neri"])


def _story(number: int, headline: tuple[str, str, str, str], moment: datetime) -> Story:
    section, title, lead, place = headline
    words = {"place": place, "lead": lead[0].lower() + lead[1:], "number": 20 + 3 * number}
    return Story(
        section, title, lead + ".", place, _PEOPLE[number % 4], moment, [place, title.split()[-1].capitalize()],
        [line.format(**words) for line in _BODY], modified=moment + timedelta(hours=2) if number % 3 == 0 else None,
        reserved=number == 1,
    )  # fmt: skip


def stories() -> list[Story]:
    """Everything it ever published, newest first: 12 articles on 10 March 2026, one before, one after, one of 2023."""
    first = datetime(2026, 3, 10, 6, 40, tzinfo=ROME)
    found = [_story(number, line, first + timedelta(minutes=55 * number)) for number, line in enumerate(_HEADLINES)]
    others = (
        ("cronaca", "Si vota per la piazza", "Tre progetti in gara", "Pieve Tonda", datetime(2026, 3, 9, 17, 5)),
        ("cultura", "Il museo del sale raddoppia", "Due sale nuove", "Saline Alte", datetime(2026, 3, 11, 9, 30)),
        ("cronaca", "Il faro cambia lampada", "Consumerà un decimo", "Borgo Marina", datetime(2023, 10, 5, 18, 15)),
    )
    for number, (section, title, lead, place, moment) in enumerate(others, 20):
        found.append(_story(number, (section, title, lead, place), moment.replace(tzinfo=ROME)))
    for number, (kind, title) in enumerate(_OTHERS):
        story = _story(
            number + 30, ("cronaca", title, "Aggiornamenti", "Valle Chiusa"), first + timedelta(hours=number)
        )
        story.kind = kind
        found.append(story)
    return sorted(found, key=lambda story: story.published, reverse=True)


# --- its pages -------------------------------------------------------------------------------------------------------


def article_page(story: Story) -> str:
    if story.published.date() < REDESIGN:
        return _old_page(story)
    authors = " e ".join(f'<a href="/firme/{name.split()[-1].lower()}/">{name}</a>' for name in story.authors)
    tags = "".join(f'<li><a href="/temi/{tag.lower()}/">#{tag}</a></li>' for tag in [*story.tags, "Ultim’ora"])
    return f"""<!doctype html>
<html lang="it"><head><meta charset="utf-8">
<title>{story.title} | Il Corriere di Prova</title>
<link rel="canonical" href="{HOME}{story.path}">
<meta property="og:title" content="{story.title} | Il Corriere di Prova">
<meta name="description" content="{story.lead}">
{'<meta name="tdm-reservation" content="1">' if story.reserved else ""}
<script type="application/ld+json">{json.dumps(_linked_data(story), ensure_ascii=False)}</script>
</head><body><header><a href="/">Il Corriere di Prova</a></header>
<main><article class="storia">
<ol class="briciole"><li><a href="/">Home</a></li>
<li><a href="/{story.section}/">{SECTIONS[story.section]}</a></li></ol>
<h1 class="storia__titolo">{story.title}</h1>
<p class="storia__sommario"><span class="storia__luogo">{story.place}</span> {story.lead}</p>
<div class="storia__firma">di {authors} <time>{printed(story.published)}</time></div>
<figure><img src="/foto/1.jpg" alt=""><figcaption>Una veduta di {story.place} (foto d’archivio)</figcaption></figure>
<div class="storia__testo">
{_text(story)}
</div>
<ul class="storia__temi">{tags}</ul>
</article></main><footer>Il Corriere di Prova, testata inventata</footer></body></html>"""


def _text(story: Story) -> str:
    if story.kind == "video":
        return '<video src="/video/1.mp4" controls></video><p>Guarda il video</p>'
    if story.kind == "subscribers":
        return '<p>Chi paga il molo?</p><div class="abbonati">Continua a leggere con un abbonamento</div>'
    first, second, heading, *rest = story.paragraphs
    return f"""<p>{first}</p>
<div class="pubblicita"><p>Annuncio: tutto per la vela a metà prezzo</p></div>
<p>{second}</p>
<aside class="correlati"><h3>Leggi anche</h3><p><a href="/cronaca/2026/03/09/altro.html">Un’altra storia</a></p></aside>
<h2>{heading}</h2>
{"".join(f"<p>{line}</p>" for line in rest)}
<p class="riproduzione">© Riproduzione riservata</p>"""


def _linked_data(story: Story) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "datePublished": story.published.isoformat(),
        **({"dateModified": story.modified.isoformat()} if story.modified else {}),
        "isAccessibleForFree": story.kind != "subscribers",
        "publisher": {"@type": "Organization", "name": "Il Corriere di Prova"},
    }


def _old_page(story: Story) -> str:
    """Before the redesign: no JSON-LD, a capital dateline, paragraphs parted by single breaks."""
    text = "<br>\n".join(story.paragraphs)
    return f"""<!doctype html>
<html lang="it"><head><meta charset="utf-8"><title>{story.title} | Il Corriere di Prova</title></head>
<body><div id="pagina"><div class="percorso"><a href="/{story.section}/">{SECTIONS[story.section]}</a></div>
<h1 class="titolo">{story.title}</h1><h2 class="occhiello">{story.lead}</h2>
<div class="dati"><span class="luogo">{story.place.upper()}</span>, <span class="data">{printed(story.published)}</span>
<span class="autore">di {" e ".join(story.authors)}</span></div>
<div class="testo">{text}<br><a class="stampa" href="/stampa/1">Stampa questa pagina</a></div>
</div></body></html>"""


def listing(stories: list[Story], sponsored: bool = False) -> str:
    items = "".join(
        f'<article class="scheda"><h2><a href="{HOME}{story.path}">{story.title}</a></h2>'
        f"<time>{printed(story.published)}</time><p>{story.lead}</p></article>\n"
        for story in stories
    )
    if sponsored:
        items += (
            f'<article class="scheda scheda--sponsor"><h2><a href="{HOME}/economia/2026/03/10/il-nostro-caffe.html">'
            "Il nostro caffè</a></h2><time>10 marzo 2026, ore 08:00</time></article>\n"
        )
    return f'<!doctype html><html lang="it"><body><main class="elenco">\n{items}</main></body></html>'


def feed(stories: list[Story]) -> str:
    items = "".join(
        f"<item><title>{escape(story.title)}</title><link>{HOME}{story.path}</link>"
        f"<pubDate>{format_datetime(story.published)}</pubDate></item>"
        for story in stories
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Il Corriere di Prova</title>{items}</channel></rss>'
    )


def pages() -> dict[str, str]:
    """Path -> text of everything it serves."""
    everything = stories()
    found = {story.path: article_page(story) for story in everything}
    found["/robots.txt"] = "User-agent: *\nDisallow: /cerca/\nDisallow: /stampa/\n"
    found["/feed.xml"] = feed(everything[:8])
    for section in SECTIONS:
        found[f"/{section}/"] = listing([story for story in everything if story.section == section][:5])
    for day in {story.published.date() for story in everything}:
        of_day = [story for story in everything if story.published.date() == day]
        for number, begin in enumerate(range(0, len(of_day), PER_PAGE), 1):
            path = f"/archivio/{day:%Y/%m/%d}/" + (f"pagina/{number}/" if number > 1 else "")
            found[path] = listing(of_day[begin : begin + PER_PAGE], sponsored=number > 1)
    return found


# --- its server ------------------------------------------------------------------------------------------------------


def server(port: int = 0) -> http.server.ThreadingHTTPServer:
    """The newspaper on 127.0.0.1, not running yet; `asked` lists the paths that were asked for."""
    answers = pages()
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            text = answers.get(self.path)
            body = (text or '<html lang="it"><h1>Pagina non trovata</h1></html>').encode()
            kind = (
                "text/plain"
                if self.path.endswith(".txt")
                else "text/xml"
                if self.path.endswith(".xml")
                else "text/html"
            )
            self.send_response(200 if text else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    made.asked = asked  # type: ignore[attr-defined]
    return made


@contextmanager
def running() -> Iterator[tuple[str, list[str]]]:
    """Its address and the paths it is asked for, while it serves."""
    made = server()
    threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_port}", made.asked  # type: ignore[attr-defined]
    finally:
        made.shutdown()
        made.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve Il Corriere di Prova on 127.0.0.1 until interrupted.")
    parser.add_argument("--port", type=int, default=8932, help="default: %(default)s")
    made = server(parser.parse_args().port)
    print(f"Il Corriere di Prova: http://127.0.0.1:{made.server_port}", flush=True)
    try:
        made.serve_forever()
    except KeyboardInterrupt:
        made.server_close()


if __name__ == "__main__":
    main()
