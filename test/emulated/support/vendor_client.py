"""Fetches a credential with BeyondTrust's published Python library, from what `npm run sandbox -- --json` prints.

Takes the type of sign-in (oauth or api-key) and SYSTEM/ACCOUNT as arguments and the printed line on standard input.
Prints the credential and the number of open requests as JSON.
"""

import json
import sys

from secrets_safe_library.authentication import Authentication
from secrets_safe_library.managed_account import ManagedAccount
from secrets_safe_library.requests import Request

way, path = sys.argv[1:]
site = json.load(sys.stdin)["passwordSafe"]
factors = {
    "oauth": {"client_id": site["clientId"], "client_secret": site["clientSecret"]},
    "api-key": {"api_key": f"{site['apiKey']}; runas={site['runAs']};"},
}[way]

authentication = Authentication(api_url=site["url"], verify_ca=site["caFile"], **factors)
signed_in = authentication.get_api_access()
if signed_in.status_code != 200:
    sys.exit(f"Signing in was answered with {signed_in.status_code}.")
credential = ManagedAccount(authentication).get_secret(path)
left_open = Request(authentication).get_requests(status="all", queue="req")
if not authentication.sign_app_out():
    sys.exit("Signing out was not answered with 200.")
print(json.dumps({"credential": credential, "leftOpen": len(left_open)}))
