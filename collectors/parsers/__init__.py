"""One pure parser module a CDN: a line as logged in, a record out, the vendor's quirks written down."""
