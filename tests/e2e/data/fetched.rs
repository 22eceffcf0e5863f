//! Listings from an address: Python's own server and OpenSSL's as real peers, and one of ours for servers that misbehave.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use herkomst_registry::RegistryKind;
use libtest_mimic::Trial;

use super::{Desk, day, listings};
use crate::stage::program;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("data/an_address_gives_a_listing_and_its_day", python),
        trial("data/servers_that_misbehave_change_nothing", misbehaving),
        trial("data/a_redirection_is_followed_on_the_same_host_alone", redirected),
        trial("data/a_proxy_of_the_environment_is_used", proxy),
        trial("data/a_certificate_that_nobody_trusts_is_refused", certificate),
        trial("data/nobody_is_asked_who_was_not_named", nobody_else),
    ]
}

/// A program that is ended with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended itself; the test says so where that matters.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits until somebody listens.
fn reach(desk: &Desk, port: u16) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        if desk.network.run(|| TcpStream::connect(("127.0.0.1", port)))?.is_ok() {
            return Ok(());
        }
        std::thread::yield_now();
    }
    bail!("nobody listens on port {port}")
}

fn python() -> Result<()> {
    let desk = Desk::with_file()?;
    fs::create_dir(desk.path("site"))?;
    let mut rows = listings::rows(RegistryKind::Cid);
    rows.push(listings::row("FAFAFA", "Newcomer of this test", "NL"));
    let file = desk.write("site/cid.csv", listings::csv(RegistryKind::Cid, &rows))?;
    let touched = Command::new("touch").args(["-d", "2026-11-03 10:00 UTC", &file]).status()?;
    ensure!(touched.success());
    let mut command = Command::new("python3");
    command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]);
    command.current_dir(desk.path("site")).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Server(desk.network.spawn(&mut command)?);
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().context("its output is read")?).read_line(&mut line)?;
    let port = line.split_whitespace().skip_while(|word| *word != "port").nth(1);
    let port = port.with_context(|| format!("it names its port: {line:?}"))?;
    let url = format!("http://127.0.0.1:{port}/cid.csv");
    let run = desk.update(&[&url])?;
    run.expect_code(0)?
        .says(&["CID of 2026-11-03, as the server says", "Newcomer of this test"])?;
    let shown = desk.show()?;
    ensure!(day(&shown, "CID")? == "2026-11-03", "{shown}");
    ensure!(shown.to_string().contains(&url), "the origin is the address: {shown}");
    let missing = format!("http://127.0.0.1:{port}/oui.csv");
    let listing = format!("http://127.0.0.1:{port}/");
    let before = desk.file()?;
    // Unlike what is told of a file, a server's fault is EX_UNAVAILABLE.
    desk.update(&[&missing])?.expect_code(69)?.says(&["404", "stays in use"])?;
    desk.update(&[&listing])?.expect_code(65)?.says(&["is an HTML page", "browser"])?;
    ensure!(desk.file()? == before);
    Ok(())
}

/// A server that gives each connection one answer by its path, and tells what it was asked.
fn answering(desk: &Desk, cid: String) -> Result<(u16, mpsc::Receiver<String>)> {
    let listener = desk.network.run(|| TcpListener::bind("127.0.0.1:0"))??;
    let port = listener.local_addr()?.port();
    let (tell, asked) = mpsc::channel();
    // Ends with the runner; what it holds is one socket in a network of this test.
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (tell, cid) = (tell.clone(), cid.clone());
            std::thread::spawn(move || {
                // The program may well hang up first.
                drop(answer(stream, port, &cid, &tell));
            });
        }
    });
    Ok((port, asked))
}

