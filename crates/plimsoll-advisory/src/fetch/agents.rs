//! HTTP clients: with and without a proxy.

use std::fs;
use std::io;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use super::FetchOptions;
use crate::{Error, Result};

/// One client for each way to a host.
pub(super) struct Agents {
    direct: Agent,
    https: Agent,
    http: Agent,
    no_proxy: Vec<String>,
}

impl Agents {
    pub(super) fn new(options: &FetchOptions) -> Result<Self> {
        let tls = tls(options)?;
        let agent = |proxy: Option<&String>| -> Result<Agent> {
            let proxy = match proxy {
                None => None,
                Some(address) => Some(Proxy::new(address).map_err(|error| Error::Fetch {
                    url: address.clone(),
                    reason: format!("not a proxy's address: {error}"),
                })?),
            };
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .proxy(proxy)
                .tls_config(tls.clone())
                .timeout_connect(Some(Duration::from_secs(30)))
                .timeout_recv_response(Some(Duration::from_secs(60)))
                .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")));
            Ok(config.build().new_agent())
        };
        Ok(Self {
            direct: agent(None)?,
            https: agent(options.proxy.as_ref())?,
            http: agent(options.http_proxy.as_ref())?,
            no_proxy: options.no_proxy.clone(),
        })
    }

    /// The client for an address.
    pub(super) fn of(&self, url: &str) -> &Agent {
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let host = match host.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        match scheme {
            _ if self.no_proxy.iter().any(|pattern| matches(pattern.trim(), host)) => &self.direct,
            "http" => &self.http,
            _ => &self.https,
        }
    }
}

/// Whether a pattern of `NO_PROXY` is of a host: `*`, the host itself, or a domain that it lies in.
fn matches(pattern: &str, host: &str) -> bool {
    let domain = pattern.trim_start_matches('*').trim_start_matches('.');
    let domain = domain
        .split(':')
        .next()
        .filter(|_| domain.matches(':').count() == 1)
        .unwrap_or(domain);
    let (domain, host) = (domain.to_ascii_lowercase(), host.to_ascii_lowercase());
    pattern == "*"
        || !domain.is_empty()
            && (host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.')))
}

fn tls(options: &FetchOptions) -> Result<TlsConfig> {
    let mut tls = TlsConfig::builder();
    if let Some(path) = &options.root_certificates {
        let pem = fs::read(path).map_err(Error::io("read", path))?;
        let roots: Vec<Certificate<'static>> = ureq::tls::parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if roots.is_empty() {
            let error = io::Error::new(io::ErrorKind::InvalidData, "there is no certificate in it");
            return Err(Error::io("read", path)(error));
        }
        tls = tls.root_certs(RootCerts::new_with_certs(&roots));
    }
    Ok(tls.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_without_a_proxy() {
        for (pattern, host, direct) in [
            ("example.com", "example.com", true),
            ("example.com", "feeds.example.com", true),
            (".example.com", "feeds.EXAMPLE.com", true),
            ("*.example.com", "a.example.com", true),
            ("example.com:443", "example.com", true),
            ("example.com", "notexample.com", false),
            ("*", "anything", true),
            ("", "anything", false),
            ("::1", "::1", true),
            ("127.0.0.1", "127.0.0.1", true),
        ] {
            assert_eq!(matches(pattern, host), direct, "{pattern} {host}");
        }
        let options = FetchOptions {
            no_proxy: vec!["::1".to_owned(), "mirror".to_owned()],
            ..FetchOptions::default()
        };
        let agents = Agents::new(&options).unwrap();
        assert!(std::ptr::eq(
            agents.of("http://[::1]:80/x"),
            &raw const agents.direct
        ));
        assert!(std::ptr::eq(
            agents.of("https://user@mirror:8443/x"),
            &raw const agents.direct
        ));
        assert!(std::ptr::eq(agents.of("http://other/x"), &raw const agents.http));
    }
}
