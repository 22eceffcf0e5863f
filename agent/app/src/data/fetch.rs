//! Fetches a listing from an address that the operator names, and from nowhere else.
//!
//! HTTP/1.1, over TLS with the certificates that this machine trusts; a proxy from the environment is used. What comes
//! is bounded in size and time. Its day is the server's `Last-Modified` (RFC 9110, 8.8.2).

use std::time::Duration;

use super::bring::LARGEST;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, LAST_MODIFIED, LOCATION,
};
use reqwest::{Client, Response, StatusCode, Url, redirect};

/// For the connection, and for each pause in what comes.
const PAUSE: Duration = Duration::from_secs(30);
/// From one place of the same host to the next.
const MOST_REDIRECTS: usize = 5;

/// What an address gave.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Where it came from in the end.
    pub(crate) url: String,
    /// As it came.
    pub(crate) bytes: Vec<u8>,
    /// The day on which the server says it was last changed.
    pub(crate) date: Option<Date>,
}

/// Why an address gave nothing that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotFetched {
    /// The address itself is wrong.
    Address(String),
    /// The server, or the way to it.
    Server(String),
    /// What it sent.
    Content(String),
}

/// Whether a text names something to be fetched rather than a file.
pub(crate) fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

/// Fetches each address, one after the other, none for longer than `patience`.
pub(crate) fn fetch_all(
    addresses: &[&str],
    patience: Duration,
) -> Vec<Result<Fetched, NotFetched>> {
    if addresses.is_empty() {
        return Vec::new();
    }
    let started = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match started {
        Ok(runtime) => runtime,
        Err(error) => {
            let why = NotFetched::Server(format!("the runtime cannot be started: {error}"));
            return addresses.iter().map(|_| Err(why.clone())).collect();
        }
    };
    let results = addresses.iter().map(|address| {
        runtime.block_on(async {
            match tokio::time::timeout(patience, fetch(address)).await {
                Ok(result) => result,
                Err(_) => Err(NotFetched::Server(format!(
                    "did not come to an end within {} s",
                    patience.as_secs_f32()
                ))),
            }
        })
    });
    let results = results.collect();
    // A look-up of a name may still be waiting on a thread of its own; nobody needs its answer.
    runtime.shutdown_background();
    results
}