fn answer(
    mut stream: TcpStream,
    port: u16,
    cid: &str,
    tell: &mpsc::Sender<String>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    // Nobody listens any more when the test is over.
    drop(tell.send(request.clone()));
    let path = request.split(' ').nth(1).unwrap_or_default();
    let path = path.strip_prefix("http://registry.invalid").unwrap_or(path);
    let length = cid.len();
    let plain = "Connection: close\r\nContent-Type: text/csv\r\nLast-Modified: Tue, 03 Nov 2026 10:00:00 GMT\r\n";
    let to = |place: &str| {
        format!(
            "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let head = match path {
        "/418" => "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "/503" => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "/partial" => format!("HTTP/1.1 206 Partial Content\r\n{plain}Content-Length: {length}\r\n\r\n{cid}"),
        "/html" => "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 13\r\n\r\n<html></html>".to_owned(),
        "/html-as-text" => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n<html></html>".to_owned(),
        "/packed" => format!("HTTP/1.1 200 OK\r\n{plain}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x0b"),
        "/long" => format!("HTTP/1.1 200 OK\r\n{plain}Content-Length: 99999999999\r\n\r\n"),
        "/short" => format!("HTTP/1.1 200 OK\r\n{plain}Content-Length: {}\r\n\r\n{cid}", length + 10),
        "/no-day" => format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{cid}"),
        "/late" => format!("HTTP/1.1 200 OK\r\nConnection: close\r\nLast-Modified: Tue, 01 Jan 2999 00:00:00 GMT\r\nContent-Length: {length}\r\n\r\n{cid}"),
        "/cid.csv" => format!("HTTP/1.1 200 OK\r\n{plain}Content-Length: {length}\r\n\r\n{cid}"),
        "/here" => to("/cid.csv"),
        "/there" => to(&format!("http://localhost:{port}/cid.csv")),
        "/secret" => to(&format!("http://me:word@127.0.0.1:{port}/cid.csv")),
        "/file" => to("file:///etc/passwd"),
        "/round" => to("/round"),
        "/rubbish" => "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        "/endless" => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{plain}\r\n").as_bytes())?;
            let piece = [b'#'; 1 << 16];
            loop {
                stream.write_all(&piece)?;
            }
        }
        "/slow" => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{plain}Content-Length: {length}\r\n\r\n").as_bytes())?;
            // Until the program hangs up.
            let _ = stream.read(&mut [0]);
            return Ok(());
        }
        "/silent" => {
            let _ = stream.read(&mut [0]);
            return Ok(());
        }
        _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
    };
    stream.write_all(head.as_bytes())
}

fn misbehaving() -> Result<()> {
    let desk = Desk::with_file()?;
    let (port, _asked) = answering(&desk, listings::carried_csv(RegistryKind::Cid))?;
    let before = desk.file()?;
    for (path, code, says) in [
        ("418", 69, &["418", "refuses programs", "browser"][..]),
        ("503", 69, &["503 Service Unavailable"]),
        ("partial", 69, &["206"]),
        ("html", 65, &["is an HTML page"]),
        ("html-as-text", 65, &["HTML"]),
        ("packed", 65, &["gzip"]),
        ("long", 65, &["is longer than 67108864 octets"]),
        ("endless", 65, &["is longer than 67108864 octets"]),
        ("short", 69, &["/short: "]),
        ("no-day", 65, &["carries no date", "--date"]),
        ("late", 65, &["2999-01-01", "still to come"]),
        ("rubbish", 69, &["/rubbish: "]),
    ] {
        let url = format!("http://127.0.0.1:{port}/{path}");
        let run = desk.update(&[&url])?;
        run.expect_code(code).with_context(|| path.to_owned())?.says(says)?;
        ensure!(run.stderr.contains("stays in use") && desk.file()? == before, "{path}\n{run}");
    }
    for path in ["slow", "silent"] {
        let url = format!("http://127.0.0.1:{port}/{path}");
        let run = desk.update(&[&url, "--timeout", "700ms"])?;
        run.expect_code(69)?.says(&["did not come to an end within 0.7 s", "stays in use"])?;
    }
    let nobody = desk.update(&["http://127.0.0.1:1/cid.csv"])?;
    nobody.expect_code(69)?.says(&["http://127.0.0.1:1/cid.csv: ", "refused"])?;
    // One that fails spoils those that would do, and all are named.
    let good = format!("http://127.0.0.1:{port}/cid.csv");
    let (bad, page) = (good.replace("cid.csv", "503"), good.replace("cid.csv", "html"));
    desk.update(&[&good, &bad, &page])?.expect_code(69)?.says(&["/503: ", "/html: "])?;
    ensure!(desk.file()? == before);
    desk.update(&[&good.replace("cid.csv", "no-day"), "--date", "2026-11-02"])?.expect_code(0)?;
    ensure!(day(&desk.show()?, "CID")? == "2026-11-02");
    Ok(())
}

