"""Makes tests/vectors/python.json: requests signed, or accepted, by the providers' own published libraries.

    pip install -r requirements.txt && python generate.py          in this folder; requirements.txt pins the libraries

In: nothing but the pinned packages. Out: a list of requests that hooktool must call `ok`. Where a library only verifies, the
signature is made here by the documented rule, and the library must accept it, or nothing is written.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import time
from datetime import datetime, timezone

HERE = pathlib.Path(__file__).parent
NOW = 1_700_000_000
URL = "https://hooks.example.com/tidy-otter/in?a=1"
BODY = '{"id":"evt_1","type":"thing.happened","name":"Zoë ☃","amount":4200,"path":"a/b"}\n'

# Some libraries ask the clock themselves.
time.time = lambda: float(NOW)

import standardwebhooks  # noqa: E402
import stripe  # noqa: E402
import svix  # noqa: E402
from hubspot.utils.signature import Signature  # noqa: E402
from linebot.v3.webhook import SignatureValidator  # noqa: E402
from slack_sdk.signature import SignatureVerifier  # noqa: E402
from twilio.request_validator import RequestValidator  # noqa: E402

PINS = dict(line.strip().split("==") for line in (HERE / "requirements.txt").read_text().splitlines())
VECTORS = []


def add(library, provider, secret, headers, body, url=None):
    VECTORS.append(
        {
            "library": f"{library}=={PINS[library]}",
            "provider": provider,
            "secret": secret,
            "method": "POST",
            "url": url,
            "headers": headers,
            "body": body,
            "at": NOW,
        }
    )


def mac(key, text):
    return hmac.new(key.encode(), text.encode(), hashlib.sha256)


def b64(digest):
    return base64.b64encode(digest.digest()).decode()


# Stripe: signs.
secret = "whsec_test_secret"
signature = stripe.WebhookSignature._compute_signature(f"{NOW}.{BODY}", secret)
header = f"t={NOW},v1={signature}"
assert stripe.WebhookSignature.verify_header(BODY, header, secret, 300)
add("stripe", "stripe", secret, [["Stripe-Signature", header]], BODY)

# Slack: signs.
verifier = SignatureVerifier("8f742231b10e8888abcd99yyyzzz85a5")
for body in (BODY, "token=x&command=%2Fweather&text=94070"):
    signature = verifier.generate_signature(timestamp=str(NOW), body=body)
    headers = [["X-Slack-Signature", signature], ["X-Slack-Request-Timestamp", str(NOW)]]
    add("slack_sdk", "slack", "8f742231b10e8888abcd99yyyzzz85a5", headers, body)

# Twilio: signs; a form, and JSON with the body's hash in the URL.
validator = RequestValidator("12345")
params = {"To": "+18005551212", "From": "+14158675309", "Body": "a b&c"}
signature = validator.compute_signature(URL, params)
assert validator.validate(URL, params, signature)
headers = [["X-Twilio-Signature", signature], ["Content-Type", "application/x-www-form-urlencoded"]]
add("twilio", "twilio", "12345", headers, "To=%2B18005551212&From=%2B14158675309&Body=a+b%26c", URL)
url = f"{URL}&bodySHA256={hashlib.sha256(BODY.encode()).hexdigest()}"
signature = validator.compute_signature(url, {})
assert validator.validate(url, BODY, signature)
add("twilio", "twilio", "12345", [["X-Twilio-Signature", signature]], BODY, url)

# Standard Webhooks and Svix: sign.
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
moment = datetime.fromtimestamp(NOW, tz=timezone.utc)
for library, provider, start, webhook in (
    ("standardwebhooks", "standard-webhooks", "webhook", standardwebhooks.Webhook(secret)),
    ("svix", "svix", "svix", svix.Webhook(secret)),
):
    signature = webhook.sign("msg_1", moment, BODY)
    headers = [[f"{start}-id", "msg_1"], [f"{start}-timestamp", str(NOW)], [f"{start}-signature", signature]]
    add(library, provider, secret, headers, BODY)

# HubSpot: signs, in three versions.
secret = "hubspot-secret"
for version, names in (
    ("v1", ("X-HubSpot-Signature", "X-HubSpot-Signature-Version")),
    ("v2", ("X-HubSpot-Signature", "X-HubSpot-Signature-Version")),
    ("v3", ("X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp")),
):
    arguments = {
        "client_secret": secret,
        "request_body": BODY,
        "http_uri": URL,
        "http_method": "POST",
        "timestamp": str(NOW * 1000),
    }
    signature = Signature.get_signature(signature_version=version, **arguments)
    signature = signature.decode() if isinstance(signature, bytes) else signature
    beside = version if version != "v3" else str(NOW * 1000)
    add("hubspot-api-client", "hubspot", secret, [[names[0], signature], [names[1], beside]], BODY, URL)

# LINE: verifies.
signature = b64(mac("line-secret", BODY))
assert SignatureValidator("line-secret").validate(BODY, signature)
add("line-bot-sdk", "line", "line-secret", [["X-Line-Signature", signature]], BODY)

text = json.dumps(VECTORS, indent=1, ensure_ascii=False)
(HERE / "python.json").write_text(text + "\n", encoding="utf-8")
print(len(VECTORS), "vectors")
