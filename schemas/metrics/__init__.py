"""Every metric of the system: what programs emit, and what dashboards and alerts may ask for.

It stands in `schemas`, beside messages and topics: it is a contract too, between programs that do not import each other
(collectors, jobs, the exporter) and those who watch them.
"""
