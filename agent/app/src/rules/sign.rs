//! `herkomst rules keygen` and `sign`: keys and signatures of the minisign format.

use std::fs;
use std::path::Path;

use anyhow::anyhow;
use herkomst_seal::{Comment, Identity, SecretKey};
use jiff::Timestamp;

use super::file::{Content, Opened};
use super::seal::{Kind, sound};
use super::secrets::{Readable, new_password, signing_key, write};
use super::trust::{name_in_comments, signature_of};
use crate::cli::{HostKeyArgs, SignArgs, SigningKeyArgs, printable};
use crate::exit::{Failure, Result};

/// A key to sign with: the secret half in a file, the public half beside it and in the answer.
pub(crate) fn signing_key_pair(args: &SigningKeyArgs) -> Result<String> {
    let path = args.file.as_path();
    let public_path = path.with_extension("pub");
    if public_path == path {
        return Err(Failure::usage(anyhow!(
            "{}: ends in .pub, which is for the public half: name the secret one, such as legal.key",
            path.display()
        )));
    }
    // Nobody types a password twice to hear of this.
    for path in [path, &public_path] {
        if path.symlink_metadata().is_ok() {
            return Err(Failure::usage(anyhow!(
                "{}: is there already, and is not written over",
                path.display()
            )));
        }
    }
    let password =
        if args.no_password { None } else { Some(new_password(args.password_file.as_deref())?) };
    let key = SecretKey::generate().map_err(Failure::unavailable)?;
    let file = key.to_file(password.as_ref().map(|password| password.as_str()));
    let file = file.map_err(Failure::unavailable)?;
    write(path, file.expose().as_bytes(), Readable::ByOwner, false)?;
    let public = key.public().to_file();
    if let Err(error) = write(&public_path, public.as_bytes(), Readable::ByOthers, false) {
        // Made by us a moment ago, and good for nothing without its public half.
        drop(fs::remove_file(path));
        return Err(error);
    }
    Ok(printable(&format!(
        "secret key: {}, for the signer alone\npublic key: {}, for those who are to trust it:\n{public}",
        path.display(),
        public_path.display()
    )))
}

/// A host's key: the secret half in a file, the public half in the answer.
pub(crate) fn host_key(args: &HostKeyArgs) -> Result<String> {
    let key = Identity::generate();
    write(&args.file, key.to_file().expose().as_bytes(), Readable::ByOwner, false)?;
    Ok(printable(&format!(
        "secret key: {}, for this host alone\npublic key, which files are sealed to:\n{}\n",
        args.file.display(),
        key.recipient()
    )))
}

/// Signs a pack, plain or sealed, as it will be delivered.
pub(crate) fn sign(args: &SignArgs) -> Result<String> {
    let (path, name) = (args.pack.as_path(), args.pack.display());
    let told = |what: String| Failure::data(anyhow!("{name}: {what}"));
    let content = Opened::open(path).and_then(|file| file.read()).map_err(told)?;
    if let (Content::Plain(text), false) = (&content, args.force) {
        sound(&name.to_string(), text, Kind::Pack)?;
    }
    let signature_path = signature_of(path);
    if !args.force && signature_path.symlink_metadata().is_ok() {
        return Err(Failure::usage(anyhow!(
            "{}: is there already; --force replaces it",
            signature_path.display()
        )));
    }
    let comment = args.comment.clone().unwrap_or_else(|| usual_comment(path));
    let trusted = Comment::trusted(&comment)
        .map_err(|error| Failure::usage(anyhow!("--comment: {error}")))?;
    let untrusted =
        Comment::untrusted("signature of a herkomst rule pack").map_err(Failure::software)?;
    let key = signing_key(&args.key, args.password_file.as_deref())?;
    let signature =
        key.sign(content.bytes(), trusted, untrusted).map_err(|error| told(error.to_string()))?;
    write(&signature_path, signature.to_file().as_bytes(), Readable::ByOthers, args.force)?;
    Ok(printable(&format!("{}: by key {}\n", signature_path.display(), key.public().id())))
}

/// When, and which file: as minisign writes it.
fn usual_comment(path: &Path) -> String {
    let name = name_in_comments(path);
    format!("timestamp:{}\tfile:{name}\thashed", Timestamp::now().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_key_is_left_without_its_public_half() {
        let folder = tempfile::tempdir().unwrap();
        // As long as a name may be: the one that ends in .pub is longer.
        let file = folder.path().join(format!("{}.k", "x".repeat(253)));
        let args = SigningKeyArgs { file, password_file: None, no_password: true };
        let error = signing_key_pair(&args).unwrap_err().to_string();
        assert!(error.contains(".pub: cannot be written"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
