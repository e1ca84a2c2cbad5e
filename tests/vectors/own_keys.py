"""Makes tests/vectors/own_keys.json: requests of senders whose libraries cannot sign, signed by keys of our own.

    pip install cryptography==48.0.0 && python own_keys.py          in this folder

In: nothing but that package. Out: a list of requests that hooktool must call `ok`, or `token`; `covered` is a part of the body without
which it must call them `bad`. Each signature is made by the rule of
the sender's documentation, by RSA or HMAC of that package, and not by hooktool; each vector says so. A run makes new keys.
"""

import base64
import datetime
import json
import pathlib
import zlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

HERE = pathlib.Path(__file__).parent
NOW = 1_700_000_000
BODY = '{"id":"WH-1","event_type":"PAYMENT.SALE.COMPLETED","name":"Zoë ☃","amount":"42.00"}\n'
MADE = "own keys, cryptography==48.0.0: "
VECTORS = []


def add(how, provider, secret, headers, body, **more):
    VECTORS.append(
        {
            "library": MADE + how,
            "provider": provider,
            "secret": secret,
            "method": "POST",
            "url": None,
            "headers": headers,
            "body": body,
            "at": NOW,
            **more,
        }
    )


def certified():
    """A key, and a certificate for it that it signed itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooktool test")])
    start = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=36500))
    certificate = builder.sign(key, hashes.SHA256())
    return key, certificate.public_bytes(serialization.Encoding.PEM).decode()


def signed(key, text, by):
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), by)).decode()


# GitLab: the token, which protects nothing; and the signing token (MR 230944), which is Standard Webhooks.
event = [["X-Gitlab-Event", "Push Hook"], ["X-Gitlab-Event-UUID", "13792a34"]]
push = '{"object_kind":"push","checkout_sha":"da15608"}'
token = "own-test-token"
add("the token itself", "gitlab", token, [*event, ["X-Gitlab-Token", token]], push, verdict="token")
key = bytes(range(32))
mac = hmac.HMAC(key, hashes.SHA256())
mac.update(f"13792a34.{NOW}.{push}".encode())
signature = "v1," + base64.b64encode(mac.finalize()).decode()
headers = [
    *event,
    ["webhook-id", "13792a34"],
    ["webhook-timestamp", str(NOW)],
    ["webhook-signature", signature],
]
secret = "whsec_" + base64.b64encode(key).decode()
how = "HMAC-SHA256 of webhook-id.webhook-timestamp.body"
add(how, "gitlab", secret, headers, push, covered="da15608")

# PayPal: RSA with SHA-256 of id|time|webhook id|crc32 of the body.
key, pem = certified()
time = "2023-11-14T22:13:20Z"
text = f"69cd13f0|{time}|WH-OWN|{zlib.crc32(BODY.encode())}"
headers = [
    ["PayPal-Transmission-Id", "69cd13f0"],
    ["PayPal-Transmission-Time", time],
    ["PayPal-Transmission-Sig", signed(key, text, hashes.SHA256())],
    ["PayPal-Cert-Url", "https://api.paypal.com/v1/notifications/certs/CERT-360caa42"],
    ["PayPal-Auth-Algo", "SHA256withRSA"],
]
how = "RSA PKCS #1 with SHA-256 of transmission-id|time|webhook id|crc32"
add(how, "paypal", pem, headers, BODY, config={"webhook_id": "WH-OWN"}, covered="42.00")

# Amazon SNS: RSA of its lines, with SHA-1 in version 1 and SHA-256 in version 2.
key, pem = certified()
for version, by in (("1", hashes.SHA1()), ("2", hashes.SHA256())):
    notification = {
        "Type": "Notification",
        "MessageId": "165545c9",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:own",
        "Subject": "Grüße",
        "Message": 'a "message"\nof two lines',
        "Timestamp": "2023-11-14T22:13:20.000Z",
    }
    confirmation = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9",
        "Token": "2336412f",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:own",
        "Message": "You have chosen to subscribe.",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
        "Timestamp": "2023-11-14T22:13:20.000Z",
    }
    for message, covered, names in (
        (notification, "two lines", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]),
        (confirmation, "chosen", ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]),
    ):
        text = "".join(f"{name}\n{message[name]}\n" for name in names)
        message["SignatureVersion"] = version
        message["Signature"] = signed(key, text, by)
        message["SigningCertURL"] = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-own.pem"
        headers = [["x-amz-sns-message-type", message["Type"]], ["Content-Type", "text/plain; charset=UTF-8"]]
        how = f"RSA PKCS #1 with {by.name.upper()} of the lines of a {message['Type']}"
        add(how, "aws-sns", pem, headers, json.dumps(message, indent=2), covered=covered)

text = json.dumps(VECTORS, indent=1, ensure_ascii=False)
(HERE / "own_keys.json").write_text(text + "\n", encoding="utf-8")
print(len(VECTORS), "vectors")
