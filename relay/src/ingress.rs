//! Public HTTP → capture → store → registry → answer; the answer policy.
//!
//! In: a request as hyper parsed it. Out: the answer that the sender gets. Must not know: session, link, protocol.

use std::{net::SocketAddr, sync::Arc};

use tokio_util::task::TaskTracker;

use crate::{
    accounts::Accounts,
    config::Config,
    metrics::Metrics,
    registry::{AnswerBody, Registry},
    store::Store,
};

/// The public edge. Cloned freely.
#[derive(Clone, Debug)]
pub struct Ingress {}

impl Ingress {
    /// An edge over these rooms. Upgraded connections are pumped by tasks of `tasks`.
    pub fn new(
        _config: Arc<Config>,
        _store: Store,
        _registry: Registry,
        _accounts: Accounts,
        _metrics: Metrics,
        _tasks: TaskTracker,
    ) -> Self {
        todo!()
    }

    /// Serves one request to `/<endpoint>/…`. When the sender leaves, hyper drops this future at any await: nothing that must
    /// survive it is owned here.
    pub async fn serve(
        &self,
        _request: http::Request<hyper::body::Incoming>,
        _peer: SocketAddr,
    ) -> http::Response<AnswerBody> {
        todo!()
    }
}
