"""What tuspy makes of each TLS fault of the mock. One line each: the name that asks for the fault, a
tab, and the reason that Python's ssl gives; 'taken' when there is none, and 'waits' when there is
neither within three seconds.

usage: tls_faults.py PORT NAME...   (the mock, at NAME.localhost:PORT; trusts REQUESTS_CA_BUNDLE)
"""
import io
import os
import socket
import ssl
import sys
import threading

import requests
from tusclient import client

port, names = sys.argv[1], sys.argv[2:]
resolve = socket.getaddrinfo


def getaddrinfo(host, *rest, **options):
    """RFC 6761 section 6.3, which not every resolver knows."""
    return resolve("127.0.0.1" if host.endswith(".localhost") else host, *rest, **options)


def reason_of(error):
    """The innermost error that is no wrapping of requests or urllib3."""
    outer = error
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return error.reason or str(error)
        if isinstance(error, ConnectionError) and not isinstance(error, requests.RequestException):
            return type(error).__name__
        inner = next((a for a in getattr(error, "args", ()) if isinstance(a, BaseException)), None)
        error = inner or getattr(error, "reason", None) or error.__cause__ or error.__context__
        if isinstance(error, str):
            return error
    return str(outer)


def upload(name, outcomes):
    try:
        uploader = client.TusClient(f"https://{name}.localhost:{port}/files/").uploader(
            file_stream=io.BytesIO(b"abc"), chunk_size=3, metadata={"filename": name}
        )
        uploader.upload()
        outcomes[name] = "taken"
    except Exception as error:  # whatever it is, the application gets it
        outcomes[name] = reason_of(error)


socket.getaddrinfo = getaddrinfo
outcomes = {}
threads = [threading.Thread(target=upload, args=(name, outcomes), daemon=True) for name in names]
for thread in threads:
    thread.start()
for name, thread in zip(names, threads):
    # Without a stall, a busy machine may still need long.
    thread.join(3 if name.startswith("stall-") else 30)
for name in names:
    print(f"{name}\t{outcomes.get(name, 'waits')}", flush=True)
os._exit(0)
