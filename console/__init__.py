"""A web page and a read API over the billing database: reads only, writes nothing."""
