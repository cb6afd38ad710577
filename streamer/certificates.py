"""Files of certificates and keys, looked at before a library does, whose complaint would be a traceback."""

import ssl
from pathlib import Path


def wrong_authorities(path: Path) -> str | None:
    """Return what is wrong with a file of certificate authorities, as the end of a sentence; None if nothing is."""
    if reason := _unreadable(path):
        return reason
    try:
        ssl.create_default_context(cafile=str(path))
    except (ssl.SSLError, OSError):
        return f"the file {path} holds no certificate in PEM form"
    return None


def wrong_pair(certificate: Path, key: Path | None) -> str | None:
    """Return what is wrong with a client's certificate and its private key, as the end of a sentence.

    :param key: None: it stands in the certificate's file too.
    """
    for path in filter(None, (certificate, key)):
        if reason := _unreadable(path):
            return reason
    try:
        ssl.create_default_context().load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, OSError, ValueError):
        return f"{certificate} and {key or certificate} are no certificate and its private key, PEM without a password"
    return None


def _unreadable(path: Path) -> str | None:
    try:
        with path.open("rb"):
            return None
    except OSError as error:
        return f"the file {path} cannot be read ({error.strerror})"
