//! What is a target and what is none, and which route takes which path.

use super::*;

#[test]
fn what_people_type_is_taken_apart() {
    let cases = [
        (
            "3000",
            false,
            "localhost",
            3000,
            "",
            "http://localhost:3000",
        ),
        (
            ":3000",
            false,
            "localhost",
            3000,
            "",
            "http://localhost:3000",
        ),
        (
            "3000/in",
            false,
            "localhost",
            3000,
            "/in",
            "http://localhost:3000/in",
        ),
        (
            "localhost:3000/hooks",
            false,
            "localhost",
            3000,
            "/hooks",
            "http://localhost:3000/hooks",
        ),
        (
            "https://localhost:8443",
            true,
            "localhost",
            8443,
            "",
            "https://localhost:8443",
        ),
        ("[::1]:3000", false, "::1", 3000, "", "http://[::1]:3000"),
        (
            "http://host/path/",
            false,
            "host",
            80,
            "/path",
            "http://host/path",
        ),
        ("http://host:80", false, "host", 80, "", "http://host"),
        (
            "https://host:443//a//",
            true,
            "host",
            443,
            "//a",
            "https://host//a",
        ),
        ("https://host:80", true, "host", 80, "", "https://host:80"),
        ("HTTPS://[::1]/", true, "::1", 443, "", "https://[::1]"),
        ("http://3000", false, "3000", 80, "", "http://3000"),
        (
            "App.localhost:1",
            false,
            "App.localhost",
            1,
            "",
            "http://App.localhost:1",
        ),
    ];
    for (text, is_tls, host, port, path, shown) in cases {
        let target: Target = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        let (host, path) = (host.to_owned(), path.to_owned());
        let expected = Target {
            is_tls,
            host,
            port,
            path,
        };
        assert_eq!(target, expected, "{text}");
        assert_eq!(target.to_string(), shown, "{text}");
        assert_eq!(shown.parse(), Ok(target), "{shown} reads back");
    }
}

#[test]
fn what_is_no_target_is_refused_in_words() {
    let cases = [
        ("", "give a port"),
        ("localhost", "give a port"),
        ("http://", "give a port"),
        ("http://:3000", "give a port"),
        ("/hooks", "give a port"),
        ("[::1]", "give a port"),
        ("[::1]3000", "give a port"),
        ("[::1:3000", "give a port"),
        ("[localhost]:3000", "no IPv6 address"),
        ("::1:3000", "a port is a number"),
        ("0", "a port is a number"),
        ("65536", "a port is a number"),
        ("localhost:", "a port is a number"),
        ("localhost:+80", "a port is a number"),
        ("localhost:80a", "a port is a number"),
        ("ftp://host", "only http:// and https://"),
        ("unix:///run/app.sock", "only http:// and https://"),
        ("http://me:secret@host/", "user name"),
        ("localhost:3000@evil:80", "user name"),
        ("localhost:3000?a=1", "query or fragment"),
        ("localhost:3000/x#top", "query or fragment"),
        ("http://ho st/", "a host is letters"),
        ("http://höst/", "a host is letters"),
        ("http://host\r\n/", "a host is letters"),
        ("localhost:3000/a b", "characters that a URL cannot have"),
        (
            "localhost:3000/a\u{1b}",
            "characters that a URL cannot have",
        ),
    ];
    for (text, flaw) in cases {
        let error = text.parse::<Target>().expect_err(text).to_string();
        assert!(error.contains(flaw), "{text}: {error}");
        assert!(error.contains(text), "{text}: {error}");
    }
}

#[test]
fn only_this_machine_is_loopback() {
    let cases = [
        ("3000", true),
        ("LOCALHOST:3000", true),
        ("app.localhost:3000", true),
        ("127.0.0.1:3000", true),
        ("127.9.9.9:3000", true),
        ("[::1]:3000", true),
        ("[::ffff:127.0.0.1]:3000", true),
        ("0.0.0.0:3000", false),
        ("[::]:3000", false),
        ("localhost.evil.example:3000", false),
        ("notlocalhost:3000", false),
        ("192.168.0.2:3000", false),
        ("https://staging.example", false),
    ];
    for (text, expected) in cases {
        let target: Target = text.parse().unwrap();
        assert_eq!(target.is_loopback(), expected, "{text}");
    }
}

#[test]
fn a_route_takes_whole_segments_and_the_longest_wins() {
    let route = |text: &str| {
        let Route { path, target } = text.parse().unwrap();
        (path, target)
    };
    let routes = Routes {
        default: Some("3000".parse().unwrap()),
        routes: vec![
            route("/stripe=3001"),
            route("/stripe/test/=3002"),
            route("/a=3003"),
        ],
    };
    let cases: [(&[u8], u16); 13] = [
        (b"/stripe", 3001),
        (b"/stripe/", 3001),
        (b"/stripe/x", 3001),
        (b"/stripe?q=/a", 3001),
        (b"/stripes", 3000),
        (b"/stripe%2Fx", 3000),
        (b"/stripe/test", 3002),
        (b"/stripe/test?x", 3002),
        (b"/stripe/tests", 3001),
        (b"//stripe", 3000),
        (b"?/stripe", 3000),
        (b"", 3000),
        (b"/\xff\xfe", 3000),
    ];
    for (path, port) in cases {
        let picked = routes.pick(path).map(|target| target.port);
        assert_eq!(picked, Some(port), "{}", path.escape_ascii());
    }
    let ports: Vec<u16> = routes.targets().map(|target| target.port).collect();
    assert_eq!(ports, [3000, 3001, 3002, 3003]);
}

#[test]
fn a_route_to_the_root_takes_everything_and_no_default_takes_nothing() {
    let Route { path, target } = "/=3001".parse().unwrap();
    let root = Routes {
        default: None,
        routes: vec![(path, target)],
    };
    for path in [&b""[..], b"/", b"?x", b"/x"] {
        assert!(root.pick(path).is_some(), "{}", path.escape_ascii());
    }
    assert_eq!(Routes::default().pick(b"/x"), None);
}

#[test]
fn what_is_no_route_is_refused_in_words() {
    let cases = [
        ("/stripe", "as in /stripe=3001"),
        ("stripe=3001", "as in /stripe=3001"),
        ("/stripe?x=3001", "as in /stripe=3001"),
        ("/stripe=", "give a port"),
        ("/stripe=ftp://x", "only http:// and https://"),
    ];
    for (text, flaw) in cases {
        let error = text.parse::<Route>().expect_err(text).to_string();
        assert!(error.contains(flaw), "{text}: {error}");
    }
}
