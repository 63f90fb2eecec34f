"""Connects to what `npm run sandbox -- --json` prints with the checks that are the default since Python 3.13."""

import json
import socket
import ssl
import sys
from urllib.parse import urlsplit

site = json.load(sys.stdin)["passwordSafe"]
address = urlsplit(site["url"])
context = ssl.create_default_context(cafile=site["caFile"])
context.verify_flags |= ssl.VERIFY_X509_STRICT
with socket.create_connection((address.hostname, address.port)) as plain:
    with context.wrap_socket(plain, server_hostname=address.hostname):
        print("accepted")
