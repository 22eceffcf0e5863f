//! The command line. Conventions: results on stdout, progress and log on stderr; exit codes of [`crate::exit`].

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use self::scan::ScanArgs;
use crate::outputs::escape::is_unsafe;

mod scan;
mod screen;

/// Finds the equipment on a network, says who made it, who controls that maker and why it thinks so, and judges it
/// against designated-vendor rules.
#[derive(Debug, Parser)]
#[command(name = "herkomst", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes of scan and demo: 0 complete, no finding; 1 at least one match; 2 no match, but something is \
undetermined or was not properly asked; 64 usage, 65 bad input data, 69 unavailable, 74 I/O, 77 no permission, 78 configuration."
)]
pub(crate) struct Cli {
    /// Say more on stderr; twice for every packet that was not understood.
    #[arg(short, long, global = true, display_order = 900, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say nothing on stderr but errors.
    #[arg(short, long, global = true, display_order = 901, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// The folder of the registry file that `herkomst data update` writes [default: $HERKOMST_DATA_DIR, $STATE_DIRECTORY,
    /// /var/lib/herkomst for root, ~/.local/share/herkomst for others].
    #[arg(long, global = true, display_order = 902, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The folder of your own vendor files [default: $HERKOMST_VENDORS_DIR, /etc/herkomst/vendors.d; before that
    /// ~/.config/herkomst/vendors.d for all but root].
    #[arg(long, global = true, display_order = 903, value_name = "FOLDER")]
    pub(crate) vendors_dir: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Discover, identify, judge and print.
    ///
    /// Finds the devices among the targets and on the local segments, works out who made them and who controls the maker, and
    /// judges them by rule packs. Only targets are asked, and exclusions win over everything. SNMP is read and never written;
    /// credentials are offered to the prefixes and engines that they are bound to. The result ends with what the scan did not
    /// see, and with a receipt of what was sent.
    ///
    /// On a local segment it sends and hears frames, for which it needs CAP_NET_RAW. Without that right it says so, does what
    /// it can, and reports the lower coverage.
    Scan(Box<ScanArgs>),
    /// The same scan over a private network of fake devices that it makes and removes itself.
    Demo(DemoArgs),
    /// Say all that is known of an address, a number, a vendor or a name, and why. Sends nothing.
    Explain(ExplainArgs),
    /// Rule packs: what there is, in plain words, and whether it is right; to sign and to seal them.
    Rules(RulesArgs),
    /// The registries and the vendor table: which are in use, whether they are in order, and newer ones.
    Data(DataArgs),
    /// Print what makes a shell complete the words of this program.
    Completions(CompletionsArgs),
    /// Write the manual: herkomst.1, herkomst-scan.1, and a page for each other command.
    Man(ManArgs),
}

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// One document.
    Json,
    /// One object a line.
    Jsonl,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Read the fake devices from this folder instead of the built-in ones.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) devices: Option<PathBuf>,
    /// The form of the result.
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// Exit with 0 where it would be 1 or 2.
    #[arg(long)]
    pub(crate) exit_zero: bool,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people.
    Table,
    /// One document.
    Json,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 all of it is known; 2 something is not; 64 usage, 74 I/O.")]
pub(crate) struct ExplainArgs {
    /// A MAC address, a prefix (00:e0:fc, 8c:1f:64:af:a0/36), an enterprise number, an object identifier, or the id, name,
    /// brand or registrant spelling of a vendor, the id of an owner, or a rule (public-lists/huawei). Names are compared as a
    /// whole.
    #[arg(value_name = "WHAT", required = true)]
    pub(crate) what: Vec<String>,
    /// Who controlled whom on this day [default: today].
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<String>,
    /// The form of the answer.
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Form::Table)]
    pub(crate) output: Form,
}

/// What `rules` is to do.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: RulesCommand,
}

/// The commands of `rules`.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// The packs that come with the program.
    List,
    /// One pack in plain words.
    Show(OnePack),
    /// Say everything that is wrong with packs, or with an operator's file: keys, dates, vendors that do not exist, a
    /// signature that does not fit.
    #[command(
        after_help = "Exit codes: 0 nothing is wrong; 64 usage; 65 something is; 78 a key file is."
    )]
    Check(Packs),
    /// Run the cases that packs bring with them.
    #[command(
        after_help = "Exit codes: 0 all come out as they should; 64 usage; 65 one does not; 78 a key file is wrong."
    )]
    Test(Packs),
    /// Make a key: to sign packs with, or of a host that sealed files are for.
    Keygen(KeygenArgs),
    /// Sign a pack, plain or sealed, with a key of minisign's form: writes PACK.minisig.
    #[command(
        after_help = "Exit codes: 0 done; 64 usage, or a signature is there already; 65 the pack, the key or the password is \
wrong; 74, 77 the signature cannot be written; 78 the key or the password file cannot be read, or others can read it."
    )]
    Sign(SignArgs),
    /// Seal a pack, or the operator's file, to the keys of hosts, in the age format: writes FILE.age.
    #[command(
        after_help = "Exit codes: 0 done; 64 usage; 65 the file is wrong; 74, 77 it cannot be written."
    )]
    Seal(SealArgs),
    /// Print what is in a sealed file.
    #[command(
        after_help = "Exit codes: 0 done; 64 usage; 65 it does not open; 74, 77 it cannot be written; 78 the key file is wrong."
    )]
    Unseal(UnsealArgs),
}

