// Makes tests/vectors/node.json: requests signed, or accepted, by the providers' own published libraries.
//
//   npm install && node generate.mjs     in this folder; package.json pins the libraries
//
// In: nothing but the pinned packages. Out: a list of requests that hooktool must call `ok`. Where a library only verifies, the
// signature is made here by the documented rule, and the library must accept it, or nothing is written.

import crypto from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

import Stripe from "stripe";
import * as octokit from "@octokit/webhooks-methods";
import twilio from "twilio";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { WebhooksHelper } from "square";
import { Paddle } from "@paddle/paddle-node-sdk";
import { LinearWebhookClient } from "@linear/sdk/webhooks";
import { signRequest } from "@contentful/node-apps-toolkit";
import * as hubspot from "@hubspot/api-client";
import sendgrid from "@sendgrid/eventwebhook";
import { WorkOS } from "@workos-inc/node";
import { validateSignature } from "@line/bot-sdk";
import adyen from "@adyen/api-library";
import * as discord from "discord-interactions";
import "@shopify/shopify-api/adapters/node";
import { shopifyApi, ApiVersion } from "@shopify/shopify-api";

const require = createRequire(import.meta.url);
const slack = require("./node_modules/@slack/bolt/dist/receivers/verify-request.js");

const NOW = 1_700_000_000;
const URL_ = "https://hooks.example.com/tidy-otter/in?a=1";
const JSON_ = '{"id":"evt_1","type":"thing.happened","name":"Zoë ☃","amount":4200,"path":"a/b"}\n';

const pins = JSON.parse(readFileSync(new URL("package.json", import.meta.url))).dependencies;
const vectors = [];
const hmac = (hash, key, text, as) => crypto.createHmac(hash, key).update(text).digest(as);

// Some libraries ask the clock themselves.
globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length ? args : [NOW * 1000]));
  }
  static now() {
    return NOW * 1000;
  }
};

function add(library, provider, secret, headers, body, more = {}) {
  const version = pins[library];
  if (!version) throw new Error(`${library} is not pinned`);
  vectors.push({ library: `${library}@${version}`, provider, secret, method: "POST", url: null, headers, body, at: NOW, ...more });
}

function must(name, accepted) {
  if (!accepted) throw new Error(`${name} does not accept what was signed for it`);
}