fn redirected() -> Result<()> {
    let desk = Desk::with_file()?;
    let (port, asked) = answering(&desk, listings::carried_csv(RegistryKind::Cid))?;
    let url = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    for (path, code, says) in [
        ("there", 69, "http://localhost:"),
        ("file", 69, "redirects to file:///etc/passwd"),
        ("secret", 64, "name or password"),
        ("round", 69, "more than 5 times"),
    ] {
        let run = desk.update(&[&url(path)])?;
        run.expect_code(code).with_context(|| path.to_owned())?.says(&[says])?;
        ensure!(!run.stderr.contains("word@"), "{run}");
    }
    let fetched = asked.try_iter().filter(|request| request.contains("cid.csv")).count();
    ensure!(fetched == 0, "a host that nobody named was asked");
    desk.update(&[&url("here"), "-v"])?.expect_code(0)?.says(&["/here redirects to "])?;
    Ok(())
}

fn proxy() -> Result<()> {
    let desk = Desk::with_file()?;
    let (port, asked) = answering(&desk, listings::carried_csv(RegistryKind::Cid))?;
    let proxy = format!("http_proxy=http://127.0.0.1:{port}");
    let args = [&proxy, program(), "data", "update", "http://registry.invalid/cid.csv"];
    desk.run("/usr/bin/env", &args)?.expect_code(0)?;
    let request = asked.try_iter().next().unwrap_or_default();
    ensure!(request.starts_with("GET http://registry.invalid/cid.csv "), "{request}");
    Ok(())
}

/// OpenSSL's server with a certificate that it signed itself: refused, and taken once this machine trusts it.
fn certificate() -> Result<()> {
    let desk = Desk::with_file()?;
    fs::create_dir(desk.path("site"))?;
    desk.write("site/cid.csv", listings::carried_csv(RegistryKind::Cid))?;
    let (key, authority) = (desk.named("key.pem"), desk.named("certificate.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args([
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            &key,
            "-out",
            &authority,
        ])
        .stderr(Stdio::null())
        .status()
        .context("openssl makes a certificate")?;
    ensure!(made.success(), "openssl made no certificate");
    let mut command = Command::new("openssl");
    command.args([
        "s_server",
        "-accept",
        "127.0.0.1:8443",
        "-WWW",
        "-quiet",
        "-key",
        &key,
        "-cert",
        &authority,
    ]);
    command
        .current_dir(desk.path("site"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _server = Server(desk.network.spawn(&mut command)?);
    reach(&desk, 8443)?;
    let args = ["data", "update", "https://localhost:8443/cid.csv", "--date", "2026-11-02"];
    let before = desk.file()?;
    let refused = desk.herkomst(&args)?;
    refused.expect_code(69)?.says(&["certificate", "stays in use"])?;
    ensure!(desk.file()? == before);
    let trust = format!("SSL_CERT_FILE={authority}");
    let all = [&[trust.as_str(), program()][..], &args].concat();
    desk.run("/usr/bin/env", &all)?.expect_code(0)?;
    Ok(())
}

/// Whatever else is done, no socket but those of the update that names an address: seen by the system calls.
fn nobody_else() -> Result<()> {
    let desk = Desk::new()?;
    let cid = desk.write("cid.csv", listings::carried_csv(RegistryKind::Cid))?;
    let log = desk.named("trace");
    for args in [
        vec!["data", "update"],
        vec!["data", "update", &cid],
        vec!["data", "update", "--previous"],
        vec!["data", "check"],
        vec!["data", "show"],
        vec!["explain", "huawei"],
    ] {
        let strace =
            ["-f", "-o", &log, "-e", "trace=socket,connect,sendto,sendmsg,bind", "--", program()];
        desk.run("strace", &[&strace[..], &args].concat())?.expect_code(0)?;
        let calls = fs::read_to_string(&log)?;
        ensure!(!calls.contains("AF_INET") && !calls.contains("connect("), "{args:?}: {calls}");
    }
    Ok(())
}
