"""Between the downloader and the spider: what a site permits goes into its articles."""
