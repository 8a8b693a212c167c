"""The words that fleets are made of."""

from __future__ import annotations

THINGS = (
    "atlas basket beacon bridge cargo cinema circle clinic dealer device dinner garden harbor "
    "invoice journal kitchen library market meadow museum notice orchard parcel permit pilot "
    "planner poster quarry recipe river school season sensor signal station studio tariff theater "
    "ticket track travel tutor vendor voucher weather"
).split()
ROLES = "admin backend board center console desk engine front gate hub office service".split()
PUBLIC = "web api www admin docs hooks assets status upload login".split()
INTERNAL = "auth catalog prices search ledger geo thumbs graph".split()
WORKERS = "worker mailer importer sweeper indexer scheduler".split()
DOMAINS = "example.com example.org example.net shops.example.com brand.example.org".split()
LABELS = "www m eu us asia beta static img old new".split()
RESOURCES = {"database": "postgres", "cache": "redis", "queue": "redis", "archive": "mysql"}
TIMERS = "cleanup digest reminders rollup".split()
SETTINGS = {
    "LOG_LEVEL": ("info", "debug", "warn"),
    "THREADS": ("2", "4", "8"),
    "TIMEOUT": ("15", "30", "60"),
    "FEATURES": ("none", "all", "search,maps"),
    "TZ": ("UTC", "Europe/Berlin"),
    "GREETING": ("'Hello, world: welcome'", '"50% off # today"'),
}
SECRETS = "DATABASE_PASSWORD API_TOKEN SESSION_KEY SMTP_PASSWORD".split()
