// trigger → relay → listener → an app that verifies by the providers' own published libraries.
//
//   npm install && node roundtrip.mjs PATH_TO_HOOKTOOL     in a folder with package.json, which pins the libraries
//
// In: the program, and nothing but the pinned packages. Out: a line a provider; exit 0 if every library accepts each sample that
// hooktool signs, and none accepts it with one byte changed.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

import Stripe from "stripe";
import * as octokit from "@octokit/webhooks-methods";
import twilio from "twilio";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { WebhooksHelper } from "square";
import { Paddle } from "@paddle/paddle-node-sdk";
import { LinearWebhookClient } from "@linear/sdk/webhooks";
import * as hubspot from "@hubspot/api-client";
import adyen from "@adyen/api-library";
import "@shopify/shopify-api/adapters/node";
import { shopifyApi, ApiVersion } from "@shopify/shopify-api";

const require = createRequire(import.meta.url);
const slack = require("./node_modules/@slack/bolt/dist/receivers/verify-request.js");

const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const shopify = shopifyApi({ apiKey: "k", apiSecretKey: "shopify-secret", hostName: "a.example", apiVersion: Object.values(ApiVersion).at(-1), isEmbeddedApp: false, logger: { level: 0 } });
const svix = (request) => {
  new SvixWebhook(WHSEC).verify(request.body, request.headers);
  return true;
};
const form = (body) => Object.fromEntries(new URLSearchParams(body));

// Each says whether its library accepts a request; one that throws does not. Those of Slack and Svix only throw.
const PROVIDERS = {
  stripe: { secret: "whsec_test_secret", takes: (r, s) => Stripe.webhooks.constructEvent(r.body, r.headers["stripe-signature"], s, 300) },
  github: { secret: "It's a Secret to Everybody", takes: (r, s) => octokit.verify(s, r.body, r.headers["x-hub-signature-256"]) },
  slack: { secret: "8f742231b10e8888abcd99yyyzzz85a5", takes: (r, s) => slack.verifySlackRequest({ signingSecret: s, body: r.body, headers: r.headers }) ?? true },
  shopify: { secret: "shopify-secret", takes: async (r) => (await shopify.webhooks.validate({ rawBody: r.body, rawRequest: { method: "POST", url: r.url, headers: r.headers } })).valid },
  twilio: { secret: "12345", takes: (r, s) => twilio.validateRequest(s, r.headers["x-twilio-signature"], r.called, form(r.body)) },
  "standard-webhooks": { secret: WHSEC, takes: (r, s) => new StandardWebhook(s).verify(r.body, r.headers) },
  svix: { secret: WHSEC, takes: svix },
  clerk: { secret: WHSEC, takes: svix },
  resend: { secret: WHSEC, takes: svix },
  square: { secret: "square-key", takes: (r, s) => WebhooksHelper.verifySignature({ requestBody: r.body, signatureHeader: r.headers["x-square-hmacsha256-signature"], signatureKey: s, notificationUrl: r.called }) },
  paddle: { secret: "pdl_ntfset_01_abc", takes: (r, s) => new Paddle("k").webhooks.isSignatureValid(r.body, s, r.headers["paddle-signature"]) },
  linear: { secret: "lin_wh_x", takes: (r, s) => new LinearWebhookClient(s).verify(Buffer.from(r.body), r.headers["linear-signature"], JSON.parse(r.body).webhookTimestamp) },
  hubspot: { secret: "hubspot-secret", takes: (r, s) => hubspot.Signature.isValid({ signatureVersion: "v3", signature: r.headers["x-hubspot-signature-v3"], method: "POST", url: r.called, clientSecret: s, requestBody: r.body, timestamp: Number(r.headers["x-hubspot-request-timestamp"]) }) },
  adyen: { secret: "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056", takes: (r, s) => new adyen.hmacValidator().validateHMAC(JSON.parse(r.body).notificationItems[0].NotificationRequestItem, s), field: "TidyOtterECOM" },
};

async function accepts(provider, request) {
  try {
    return Boolean(await provider.takes(request, provider.secret));
  } catch {
    return false;
  }
}

// The body with one letter or digit changed: the last one, or one of a field that is signed.
function changed(body, field) {
  const at = field ? body.indexOf(field) : body.search(/[a-z0-9][^a-z0-9]*$/i);
  const other = body[at] === "1" ? "2" : "1";
  return body.slice(0, at) + other + body.slice(at + 1);
}

const program = path.resolve(process.argv[2] ?? "hooktool");
const home = mkdtempSync(path.join(tmpdir(), "round-trip-"));
const folder = path.join(home, "app");
mkdirSync(path.join(folder, ".git"), { recursive: true });
const options = { cwd: folder, env: { HOME: home, PATH: process.env.PATH }, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
const run = (...args) => execFileSync(program, args, options);

let base = "";
const app = http.createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", async () => {
    const id = request.url.split("/")[1];
    const body = Buffer.concat(pieces).toString();
    const got = { url: request.url, called: base + request.url, headers: request.headers, body };
    const provider = PROVIDERS[id];
    const answer = !(await accepts(provider, got))
      ? [400, "the library refuses it\n"]
      : (await accepts(provider, { ...got, body: changed(body, provider.field) }))
        ? [500, "the library accepts it with a byte changed\n"]
        : [200, "ok\n"];
    response.writeHead(answer[0], { "content-type": "text/plain" }).end(answer[1]);
  });
});
await new Promise((listening) => app.listen(0, "127.0.0.1", listening));

const listener = spawn(program, ["listen", String(app.address().port)], { ...options, stdio: ["ignore", "ignore", "pipe"] });
let failed = 0;
try {
  base = await new Promise((found, lost) => {
    let said = "";
    listener.stderr.on("data", (piece) => {
      said += piece;
      const url = said.match(/(http:\/\/127\.0\.0\.1:\d+\/[a-z0-9-]+)[ \/]/);
      if (url) found(url[1]);
    });
    listener.on("exit", () => lost(new Error(`the listener ended: ${said}`)));
  });
  for (const [id, provider] of Object.entries(PROVIDERS)) {
    const file = path.join(home, `${id}.secret`);
    writeFileSync(file, provider.secret);
    run("secret", "add", id, `file:${file}`);
    const events = run("trigger", "--list", id, "--json").trim().split("\n").map((line) => JSON.parse(line).event);
    const results = [];
    for (const event of events) {
      const sent = await new Promise((ended) => {
        const child = spawn(program, ["trigger", id, event, "--path", `/${id}`, "--json"], { ...options, stdio: ["ignore", "pipe", "inherit"] });
        let text = "";
        child.stdout.on("data", (piece) => (text += piece));
        child.on("close", () => ended(JSON.parse(text || "{}")));
      });
      const is_ok = sent.status === 200 && sent.signed === true;
      results.push(is_ok ? event : `${event}: ${sent.status} ${sent.error ?? ""}`);
      failed += is_ok ? 0 : 1;
    }
    console.log(`${id.padEnd(18)} ${results.join(", ")}`);
  }
} finally {
  listener.removeAllListeners("exit");
  listener.kill("SIGINT");
  app.close();
  rmSync(home, { recursive: true, force: true });
}
if (failed > 0) console.error(`${failed} samples failed`);
process.exit(failed > 0 ? 1 : 0);
