//! `herkomst demo`: the very scan, over a private network of fake devices that it makes and removes itself.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use anyhow::Context;
use clap::Parser;
use herkomst_lab::demo::Demo;
use herkomst_net::current_network;

use crate::cli::{Cli, Command, DemoArgs, Output};
use crate::config::checked::Scan;
use crate::exit::{Failure, Result};
use crate::outputs::write_out;
use crate::scan::{self, Outcome};

/// Makes the network, scans it, prints what was found, and how to do the same at home. To be called before any thread
/// is started: only a process of one thread may enter a user namespace (unshare(2)).
pub(crate) fn run(args: &DemoArgs, quiet: bool) -> Result<Outcome> {
    let outside = current_network().map_err(Failure::unavailable)?;
    herkomst_net::enter_private_network(false).map_err(|error| {
        if error.is_permission() { Failure::permission(error) } else { Failure::unavailable(error) }
    })?;
    let inside = current_network().map_err(Failure::unavailable)?;
    if inside == outside {
        return Err(Failure::software(anyhow::anyhow!(
            "the demo is still in the network it was started in, nothing is sent"
        )));
    }
    let demo = Demo::start(args.devices.as_deref()).map_err(|error| {
        if args.devices.is_some() { Failure::data(error) } else { Failure::unavailable(error) }
    })?;
    let folder = PrivateFolder::make()
        .context("making a folder for the credentials")
        .map_err(Failure::io)?;
    let credentials = folder.0.join("snmp.toml");
    write_private(&credentials, demo.credentials)
        .context("writing the credentials")
        .map_err(Failure::io)?;
    let mut flags = vec!["herkomst".to_owned(), "scan".to_owned()];
    flags.extend(demo.targets.iter().cloned());
    flags.extend(["-i".to_owned(), demo.interface.clone(), "--listen".to_owned(), "3s".to_owned()]);
    flags.extend(["--snmp-credentials".to_owned(), credentials.display().to_string()]);
    let cli = Cli::try_parse_from(flags).map_err(Failure::software)?;
    let Command::Scan(mut scan_args) = cli.command else {
        return Err(Failure::software(anyhow::anyhow!("the demo's command is a scan")));
    };
    scan_args.output = args.output;
    let scan = Scan::check(&scan_args);
    // Read and no longer needed: also an interrupted demo leaves nothing behind.
    drop(folder);
    let outcome = scan::run(&scan?, None, quiet)?;
    drop(demo);
    if args.output == Output::Table {
        let after = "\nThat was a scan of fake devices in a private network, now gone. For your own network:\n\n    \
                     herkomst scan --dry-run                 what would be asked, nothing sent\n    \
                     sudo herkomst scan                      the segments of this host\n    \
                     sudo herkomst scan 192.0.2.0/24 --snmp-credentials snmp.toml\n";
        write_out(after.as_bytes()).context("writing the result").map_err(Failure::io)?;
    }
    Ok(outcome)
}

/// A folder for this process alone, removed with it.
struct PrivateFolder(std::path::PathBuf);

impl PrivateFolder {
    fn make() -> std::io::Result<Self> {
        let mut drawn = [0; 8];
        getrandom::fill(&mut drawn).map_err(std::io::Error::other)?;
        let path =
            std::env::temp_dir().join(format!("herkomst-demo-{:016x}", u64::from_ne_bytes(drawn)));
        // Fails when it is there already: nobody else's folder is used.
        std::fs::create_dir(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
        Ok(Self(path))
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "folder cannot be removed");
        }
    }
}

fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
