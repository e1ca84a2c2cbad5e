//! A sample of every provider, with made-up names; small, and of the shape that the real ones have.

/// A request before it is signed, and what it should be taken for.
pub(super) struct Sample {
    pub(super) provider: &'static str,
    pub(super) secret: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: &'static str,
    pub(super) title: Option<&'static str>,
    pub(super) ids: &'static [&'static str],
    pub(super) attempt: Option<&'static str>,
    /// The headers in which every byte counts, in the spelling that the signature decodes.
    pub(super) signed: &'static [&'static str],
}

const fn sample(
    provider: &'static str,
    secret: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    title: Option<&'static str>,
    ids: &'static [&'static str],
) -> Sample {
    Sample {
        provider,
        secret,
        headers,
        body,
        title,
        ids,
        attempt: None,
        signed: &[],
    }
}

const SVIX_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        signed: &["stripe-signature"],
        ..sample(
            "stripe",
            "whsec_test_4eC39HqLyjWDarjtT1zdp7dc",
            &[("stripe-signature", "-")],
            r#"{"id":"evt_1","object":"event","type":"charge.succeeded","data":{"object":{"id":"ch_1","amount":4200}}}"#,
            Some("charge.succeeded"),
            &["evt_1"],
        )
    },
    Sample {
        signed: &["x-hub-signature-256"],
        ..sample(
            "github",
            "It's a Secret to Everybody",
            &[
                ("X-GitHub-Event", "pull_request"),
                ("X-GitHub-Delivery", "72d3162e"),
                ("X-Hub-Signature-256", "-"),
            ],
            r#"{"action":"opened","number":2,"pull_request":{"title":"Caf\u00e9 é"}}"#,
            Some("pull_request.opened"),
            &["72d3162e"],
        )
    },
    sample(
        "gitlab",
        "gitlab-token",
        &[
            ("X-Gitlab-Event", "Push Hook"),
            ("Idempotency-Key", "f5b1"),
            ("X-Gitlab-Token", "-"),
            ("X-Gitlab-Webhook-UUID", "no"),
        ],
        r#"{"object_kind":"push"}"#,
        Some("Push Hook"),
        &["f5b1"],
    ),
    Sample {
        attempt: Some("2"),
        signed: &["x-hub-signature"],
        ..sample(
            "bitbucket",
            "bitbucket-secret",
            &[
                ("X-Event-Key", "repo:push"),
                ("X-Hook-UUID", "h"),
                ("X-Request-UUID", "r-1"),
                ("X-Attempt-Number", "2"),
                ("X-Hub-Signature", "-"),
            ],
            r#"{"push":{}}"#,
            Some("repo:push"),
            &["r-1"],
        )
    },
    sample(
        "shopify",
        "shopify-secret",
        &[
            ("X-Shopify-Topic", "orders/create"),
            ("X-Shopify-Webhook-Id", "b5"),
            ("X-Shopify-Event-Id", "no"),
            ("X-Shopify-Hmac-Sha256", "-"),
        ],
        r#"{"id":820982911946154508,"email":"jo@example.com"}"#,
        Some("orders/create"),
        &["b5"],
    ),
    Sample {
        attempt: Some("1"),
        signed: &["x-slack-signature", "x-slack-request-timestamp"],
        ..sample(
            "slack",
            "8f742231b10e8888abcd99yyyzzz85a5",
            &[
                ("X-Slack-Request-Timestamp", "1"),
                ("X-Slack-Retry-Num", "1"),
                ("X-Slack-Retry-Reason", "http_timeout"),
                ("X-Slack-Signature", "-"),
            ],
            r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"message","text":"hi"}}"#,
            Some("message"),
            &["Ev1"],
        )
    },
    sample(
        "twilio",
        "12345",
        &[
            ("X-Twilio-Signature", "-"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("I-Twilio-Idempotency-Token", "t-1"),
        ],
        "MessageStatus=delivered&MessageSid=SM1&To=%2B18005551212",
        Some("delivered"),
        &["t-1"],
    ),
    sample(
        "sendgrid",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
        &[
            ("X-Twilio-Email-Event-Webhook-Signature", "-"),
            ("X-Twilio-Email-Event-Webhook-Timestamp", "1"),
        ],
        "[{\"event\":\"open\",\"sg_event_id\":\"a\"},{\"event\":\"click\",\"sg_event_id\":\"b\"}]\r\n",
        Some("open"),
        &["a", "b"],
    ),
    sample(
        "mailgun",
        "mailgun-signing-key",
        &[],
        r#"{"signature":{"timestamp":"1","token":"tok","signature":"-"},"event-data":{"event":"opened","id":"Ase7"}}"#,
        Some("opened"),
        &["Ase7"],
    ),
    Sample {
        signed: &["paddle-signature"],
        ..sample(
            "paddle",
            "pdl_ntfset_01_x",
            &[("Paddle-Signature", "-")],
            r#"{"event_id":"evt_01","event_type":"transaction.paid","notification_id":"ntf_01"}"#,
            Some("transaction.paid"),
            &["evt_01"],
        )
    },
    Sample {
        attempt: Some("3"),
        ..sample(
            "square",
            "square-key",
            &[
                ("X-Square-HmacSha256-Signature", "-"),
                ("Square-Retry-Number", "3"),
            ],
            r#"{"type":"payment.updated","event_id":"sq-1"}"#,
            Some("payment.updated"),
            &["sq-1"],
        )
    },
    sample(
        "paypal",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        &[
            ("PayPal-Transmission-Id", "t"),
            ("PayPal-Transmission-Time", "2026-01-01T00:00:00Z"),
            ("PayPal-Transmission-Sig", "-"),
        ],
        r#"{"id":"WH-1","event_type":"PAYMENT.SALE.COMPLETED"}"#,
        Some("PAYMENT.SALE.COMPLETED"),
        &["WH-1"],
    ),
    sample(
        "discord",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        &[("X-Signature-Ed25519", "-"), ("X-Signature-Timestamp", "1")],
        r#"{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}"#,
        Some("ENTITLEMENT_CREATE"),
        &[],
    ),
    Sample {
        signed: &["x-zm-signature", "x-zm-request-timestamp"],
        ..sample(
            "zoom",
            "zoom-secret",
            &[("x-zm-signature", "-"), ("x-zm-request-timestamp", "1")],
            r#"{"event":"meeting.started","event_ts":1}"#,
            Some("meeting.started"),
            &[],
        )
    },
    Sample {
        signed: &["webhook-id", "webhook-timestamp"],
        ..sample(
            "standard-webhooks",
            SVIX_KEY,
            &[
                ("webhook-id", "msg_1"),
                ("webhook-timestamp", "1"),
                ("webhook-signature", "-"),
            ],
            r#"{"type":"user.created","data":{}}"#,
            Some("user.created"),
            &["msg_1"],
        )
    },
    Sample {
        signed: &["svix-id", "svix-timestamp"],
        ..sample(
            "svix",
            SVIX_KEY,
            &[
                ("svix-id", "msg_2"),
                ("svix-timestamp", "1"),
                ("svix-signature", "-"),
            ],
            r#"{"type":"invoice.paid"}"#,
            Some("invoice.paid"),
            &["msg_2"],
        )
    },
    sample(
        "clerk",
        SVIX_KEY,
        &[
            ("svix-id", "msg_3"),
            ("svix-timestamp", "1"),
            ("svix-signature", "-"),
        ],
        r#"{"object":"event","type":"user.created","instance_id":"ins_1"}"#,
        Some("user.created"),
        &["msg_3"],
    ),
    sample(
        "resend",
        SVIX_KEY,
        &[
            ("svix-id", "msg_4"),
            ("svix-timestamp", "1"),
            ("svix-signature", "-"),
        ],
        r#"{"type":"email.delivered","data":{}}"#,
        Some("email.delivered"),
        &["msg_4"],
    ),
    Sample {
        signed: &["linear-signature"],
        ..sample(
            "linear",
            "lin_wh_x",
            &[
                ("Linear-Event", "Issue"),
                ("Linear-Delivery", "l-1"),
                ("Linear-Signature", "-"),
            ],
            r#"{"action":"update","type":"Issue","webhookTimestamp":1}"#,
            Some("Issue.update"),
            &["l-1"],
        )
    },
    sample(
        "vercel",
        "vercel-secret",
        &[("x-vercel-signature", "-")],
        r#"{"id":"v-1","type":"deployment.succeeded"}"#,
        Some("deployment.succeeded"),
        &["v-1"],
    ),
    sample(
        "sentry",
        "sentry-secret",
        &[
            ("Sentry-Hook-Resource", "issue"),
            ("Request-ID", "q"),
            ("Sentry-Hook-Signature", "-"),
        ],
        r#"{"action":"created"}"#,
        Some("issue.created"),
        &["q"],
    ),
    Sample {
        attempt: Some("1"),
        ..sample(
            "intercom",
            "intercom-secret",
            &[("X-Hub-Signature", "-")],
            r#"{"type":"notification_event","topic":"user.created","id":"notif_1","delivery_attempts":1}"#,
            Some("user.created"),
            &["notif_1"],
        )
    },
    Sample {
        attempt: Some("0"),
        ..sample(
            "hubspot",
            "hubspot-secret",
            &[
                ("X-HubSpot-Signature-v3", "-"),
                ("X-HubSpot-Request-Timestamp", "1"),
            ],
            r#"[{"eventId":1,"subscriptionType":"contact.creation","attemptNumber":0},{"eventId":2,"subscriptionType":"x"}]"#,
            Some("contact.creation"),
            &["1", "2"],
        )
    },
    sample(
        "zendesk",
        "zendesk-secret",
        &[
            ("X-Zendesk-Webhook-Id", "no"),
            ("X-Zendesk-Webhook-Invocation-Id", "z-1"),
            ("X-Zendesk-Webhook-Signature", "-"),
            ("X-Zendesk-Webhook-Signature-Timestamp", "-"),
        ],
        r#"{"type":"zen:event-type:user.created"}"#,
        Some("zen:event-type:user.created"),
        &["z-1"],
    ),
    sample(
        "dropbox",
        "dropbox-secret",
        &[("X-Dropbox-Signature", "-")],
        r#"{"list_folder":{"accounts":["dbid:1"]}}"#,
        None,
        &[],
    ),
    sample(
        "jira",
        "jira-secret",
        &[
            ("X-Atlassian-Webhook-Identifier", "j-1"),
            ("X-Hub-Signature", "-"),
        ],
        r#"{"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_moved"}"#,
        Some("jira:issue_updated.issue_moved"),
        &["j-1"],
    ),
    sample(
        "typeform",
        "typeform-secret",
        &[("Typeform-Signature", "-")],
        r#"{"event_id":"tf-1","event_type":"form_response","form_response":{}}"#,
        Some("form_response"),
        &["tf-1"],
    ),
    sample(
        "calendly",
        "calendly-key",
        &[("Calendly-Webhook-Signature", "-")],
        r#"{"event":"invitee.created","payload":{"uri":"u"}}"#,
        Some("invitee.created"),
        &[],
    ),
    Sample {
        attempt: Some("1"),
        ..sample(
            "docusign",
            "docusign-key",
            &[("X-DocuSign-Signature-1", "-")],
            r#"{"event":"envelope-completed","retryCount":1,"data":{"envelopeId":"e-1"}}"#,
            Some("envelope-completed"),
            &["e-1"],
        )
    },
    sample(
        "adyen",
        "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
        &[],
        r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"pspReference":"P1","eventCode":"AUTHORISATION","success":"true","amount":{"value":1130,"currency":"EUR"},"merchantAccountCode":"A","merchantReference":"R:1","additionalData":{"hmacSignature":"-"}}},{"NotificationRequestItem":{"pspReference":"P2","originalReference":null,"eventCode":"CAPTURE","success":"true","amount":{"value":1,"currency":"EUR"},"merchantAccountCode":"A","merchantReference":"R2","additionalData":{"hmacSignature":"-"}}}]}"#,
        Some("AUTHORISATION"),
        &["P1", "P2"],
    ),
    sample(
        "lemonsqueezy",
        "lemon-secret",
        &[("X-Event-Name", "order_created"), ("X-Signature", "-")],
        r#"{"meta":{"event_name":"order_created"}}"#,
        Some("order_created"),
        &[],
    ),
    Sample {
        signed: &["workos-signature"],
        ..sample(
            "workos",
            "workos-secret",
            &[("WorkOS-Signature", "-")],
            r#"{"id":"event_1","event":"dsync.user.created"}"#,
            Some("dsync.user.created"),
            &["event_1"],
        )
    },
    sample(
        "pagerduty",
        "pagerduty-secret",
        &[("X-PagerDuty-Signature", "-"), ("X-Webhook-Id", "w-1")],
        r#"{"event":{"id":"01","event_type":"incident.triggered"}}"#,
        Some("incident.triggered"),
        &["w-1"],
    ),
    sample(
        "meta",
        "meta-app-secret",
        &[("X-Hub-Signature-256", "-")],
        r#"{"object":"whatsapp_business_account","entry":[{"id":"0","changes":[{"field":"messages","value":{"messages":[{"id":"wamid.A"},{"id":"wamid.B"}]}}]}]}"#,
        Some("messages"),
        &["wamid.A", "wamid.B"],
    ),
    sample(
        "msgraph",
        "graph-client-state",
        &[],
        r##"{"value":[{"subscriptionId":"s","id":"n1","clientState":"-","changeType":"updated","resourceData":{"@odata.type":"#Microsoft.Graph.Message"}}]}"##,
        Some("updated.#Microsoft.Graph.Message"),
        &["n1"],
    ),
    sample(
        "aws-sns",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        &[
            ("x-amz-sns-message-type", "Notification"),
            ("x-amz-sns-message-id", "m-1"),
        ],
        r#"{"Type":"Notification","MessageId":"m-1","TopicArn":"arn","Message":"hi","Timestamp":"t","SignatureVersion":"2","Signature":"-","SigningCertURL":"https://sns.eu-west-1.amazonaws.com/c.pem"}"#,
        Some("Notification"),
        &["m-1"],
    ),
    Sample {
        signed: &[
            "x-contentful-signature",
            "x-contentful-timestamp",
            "x-contentful-topic",
        ],
        ..sample(
            "contentful",
            "contentful-secret-of-64-characters-is-what-they-hand-out-to-you-x",
            &[
                ("X-Contentful-Topic", "Entry.publish"),
                (
                    "X-Contentful-Signed-Headers",
                    "x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic",
                ),
                ("X-Contentful-Timestamp", "1"),
                ("X-Contentful-Signature", "-"),
            ],
            r#"{"sys":{}}"#,
            Some("Entry.publish"),
            &[],
        )
    },
    Sample {
        signed: &["circleci-signature"],
        ..sample(
            "circleci",
            "circle-secret",
            &[
                ("Circleci-Event-Type", "workflow-completed"),
                ("Circleci-Signature", "-"),
            ],
            r#"{"id":"c-1","type":"workflow-completed"}"#,
            Some("workflow-completed"),
            &["c-1"],
        )
    },
    sample(
        "line",
        "line-secret",
        &[("X-Line-Signature", "-")],
        r#"{"destination":"U","events":[{"type":"message","webhookEventId":"01F"}]}"#,
        Some("message"),
        &["01F"],
    ),
];
