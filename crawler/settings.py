"""Polite by default. Each value that differs from Scrapy's own says why; `-s NAME=VALUE` overrides any of them."""

import os

from crawler import __version__

BOT_NAME = "newsmill"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.commands"

# --- who we are ------------------------------------------------------------------------------------------------------
#: A page or mail address where a newspaper finds out who crawls it, and can say no.
CONTACT = os.environ.get("NEWSMILL_CONTACT", "")
USER_AGENT = f"Newsmill/{__version__} (research crawler{'; +' + CONTACT if CONTACT else ''})"
DEFAULT_REQUEST_HEADERS = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
# None of the four newspapers needs a cookie, and ANSA counts its "10 free contents" by them.
COOKIES_ENABLED = False
# No article page of theirs refreshes itself to another; looking for it reads every page once more.
METAREFRESH_ENABLED = False

# --- what is allowed -------------------------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True
#: What happens to an article whose site opted out of text and data mining: `store` (recorded, and left out of
#: exports), or `drop`.
OPT_OUT = "store"

# --- how fast --------------------------------------------------------------------------------------------------------
DOWNLOAD_DELAY = 1.0
AUTOTHROTTLE_ENABLED = True
# Scrapy begins with 5 s: a newspaper of a day would take an hour before the throttle has learnt anything.
AUTOTHROTTLE_START_DELAY = 1.0
CONCURRENT_REQUESTS_PER_DOMAIN = 2
# A crawl has one host: what waits behind it in Scrapy's queue would still be sent after the site has said no.
CONCURRENT_REQUESTS = 4
DOWNLOAD_TIMEOUT = 60
# A page holds one article; Scrapy starts this many tasks for every response, 100 by default: a third of its time.
CONCURRENT_ITEMS = 1
# The one bound on bytes, as they come and unpacked: of pages, feeds, sitemaps (50 MB by their protocol) and the records
# of WARC files. Article pages have 0.1-1 MB.
DOWNLOAD_MAXSIZE = 64 * 1024 * 1024
#: For an `origin` on this machine: nobody else is disturbed.
LOOPBACK_SETTINGS = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "CONCURRENT_REQUESTS": 32,
    "BACKOFF_START": 0.1,
}

# --- when it goes wrong ----------------------------------------------------------------------------------------------
# Scrapy's two retries without a pause lose pages to every short outage.
RETRY_TIMES = 6
RETRY_HTTP_CODES = [408, 429, 500, 502, 503, 504, 520, 522, 524]
# The closing words name what is missing.
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
#: Seconds before the first retry; doubled with each, with jitter, up to BACKOFF_MAX.
BACKOFF_START = 2.0
BACKOFF_MAX = 120.0
#: A server that asks for a longer pause than this ends the crawl.
RETRY_AFTER_MAX = 900.0
#: So does a site that asks for more seconds between two requests than this (Crawl-delay or Request-rate of its
#: robots.txt): a crawl of days that nobody expects, or faster than the site allows, would both be wrong.
CRAWL_DELAY_MAX = 60.0

#: Refusals in a row (403, captcha, endless redirects) after which the site has said no.
BAN_LIMIT = 5
# Newspapers redirect once or twice; Scrapy follows 20.
REDIRECT_MAX_TIMES = 6

# --- when a site changes ---------------------------------------------------------------------------------------------
#: Share of the pages on which the drift alarm tries the selectors and reads the body with trafilatura as well
#: (10 ms a page, in a thread): 0 = none, 1 = all. The first 20 are always among them; one in a hundred after 100.
DRIFT_SAMPLE = 0.1
#: A crawl that meets fewer articles than this share of the usual number (the median of earlier crawls like it) ends
#: with a warning and status 1; 0 never does.
USUAL_SHARE = 0.3
#: Take what a crawl finds changed for a new beginning (`scrapy crawl NAME --accept-drift`).
ACCEPT_DRIFT = False

