//! Durable appends a second, and the processor time they take: `cargo run --release -p hooktool-relay --example appends`.
//!
//! In: a folder to measure in (else a temporary one), how many appenders, how many appends, how many endpoints. Out: a
//! line. Processor time is read from `/proc`, so Linux only.

use std::{error::Error, path::PathBuf, sync::Arc, time::Instant};

use bytes::Bytes;
use hooktool_relay::{
    capture::{Body, Capture, CaptureId, EndpointName, Headers, UnixMillis, Version},
    store::{Options, Retention, Store},
};
use tokio::task::JoinSet;

/// Body of each capture, in bytes: a usual webhook.
const BODY: usize = 2048;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().map(PathBuf::from);
    let mut number = |default| {
        words
            .next()
            .map_or(Ok(default), |word| word.parse::<usize>())
    };
    let (appenders, appends, endpoints) = (number(64)?, number(20_000)?, number(1)?);
    let store = Store::open(Options {
        folder,
        retention: Retention::default(),
        max_pages: None,
        reserve: 0,
    })?;
    let (began, spent) = (Instant::now(), processor_time()?);
    let mut running = JoinSet::new();
    for place in 0..appenders {
        let store = store.clone();
        let endpoint: EndpointName = format!("e-{}", place % endpoints).parse()?;
        running.spawn(async move {
            for _ in 0..appends / appenders {
                store.append(capture(&endpoint), None).await?;
            }
            Ok::<_, hooktool_relay::store::StoreError>(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    let (took, spent) = (began.elapsed().as_secs_f64(), processor_time()? - spent);
    let appends = (appends / appenders * appenders) as f64;
    #[expect(clippy::print_stdout, reason = "a measurement for people")]
    {
        println!(
            "{appenders} appenders, {endpoints} endpoints: {:.0} appends/s, {:.3} s of processor time for 10,000",
            appends / took,
            spent / appends * 10_000.0,
        );
    }
    Ok(())
}

fn capture(endpoint: &EndpointName) -> Arc<Capture> {
    let mut headers = Headers::new();
    for (name, value) in [
        ("host", "relay.example"),
        (
            "user-agent",
            "Example/1.0 (+https://example.com/docs/webhooks)",
        ),
        ("accept", "*/*; q=0.5, application/xml"),
        ("content-type", "application/json; charset=utf-8"),
        (
            "x-signature",
            "t=1492774577,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
        ),
    ] {
        headers.push(name.as_bytes(), value.as_bytes());
    }
    Arc::new(Capture {
        id: CaptureId::new(),
        endpoint: endpoint.clone(),
        received_at: UnixMillis::now(),
        peer: [127, 0, 0, 1].into(),
        method: http::Method::POST,
        path: Bytes::from_static(b"/hooks/orders"),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body: Body::Whole(Bytes::from(vec![b'x'; BODY])),
    })
}

/// Processor time of this process so far, in seconds; the kernel counts in hundredths.
fn processor_time() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("no name in /proc/self/stat")?;
    let times = fields.split(' ').skip(11).take(2);
    let hundredths: u32 = times.map(str::parse::<u32>).sum::<Result<_, _>>()?;
    Ok(f64::from(hundredths) / 100.0)
}