/// A pack.
#[derive(Debug, Args)]
pub(crate) struct OnePack {
    /// The id of a shipped pack, or a file.
    #[arg(value_name = "PACK")]
    pub(crate) pack: String,
    /// What it is read with.
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Packs.
#[derive(Debug, Args)]
pub(crate) struct Packs {
    /// Ids of shipped packs, or files [default: all that are shipped].
    #[arg(value_name = "PACK")]
    pub(crate) packs: Vec<String>,
    /// What they are read with.
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What files of others are read with.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Say whether this public key (minisign) signed them (repeatable).
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_key: Vec<PathBuf>,
    /// The key that opens sealed ones (mode 0600 or stricter); what is in them is then printed.
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
}

/// Flags of `rules keygen`.
#[derive(Debug, Args)]
pub(crate) struct KeygenArgs {
    /// Which key.
    #[command(subcommand)]
    pub(crate) command: KeygenCommand,
}

/// The keys that can be made.
#[derive(Debug, Subcommand)]
pub(crate) enum KeygenCommand {
    /// A key to sign packs with, as minisign makes them: FILE, and beside it the public half, which ends in .pub.
    Signing(SigningKeyArgs),
    /// The key of a host, as age-keygen makes them: files are sealed to its public half, which is printed.
    Host(HostKeyArgs),
}

/// Flags of `rules keygen signing`.
#[derive(Debug, Args)]
pub(crate) struct SigningKeyArgs {
    /// The new file (mode 0600); none is written over.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Read its password from this file (mode 0600 or stricter) [default: asked for twice].
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Without a password: for a machine that signs alone.
    #[arg(long, conflicts_with = "password_file")]
    pub(crate) no_password: bool,
}

/// Flags of `rules keygen host`.
#[derive(Debug, Args)]
pub(crate) struct HostKeyArgs {
    /// The new file (mode 0600); none is written over.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Flags of `rules sign`.
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The pack, as it will be delivered: a sealed one is signed as it is.
    #[arg(value_name = "PACK")]
    pub(crate) pack: PathBuf,
    /// The secret key (mode 0600 or stricter).
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// What you say of the pack; the signature covers it [default: the time and the file's name].
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// Read the key's password from this file (mode 0600 or stricter) [default: asked for].
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Replace a signature that is there, and sign a pack that is wrong.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Flags of `rules seal`.
#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    /// A pack, or an operator's file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The public key of a host that is to open it: age1… (repeatable).
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) to: Vec<String>,
    /// A file with such keys, one a line; # begins a comment (repeatable).
    #[arg(long, value_name = "FILE")]
    pub(crate) recipients_file: Vec<PathBuf>,
    /// The sealed file, whose name ends in .age [default: FILE.age].
    #[arg(short, long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    /// As text, a third longer.
    #[arg(long)]
    pub(crate) armor: bool,
    /// Replace a file that is there, and seal one that is wrong.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Flags of `rules unseal`.
#[derive(Debug, Args)]
pub(crate) struct UnsealArgs {
    /// The sealed file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// A key that opens it (mode 0600 or stricter).
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: PathBuf,
    /// Write to this new file, for its owner alone (mode 0600) [default: print it].
    #[arg(short, long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
}

/// What `data` is to do.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: DataCommand,
}

/// The commands of `data`.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Say which registry is in use, and what it was made from.
    Show(ShowArgs),
    /// Say whether the registry file, the one before it and your own vendor files are in order.
    #[command(
        after_help = "Exit codes: 0 all is in order, also when an update is needed; 65 a registry file is damaged; 78 a vendor \
file or a permission is wrong."
    )]
    Check,
    /// Make a newer registry file: checked as a whole, shown as a difference, and put in place in one step.
    Update(UpdateArgs),
}

/// Flags of `data show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The form of the answer.
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Form::Table)]
    pub(crate) output: Form,
}

/// Flags of `data update`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without PATH or URL the file is made anew from the listings in use, the program's vendor register and \
your own vendor files. A listing that is not brought stays as it is.\n\nExit codes: 0 done, or nothing to do; 64 usage; 65 \
something brought or a vendor file is wrong; 69 an address gives nothing, or another update is at work; 74 I/O; 77 no \
permission; 78 the folder is not as it should be. Unless it is 0, the edition before stays in use."
)]
pub(crate) struct UpdateArgs {
    /// An official listing (IEEE: CSV or TXT; IANA: text), a folder with some of them, or an address of one (http, https).
    /// What a file is, is told from its content.
    #[arg(value_name = "PATH|URL")]
    pub(crate) from: Vec<String>,
    /// The day that the IEEE listings are of [default: what the server says, or the file's modification time]. The text of
    /// IANA names its own.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<String>,
    /// Take listings that are older than those in use, or more than 2 % shorter.
    #[arg(long)]
    pub(crate) force: bool,
    /// Check and show the difference, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take the previous edition again; once more takes it back.
    #[arg(long, conflicts_with_all = ["from", "date", "force", "dry_run"])]
    pub(crate) previous: bool,
    /// How long an address may take, such as 30s or 10m.
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub(crate) timeout: String,
}

/// Flags of `completions`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done; 64 usage; 74 it cannot be printed.\n\nBash reads the result from \
~/.local/share/bash-completion/completions/herkomst, fish from ~/.config/fish/completions/herkomst.fish, zsh from a file \
_herkomst in a folder of its $fpath."
)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Flags of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 done; 64 usage; 74 or 77 a page cannot be written.")]
pub(crate) struct ManArgs {
    /// Where the pages go, such as ~/.local/share/man/man1; made when it is not there, and pages in it are replaced [default:
    /// all pages are printed, one after the other].
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// What may reach the terminal of a text that the operator or a file gave: lines as they are, and everything that could
/// steer the terminal spelt out (`\u{1b}`).
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_unsafe(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines_and_escapes_are_spelt_out() {
        assert_eq!(printable("a\n\u{1b}[2Jb\r\u{202e}ü"), "a\n\\u{1b}[2Jb\\u{d}\\u{202e}ü");
    }

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
