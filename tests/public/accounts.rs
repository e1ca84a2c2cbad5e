//! Who may claim what: tokens that are wrong, revoked or another's, and a relay that is open to all.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use hooktool_relay::{
    Config,
    config::{Access, Limits},
};

use super::{
    edge::{Edge, Http},
    people::{Public, User},
};
use crate::support::{TestRelay, TestTarget, story};

/// A token of the right form that no relay knows.
const STRANGE: &str = "hkt_0000000000000000000000000000000000000000000000000000000000";

#[test]
fn what_is_refused_is_told_in_one_sentence_with_exit_4() {
    story(async {
        let public = Public::start(&[]).await;
        let url = public.url.as_str();
        let (alice, token) = public.member("alice");
        let (bob, _) = public.member("bob");
        let (listener, path) = alice.listen_at(&["--endpoint", "shop"]).await;
        assert_eq!(path, "/shop", "a chosen name is used as it is");

        let foreign = format!(
            "error: the relay {url} refused\n  \
             cause: the endpoint shop belongs to another account\n  \
             hint: choose another name with --endpoint\n"
        );
        let refused = bob.run(&["listen", "--endpoint", "shop"], "");
        assert_eq!(refused, (4, String::new(), foreign));
        // The name that bob did not get is not his folder's.
        let (own, path) = bob.listen_at(&[]).await;
        assert_ne!(path, "/shop");
        drop(own);
        let (_own, again) = bob.listen_at(&[]).await;
        assert_eq!(again, path);

        let invalid = |hint: &str| {
            format!(
                "error: the relay {url} refused\n  cause: the token is not valid\n  hint: {hint}\n"
            )
        };
        let carol = public.user();
        let (code, _, stderr) = carol.run(&["listen", "--relay", url], "");
        let wanted = format!(
            "error: the relay {url} refused\n  cause: this relay wants a token\n  \
             hint: `hooktool login {url}` keeps a token\n"
        );
        assert_eq!((code, stderr), (4, wanted));
        let (code, _, stderr) = carol.run(&["login", url], STRANGE);
        let wanted = format!(
            "error: {url} does not take this token\n  \
             hint: it may be revoked, or cut when it was copied; nothing was changed here\n"
        );
        assert_eq!((code, stderr), (4, wanted));
        assert!(!carol.path(".config").exists());
        let mut carol = carol.start(&["listen", "--relay", url], &[("HOOKTOOL_TOKEN", STRANGE)]);
        assert_eq!(carol.code().await, 4);
        let hint = "HOOKTOOL_TOKEN is set, and goes before the token that `hooktool login` keeps";
        assert_eq!(carol.log(), invalid(hint));

        drop(listener);
        public.token(&["revoke", "alice"]);
        let (code, _, stderr) = alice.run(&["listen"], "");
        assert_eq!(
            (code, stderr),
            (4, invalid(&format!("`hooktool login {url}` keeps a token")))
        );
        assert!(public.token(&["list"]).contains("revoked"));
        assert!(!public.relay.log().contains(&token));

        let mut edge = Edge::to(public.addr(), &public.ca, Http::Two).await;
        assert_eq!(edge.post("/shop", "kept").await.0, 202, "its URL lives on");
        let unknown = (404, "no such endpoint\n".into());
        assert_eq!(edge.post("/nowhere", "x").await, unknown);
    });
}

#[test]
fn a_live_link_ends_when_its_token_is_revoked() {
    story(async {
        let owned = tempfile::tempdir().expect("a folder");
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data: Some(owned.path().join("relay")),
            access: Access::Tokens,
            limits: Limits {
                heartbeat: Duration::from_millis(200),
                ..Limits::default()
            },
            ..Config::default()
        };
        let relay = TestRelay::of(config, Some(owned)).await;
        // Plain HTTP needs no authority.
        let (operator, alice) = (User::new(None), User::trusting_nobody());
        let data = relay.folder.to_str().expect("utf-8");
        let token = |verb| operator.run(&["relay", "token", verb, "alice", "--data", data], "");
        let (code, token_text, _) = token("add");
        assert_eq!(code, 0);
        let url = format!("http://{}", relay.addr);
        assert_eq!(alice.run(&["login", &url], &token_text).0, 0);
        let (mut listener, _) = alice.listen_at(&[]).await;
        assert_eq!(token("revoke").0, 0);
        assert_eq!(listener.code().await, 4);
        let log = listener.log();
        let wanted = format!(
            "error: the relay {url} refused\n  cause: the token was revoked\n  \
             hint: `hooktool login {url}` keeps a token\n"
        );
        assert!(log.ends_with(&wanted), "{log}");
        assert!(!log.contains("hooktool: the relay refused"), "{log}");
    });
}

#[test]
fn an_open_relay_gives_a_token_that_is_kept() {
    story(async {
        let public = Public::start(&["--open"]).await;
        let url = public.url.as_str();
        let target = TestTarget::start().await;
        let to = target.addr.to_string();
        let dora = public.user();
        let (listener, path) = dora.listen_at(&[&to, "--relay", url]).await;
        let secrets = dora.path(".config/hooktool/secrets.toml");
        let kept = crate::support::eventually("the token", || async {
            let kept = fs::read_to_string(&secrets).map_err(|error| error.to_string())?;
            // Before the relay has taken it, it is only offered.
            kept.contains("[tokens]")
                .then_some(kept.clone())
                .ok_or(kept)
        })
        .await;
        assert!(kept.contains(url) && kept.contains("hkt_"), "{kept}");
        drop(listener);
        let mut edge = Edge::to(public.addr(), &public.ca, Http::Two).await;
        assert_eq!(edge.post(&path, "while nobody listened").await.0, 202);
        fs::set_permissions(&secrets, fs::Permissions::from_mode(0o644)).expect("changed");

        let name = path.trim_start_matches('/');
        let stranger = public.user();
        let (code, _, stderr) = stranger.run(&["listen", "--relay", url, "--endpoint", name], "");
        assert_eq!(code, 4);
        assert!(stderr.contains("belongs to another account"), "{stderr}");

        let (_listener, again) = dora.listen_at(&[&to, "--relay", url]).await;
        assert_eq!(again, path);
        assert_eq!(target.wait_for(1).await[0].body, "while nobody listened");
        assert_eq!(fs::read_to_string(&secrets).expect("there"), kept);
        dora.assert_private();
        let token = kept.split('"').nth(3).expect("a token");
        assert!(!public.relay.log().contains(token));
        assert!(!public.token(&["list"]).contains(token));
    });
}
