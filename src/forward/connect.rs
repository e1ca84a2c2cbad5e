//! A connection to a target: addresses, TCP, TLS, HTTP/1.1.
//!
//! In: a [`Target`]. Out: an open connection that takes a request, driven by a task of the pool. Must not know: requests.
//! Nothing but the target is ever connected to: no proxy, whatever the environment says.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Failure, body::Outbound, failure::MAX_HEAD, pool::Pool};
use crate::target::Target;

/// How long one address of several may take before the next is tried.
const ONE_OF_SEVERAL: Duration = Duration::from_secs(5);

/// Largest read buffer of a connection, in bytes: an answer's head and as much again.
const MAX_BUFFER: usize = 2 * MAX_HEAD;

/// Opens connections.
#[derive(Debug)]
pub(super) struct Connector {
    is_insecure: bool,
    /// Made with the first https target: reading the system's certificates takes milliseconds.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Connector {
    pub(super) fn new(is_insecure: bool) -> Self {
        Self {
            is_insecure,
            tls: OnceLock::new(),
        }
    }

    /// A connection ready for a request; with `upgrades` it can become another protocol's.
    pub(super) async fn open(
        &self,
        target: &Target,
        pool: &Pool,
        upgrades: bool,
    ) -> Result<SendRequest<Outbound>, Failure> {
        let stream = tcp(target).await?;
        if !target.is_tls {
            return http(target, stream, pool, upgrades).await;
        }
        let stream = self.secure(target, stream).await?;
        http(target, stream, pool, upgrades).await
    }

    /// TLS over a connection to the target.
    pub(super) async fn secure(
        &self,
        target: &Target,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let config = self.config().map_err(|error| {
            Failure::broken(format!("the system's certificates cannot be used: {error}"))
        })?;
        let name = ServerName::try_from(target.host.clone())
            .map_err(|_| Failure::unknown_host(target, None))?;
        TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|error| Failure::no_tls(target, &error))
    }

    fn config(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = if self.is_insecure {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
        } else {
            builder.with_platform_verifier()?
        };
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::clone(self.tls.get_or_init(|| Arc::new(config))))
    }
}

/// A TCP connection to the first address that takes one. `localhost` means both loopback addresses, whatever the
/// resolver thinks: development servers listen on one or the other.
pub(super) async fn tcp(target: &Target) -> Result<TcpStream, Failure> {
    let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let addrs: Vec<SocketAddr> = if target.is_localhost() {
        loopback.map(|ip| (ip, target.port).into()).to_vec()
    } else {
        tokio::net::lookup_host((target.host.as_str(), target.port))
            .await
            .map_err(|error| Failure::unknown_host(target, Some(&error)))?
            .collect()
    };
    let mut first_error = None;
    for (place, addr) in addrs.iter().enumerate() {
        let is_last = place + 1 == addrs.len();
        let connecting = TcpStream::connect(addr);
        let connected = if is_last {
            connecting.await
        } else {
            let late = |_| Err(io::ErrorKind::TimedOut.into());
            timeout(ONE_OF_SEVERAL, connecting)
                .await
                .unwrap_or_else(late)
        };
        match connected {
            Ok(stream) => {
                // Without it the last piece of a body would wait for an acknowledgement; a socket that refuses works still.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(match first_error {
        Some(error) => Failure::unconnected(target, &error),
        None => Failure::unknown_host(target, None),
    })
}

async fn http<S>(
    target: &Target,
    stream: S,
    pool: &Pool,
    upgrades: bool,
) -> Result<SendRequest<Outbound>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_BUFFER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::unanswered(target, &error, false))?;
    // Whoever waits for an answer on it gets its error there.
    if upgrades {
        let connection = connection.with_upgrades();
        pool.drive(async move { drop(connection.await) });
    } else {
        pool.drive(async move { drop(connection.await) });
    }
    Ok(sender)
}

/// Takes any certificate: `--insecure`, for the target alone. The handshake's signatures are checked all the same.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