// Stripe: signs.
{
  const secret = "whsec_test_secret";
  const header = Stripe.webhooks.generateTestHeaderString({ payload: JSON_, secret, timestamp: NOW });
  Stripe.webhooks.constructEvent(JSON_, header, secret, 300);
  add("stripe", "stripe", secret, [["Stripe-Signature", header]], JSON_);
  const both = `${header},v1=${"0".repeat(64)},v0=${"1".repeat(64)}`;
  Stripe.webhooks.constructEvent(JSON_, both, secret, 300);
  add("stripe", "stripe", secret, [["Stripe-Signature", both]], JSON_);
}
// GitHub: signs.
{
  const secret = "It's a Secret to Everybody";
  const signature = await octokit.sign(secret, JSON_);
  must("octokit", await octokit.verify(secret, JSON_, signature));
  add("@octokit/webhooks-methods", "github", secret, [["X-GitHub-Event", "ping"], ["X-Hub-Signature-256", signature]], JSON_);
}
// Slack: verifies.
for (const body of [JSON_, "token=x&command=%2Fweather&text=94070"]) {
  const secret = "8f742231b10e8888abcd99yyyzzz85a5";
  const signature = `v0=${hmac("sha256", secret, `v0:${NOW}:${body}`, "hex")}`;
  const headers = { "x-slack-signature": signature, "x-slack-request-timestamp": NOW };
  slack.verifySlackRequest({ signingSecret: secret, body, headers, nowMilliseconds: NOW * 1000 });
  add("@slack/bolt", "slack", secret, [["X-Slack-Signature", signature], ["X-Slack-Request-Timestamp", String(NOW)]], body);
}
// Twilio: signs; a form, and JSON with the body's hash in the URL.
{
  const secret = "12345";
  const body = "To=%2B18005551212&From=%2B14158675309&Digits=1234&Body=a+b%26c&Media=2&Media=1&Media=2";
  const params = { To: "+18005551212", From: "+14158675309", Digits: "1234", Body: "a b&c", Media: ["2", "1", "2"] };
  for (const url of [URL_, URL_.replace("example.com", "example.com:443")]) {
    const signature = twilio.getExpectedTwilioSignature(secret, url, params);
    must("twilio", twilio.validateRequest(secret, signature, URL_, params));
    add("twilio", "twilio", secret, [["X-Twilio-Signature", signature], ["Content-Type", "application/x-www-form-urlencoded"]], body, { url: URL_ });
  }
  const url = `${URL_}&bodySHA256=${twilio.getExpectedBodyHash(JSON_)}`;
  const signature = twilio.getExpectedTwilioSignature(secret, url, {});
  must("twilio", twilio.validateRequestWithBody(secret, signature, url, JSON_));
  add("twilio", "twilio", secret, [["X-Twilio-Signature", signature], ["Content-Type", "application/json"]], JSON_, { url });
}
// Standard Webhooks and Svix: sign.
{
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const moment = new Date(NOW * 1000);
  const standard = new StandardWebhook(secret).sign("msg_1", moment, JSON_);
  add("standardwebhooks", "standard-webhooks", secret, [["webhook-id", "msg_1"], ["webhook-timestamp", String(NOW)], ["webhook-signature", `v1,AAAA ${standard}`]], JSON_);
  const svix = new SvixWebhook(secret).sign("msg_2", moment, JSON_);
  add("svix", "svix", secret, [["svix-id", "msg_2"], ["svix-timestamp", String(NOW)], ["svix-signature", svix]], JSON_);
}
// Shopify: verifies.
{
  const secret = "shopify-secret";
  const api = shopifyApi({ apiKey: "k", apiSecretKey: secret, hostName: "a.example", apiVersion: Object.values(ApiVersion).at(-1), isEmbeddedApp: false, logger: { level: 0 } });
  const signature = hmac("sha256", secret, JSON_, "base64");
  const headers = [["X-Shopify-Topic", "orders/create"], ["X-Shopify-Hmac-Sha256", signature], ["X-Shopify-Webhook-Id", "b5"], ["X-Shopify-Shop-Domain", "a.myshopify.com"], ["X-Shopify-API-Version", "2026-01"]];
  const rawRequest = { method: "POST", url: "/in", headers: Object.fromEntries(headers) };
  const found = await api.webhooks.validate({ rawBody: JSON_, rawRequest });
  must("shopify", found.valid);
  add("@shopify/shopify-api", "shopify", secret, headers, JSON_);
}
// Square: verifies.
{
  const secret = "square-key";
  const signature = hmac("sha256", secret, URL_ + JSON_, "base64");
  must("square", await WebhooksHelper.verifySignature({ requestBody: JSON_, signatureHeader: signature, signatureKey: secret, notificationUrl: URL_ }));
  add("square", "square", secret, [["X-Square-HmacSha256-Signature", signature]], JSON_, { url: URL_ });
}
// Paddle: verifies.
{
  const secret = "pdl_ntfset_01_abc";
  const header = `ts=${NOW};h1=${hmac("sha256", secret, `${NOW}:${JSON_}`, "hex")}`;
  must("paddle", await new Paddle("k").webhooks.isSignatureValid(JSON_, secret, header));
  add("@paddle/paddle-node-sdk", "paddle", secret, [["Paddle-Signature", header]], JSON_);
}
// Linear: verifies.
{
  const secret = "lin_wh_x";
  const body = `{"action":"create","type":"Issue","webhookTimestamp":${NOW * 1000}}`;
  const signature = hmac("sha256", secret, body, "hex");
  must("linear", new LinearWebhookClient(secret).verify(Buffer.from(body), signature, NOW * 1000));
  add("@linear/sdk", "linear", secret, [["Linear-Event", "Issue"], ["Linear-Delivery", "l-1"], ["Linear-Signature", signature]], body);
}
// Contentful: signs.
{
  const secret = "contentful-secret-of-64-characters-is-what-they-hand-out-to-you1";
  const path = "/tidy-otter/in";
  const topic = { "X-Contentful-Topic": "Entry.publish" };
  const signed = signRequest(secret, { method: "POST", path, headers: topic, body: JSON_ }, NOW * 1000);
  const headers = Object.entries({ ...topic, ...signed });
  add("@contentful/node-apps-toolkit", "contentful", secret, headers, JSON_, { url: `https://hooks.example.com${path}` });
}
// HubSpot: verifies, in three versions.
{
  const secret = "hubspot-secret";
  const url = "https://hooks.example.com/tidy-otter/in?at=10%3A30&b=c";
  const check = (version, headers, at) => {
    const options = { signatureVersion: version, method: "POST", url: at, clientSecret: secret, requestBody: JSON_, timestamp: NOW * 1000 };
    const message = { v1: secret + JSON_, v2: secret + "POST" + at + JSON_, v3: "POST" + at + JSON_ + NOW * 1000 }[version];
    const signature = version === "v3" ? hmac("sha256", secret, message, "base64") : crypto.createHash("sha256").update(message).digest("hex");
    must(`hubspot ${version}`, hubspot.Signature.isValid({ ...options, signature }));
    add("@hubspot/api-client", "hubspot", secret, headers(signature), JSON_, { url: at });
  };
  check("v1", (s) => [["X-HubSpot-Signature", s], ["X-HubSpot-Signature-Version", "v1"]], url);
  check("v2", (s) => [["X-HubSpot-Signature", s], ["X-HubSpot-Signature-Version", "v2"]], url);
  check("v3", (s) => [["X-HubSpot-Signature-v3", s], ["X-HubSpot-Request-Timestamp", String(NOW * 1000)]], URL_);
}
// SendGrid: verifies, by a public key made here.
{
  const { publicKey, privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  const secret = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const body = '[{"event":"open","sg_event_id":"a"}]\r\n';
  const signature = crypto.sign("sha256", Buffer.from(NOW + body), privateKey).toString("base64");
  const events = new sendgrid.EventWebhook();
  must("sendgrid", events.verifySignature(events.convertPublicKeyToECDSA(secret), body, signature, String(NOW)));
  add("@sendgrid/eventwebhook", "sendgrid", secret, [["X-Twilio-Email-Event-Webhook-Signature", signature], ["X-Twilio-Email-Event-Webhook-Timestamp", String(NOW)]], body);
}
// WorkOS: verifies; it serialises the JSON anew, so the body is as it would write it.
{
  const secret = "workos-secret";
  const body = JSON.stringify({ id: "event_1", event: "user.created", data: { object: "user", id: "u" }, created_at: "2026-01-01T00:00:00Z" });
  const sigHeader = `t=${NOW * 1000}, v1=${hmac("sha256", secret, `${NOW * 1000}.${body}`, "hex")}`;
  const workos = new WorkOS("sk_test");
  must("workos", await workos.webhooks.verifyHeader({ payload: JSON.parse(body), sigHeader, secret }));
  add("@workos-inc/node", "workos", secret, [["WorkOS-Signature", sigHeader]], body);
}
// LINE: verifies.
{
  const secret = "line-secret";
  const signature = hmac("sha256", secret, JSON_, "base64");
  must("line", validateSignature(JSON_, secret, signature));
  add("@line/bot-sdk", "line", secret, [["X-Line-Signature", signature]], JSON_);
}
// Adyen: signs an item.
{
  const secret = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
  const item = { pspReference: "7914073381342284", originalReference: "", merchantAccountCode: "TestMerchant", merchantReference: "Test:Payment\\1", amount: { value: 1130, currency: "EUR" }, eventCode: "AUTHORISATION", success: "true", additionalData: {} };
  const validator = new adyen.hmacValidator();
  item.additionalData.hmacSignature = validator.calculateHmac(item, secret);
  must("adyen", validator.validateHMAC(item, secret));
  add("@adyen/api-library", "adyen", secret, [], JSON.stringify({ live: "false", notificationItems: [{ NotificationRequestItem: item }] }));
}
// Discord: verifies, by a public key made here.
{
  const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
  const secret = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
  const body = '{"type":0}';
  const signature = crypto.sign(null, Buffer.from(NOW + body), privateKey).toString("hex");
  must("discord", await discord.verifyKey(body, signature, String(NOW), secret));
  add("discord-interactions", "discord", secret, [["X-Signature-Ed25519", signature], ["X-Signature-Timestamp", String(NOW)]], body);
}

writeFileSync(new URL("node.json", import.meta.url), JSON.stringify(vectors, null, 1) + "\n");
console.log(`${vectors.length} vectors`);