async fn fetch(address: &str) -> Result<Fetched, NotFetched> {
    let mut url = checked(address)?;
    let client = Client::builder()
        .user_agent(concat!("herkomst/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(PAUSE)
        .read_timeout(PAUSE)
        .build()
        .map_err(|error| NotFetched::Server(chain(error)))?;
    for _ in 0..=MOST_REDIRECTS {
        let response = client.get(url.clone()).send().await;
        let response = response.map_err(|error| NotFetched::Server(chain(error)))?;
        match redirected(&url, &response)? {
            Some(next) => url = next,
            None => return body(url, response).await,
        }
    }
    Err(NotFetched::Server(format!("redirects more than {MOST_REDIRECTS} times")))
}

fn checked(address: &str) -> Result<Url, NotFetched> {
    let wrong = |what: String| Err(NotFetched::Address(what));
    let url = match Url::parse(address) {
        Ok(url) => url,
        Err(error) => return wrong(format!("is no address: {error}")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong(format!("is of the scheme {:?}, allowed are http and https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // It would stand in the list of processes, and in the file as the origin.
        return wrong(
            "carries a name or password: fetch it otherwise and give the file".to_owned(),
        );
    }
    Ok(url)
}

/// Where a redirection leads: to the same host over a connection that is no less safe, or nowhere.
fn redirected(from: &Url, response: &Response) -> Result<Option<Url>, NotFetched> {
    let status = response.status();
    if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
        return Ok(None);
    }
    let to = header(response.headers(), LOCATION).and_then(|to| from.join(to).ok());
    let Some(to) = to else {
        return Err(NotFetched::Server(format!("answers {status} and does not say where to go")));
    };
    let is_same_host = to.host() == from.host();
    let is_as_safe =
        to.scheme() == from.scheme() || (from.scheme() == "http" && to.scheme() == "https");
    if !is_same_host || !is_as_safe {
        return Err(NotFetched::Server(format!(
            "redirects to {to}, which nobody named: name that address if you trust it"
        )));
    }
    tracing::info!("{from} redirects to {to}");
    checked(to.as_str()).map(Some)
}

async fn body(url: Url, mut response: Response) -> Result<Fetched, NotFetched> {
    let status = response.status();
    if status == StatusCode::IM_A_TEAPOT {
        return Err(NotFetched::Server(
            "answers 418: the IEEE's server refuses programs. Fetch the file with a browser and give its name"
                .to_owned(),
        ));
    }
    if status != StatusCode::OK {
        return Err(NotFetched::Server(format!("answers {status}")));
    }
    let headers = response.headers();
    let kind = header(headers, CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("text/html") || kind.starts_with("application/xhtml") {
        return Err(NotFetched::Content(format!(
            "is an HTML page ({kind}) and no listing: many registries show one to programs. Fetch the file with a browser \
             and give its name"
        )));
    }
    if let Some(coding) =
        header(headers, CONTENT_ENCODING).filter(|coding| !coding.eq_ignore_ascii_case("identity"))
    {
        return Err(NotFetched::Content(format!(
            "comes packed ({coding}), which nobody asked for"
        )));
    }
    let date = header(headers, LAST_MODIFIED).and_then(day_of);
    let too_long = || NotFetched::Content(format!("is longer than {} octets", LARGEST));
    if response.content_length().is_some_and(|length| length > LARGEST as u64) {
        return Err(too_long());
    }
    let mut bytes = Vec::new();
    while let Some(piece) =
        response.chunk().await.map_err(|error| NotFetched::Server(chain(error)))?
    {
        bytes.extend_from_slice(&piece);
        if bytes.len() > LARGEST {
            return Err(too_long());
        }
    }
    Ok(Fetched { url: url.into(), bytes, date })
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// The day of `Sat, 24 Oct 2026 08:49:37 GMT`, the one form that servers may send (RFC 9110, 5.6.7).
fn day_of(text: &str) -> Option<Date> {
    let time = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(time.with_time_zone(TimeZone::UTC).date())
}

/// What went wrong, with its causes, and without the address, which is said before.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !said.ends_with(&text) {
            said = format!("{said}: {text}");
        }
        cause = error.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_a_file() {
        for address in ["http://a/b", "HTTPS://a", "ftp://a/oui.csv", "file:///etc/passwd"] {
            assert!(is_url(address), "{address}");
        }
        for file in ["oui.csv", "/a://b", "://x", "C:\\oui", "a b://c"] {
            assert!(!is_url(file), "{file}");
        }
    }

    #[test]
    fn only_addresses_without_secrets_are_fetched() {
        for (address, says) in [
            ("ftp://example.com/oui.csv", "allowed are http and https"),
            ("file:///etc/passwd", "allowed are http and https"),
            ("http://", "is no address"),
            ("https://me:hidden-word@example.com/oui.csv", "carries a name or password"),
        ] {
            let NotFetched::Address(what) = checked(address).unwrap_err() else {
                panic!("{address}")
            };
            assert!(what.contains(says) && !what.contains("hidden-word"), "{address}: {what}");
        }
        assert!(checked("http://192.0.2.1:8080/oui.csv").is_ok());
    }

    #[test]
    fn a_servers_day_is_read_in_universal_time() {
        let day = |text| day_of(text).map(|day| day.to_string());
        assert_eq!(day("Sat, 24 Oct 2026 23:59:59 GMT").as_deref(), Some("2026-10-24"));
        for text in ["", "yesterday", "2026-10-24", "Sat, 32 Oct 2026 08:49:37 GMT"] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
