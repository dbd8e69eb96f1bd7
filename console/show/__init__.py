"""How amounts, periods and charts are shown. Pure."""