# --- the parts -------------------------------------------------------------------------------------------------------
ADDONS = {
    "crawler.addons.StoreAddon": 50,
    "crawler.addons.IdentityAddon": 100,
    "crawler.addons.LoopbackAddon": 200,
    "crawler.addons.ReplayAddon": 300,
    "crawler.addons.BrowserAddon": 400,
}
DOWNLOAD_HANDLERS = {
    "http": "crawler.downloadhandlers.origin.OriginHandler",
    "https": "crawler.downloadhandlers.origin.OriginHandler",
}
DOWNLOADER_MIDDLEWARES = {
    # Scrapy's own take a robots.txt that cannot be had for permission, and retry at once.
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "crawler.downloadermiddlewares.robots.RobotsMiddleware": 100,
    "crawler.downloadermiddlewares.backoff.BackoffMiddleware": 550,
    # Nearer to the server than the back-off, which would try a wall again; behind decompression.
    "crawler.downloadermiddlewares.bans.BanMiddleware": 580,
    "crawler.downloadermiddlewares.bans.Redirects": 600,
    # Scrapy's own judges by the newspaper's address what is fetched from an `origin`.
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    "crawler.downloadermiddlewares.proxy.ProxyMiddleware": 750,
    # Nearest to the server of all: on record as it came, before Scrapy unpacks or repeats anything.
    "crawler.warc.writer.ArchiveMiddleware": 995,
}
SPIDER_MIDDLEWARES = {
    # Nothing here asks how many links a page is away from the first, and lists name addresses of one known form each:
    # each of these handles every result of every page.
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "crawler.spidermiddlewares.permission.PermissionMiddleware": 900,
}
ITEM_PIPELINES = {
    "crawler.pipelines.validate.ValidatePipeline": 100,
    "crawler.pipelines.permission.PermissionPipeline": 200,
    "crawler.pipelines.language.LanguagePipeline": 300,
    "crawler.pipelines.store.StorePipeline": 400,
}
EXTENSIONS = {
    "scrapy.extensions.logstats.LogStats": None,
    # Opens a server on this machine that runs what it is sent, in every crawl.
    "scrapy.extensions.remote_control.RemoteControl": None,
    "crawler.downloadermiddlewares.pauses.QueueRelease": 50,
    "crawler.extensions.progress.Progress": 100,
    "crawler.extensions.run_log.RunLog": 200,
}
#: For pages that scripts write (`-a javascript=1`): the program, else the first Chromium on PATH; pages at a time;
#: clicks on a list's "more" at most.
PLAYWRIGHT_CHROMIUM = os.environ.get("PLAYWRIGHT_CHROMIUM", "")
JAVASCRIPT_PAGES = 4
JAVASCRIPT_CLICKS = 50
#: Folder for the raw archive, a gzipped WARC file a crawl: FOLDER/<newspaper>-<UTC>-<run>.warc.gz; "" keeps none.
#: `-a warc=FILE` extracts from it again without the network.
WARC = os.environ.get("NEWSMILL_WARC", "")
#: Where the crawl asks which articles it has: "" fetches every article again.
KNOWN_LINKS = "crawler.mongo.seen_links.StoredLinks"
#: Keep a row in `runs` for each crawl, with what the alarms compare. A crawl whose ITEM_PIPELINES hold no store
#: (`-O articles.jsonl` alone) keeps none and knows no links: it needs no MongoDB.
RUN_LOG = True
#: The server; empty = the embedded one (crawler.mongo.connect).
MONGODB_URI = os.environ.get("MONGODB_URI", "")

TELNETCONSOLE_ENABLED = False
# The progress bar and the closing table say what INFO would; -L INFO shows every refused page by name.
LOG_LEVEL = "WARNING"
LOG_FORMAT = "%(levelname)s: %(message)s"
FEED_EXPORT_ENCODING = "utf-8"
# A crawl that finds nothing new would overwrite yesterday's file (-O) with an empty one.
FEED_STORE_EMPTY = False
