"""`python -m crawler.page`: the article on one page, as JSON."""

import sys

from crawler.page import main

sys.exit(main())
