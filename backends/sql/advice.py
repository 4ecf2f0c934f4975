"""What to do about what a database answered: the end of every sentence that tells of it."""

from __future__ import annotations

import re

_NOISE = re.compile(r"\[SSL: [A-Z0-9_]+\] | \(_ssl\.c:\d+\)")
LOGIN = ("28P01", "28000", 1045, 1698)
_NO_DATABASE = ("3D000", 1049, 1044)
_PRIVILEGE = ("42501", 1142, 1143, 1227)
_FULL = ("53100", 1021, "SQLITE_FULL")
_CONNECTIONS = ("53300", 1040, 1203)
_NO_TLS = ("rejected SSL upgrade", "SSL is required but the server", "server does not support SSL")
_NO_FILE_OF_OURS = ("SQLITE_NOTADB", "SQLITE_CORRUPT")

FULL = "nothing was changed by this statement; free space on the database's disk, then try again"
CONNECTIONS = "every connection is taken; close some, or try again later"


def denied(code: str | int | None) -> str:
    """Return what to do about a refusal."""
    if code in LOGIN:
        return "check user and password, which ~/.pgpass or ~/.my.cnf may hold instead of the URL"
    if code in _NO_DATABASE:
        return "check the database's name at the end of the URL, and that this user may use it"
    if code in _PRIVILEGE:
        return "an administrator has to GRANT that to this user; `unstick doctor` tells what else is missing"
    return "check user, password, database and privileges"


def unreachable(told: str) -> str:
    """Return what to do about a server that is not there."""
    if "not known" in told or "nodename" in told or "name resolution" in told:
        return "there is no host of this name: check its spelling, and DNS or VPN"
    if "refused" in told:
        return "nothing listens there: check host and port, and that the server runs"
    return "check host, port and that the server runs"


def other(code: str | int | None, told: str) -> str:
    """Return what to do about any other answer; empty where nothing is known that would help."""
    if any(words in told for words in _NO_TLS):
        return "this server has no TLS: set it up there, or ask for less with sslmode or tls.mode"
    if "certificate" in told and "verify failed" in told:
        return _certificate(told)
    if "certificate required" in told or "requires a valid client certificate" in told:
        return "the server wants a certificate of ours: name it with tls.cert and tls.key"
    if code in _FULL or "disk is full" in told or "No space left" in told:
        return FULL
    if code in _CONNECTIONS:
        return CONNECTIONS
    if code in _NO_FILE_OF_OURS:
        return "this file is no SQLite database, or a damaged one; check the path in the URL"
    return ""


def _certificate(told: str) -> str:
    """What to do about a certificate that doesn't hold."""
    if "ostname mismatch" in told or "not valid for" in told:
        return "it is for another host: use the name that it is for, or verify-ca"
    if "expired" in told:
        return "it has to be renewed on the server"
    return "give the authority that signed it with sslrootcert (MySQL: ssl_ca) or tls.ca"


def in_words(told: str) -> str:
    """Return what a driver said without the parts that only its author understands."""
    if told.startswith(("Connect call failed", "Multiple exceptions: [Errno 111]")):
        return "connection refused"
    told = _NOISE.sub("", told)
    for noise in (" ([Errno 111] Connection refused)", " ([Errno -2] Name or service not known)"):
        if told.endswith(noise):
            return told.removesuffix(noise) + ": " + noise.partition("] ")[2].rstrip(")").lower()
    return told
