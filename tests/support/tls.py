"""Certificates of 127.0.0.1 and localhost, made for one test run, by an authority of their own."""

from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files of one authority and one server."""

    authority: Path
    """What a client has to trust."""
    chain: Path
    """The server's certificate."""
    key: Path
    """The server's private key, PKCS 8."""
    key_and_chain: Path
    """Both in one file, as a PEM keystore of Java has them."""


def make_certificates(folder: Path) -> Certificates:
    """Make an authority and a certificate of it for 127.0.0.1 and localhost, and write them to the folder."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost")
    private = load_pem_private_key(server.private_key_pem.bytes(), password=None)
    key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = b"".join(each.bytes() for each in server.cert_chain_pems)
    made = Certificates(
        folder / "authority.pem", folder / "chain.pem", folder / "key.pem", folder / "key-and-chain.pem"
    )
    made.authority.write_bytes(authority.cert_pem.bytes())
    made.chain.write_bytes(chain)
    made.key.write_bytes(key)
    made.key_and_chain.write_bytes(key + chain)
    return made
