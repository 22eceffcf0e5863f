//! What came out of a seal, and who may see it.
//!
//! A [`Sealed`] value cannot be printed, serialised, compared, cloned or looked at; so a type that holds one cannot
//! derive any of that either, and a sealed name does not reach a log, a record or a table because somebody forgot.
//! Looking takes a [`Clearance`], and there are two ways to one. This guards against accidents, not against malice:
//! whoever writes into [`Sealed::map`] can print there, and root on the host can read the process.
//!
//! ```
//! # use herkomst_seal::{Clearance, Sealed};
//! let vendor = Sealed::new(String::from("Acme"));
//! let clearance = Clearance::of_output(true).expect("the output is marked");
//! println!("{}", vendor.open(&clearance));
//! ```
//!
//! ```compile_fail
//! # use herkomst_seal::{Clearance, Sealed};
//! let vendor = Sealed::new(String::from("Acme"));
//! println!("{}", vendor);
//! ```
//!
//! That something is sealed can itself be the secret: where nothing is cleared, leave the value out, and its number, and
//! its part in an exit code.

use zeroize::Zeroizing;

use crate::seal::Identity;

/// Bytes out of a seal; overwritten when dropped.
pub type Plain = Zeroizing<Vec<u8>>;

/// A value that came out of a seal, or follows from one.
#[must_use]
pub struct Sealed<T>(T);

impl<T> Sealed<T> {
    /// Puts a value under the discipline.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, to who is cleared.
    pub fn open(&self, _: &Clearance) -> &T {
        &self.0
    }

    /// The value itself, to who is cleared. From here on nothing guards it.
    pub fn into_open(self, _: &Clearance) -> T {
        self.0
    }

    /// Borrows what is inside, still sealed.
    pub fn as_ref(&self) -> Sealed<&T> {
        Sealed(&self.0)
    }

    /// What follows from the value is sealed too: a pack out of its bytes, findings out of a pack.
    ///
    /// A `Fn`, so that it cannot push what it sees onto a list outside.
    pub fn map<U>(self, follow: impl Fn(T) -> U) -> Sealed<U> {
        Sealed(follow(self.0))
    }

    /// What follows from two sealed values: the findings of a sealed pack over sealed part tags.
    pub fn zip<U>(self, other: Sealed<U>) -> Sealed<(T, U)> {
        Sealed((self.0, other.0))
    }
}

impl<T, E> Sealed<Result<T, E>> {
    /// Whether it went well is told, since a pack that cannot be read must not pass for one that was; why not is not:
    /// the problems of a pack quote its names.
    pub fn transpose(self) -> Result<Sealed<T>, Sealed<E>> {
        self.0.map(Sealed).map_err(Sealed)
    }
}

/// Leave to look at sealed values. Made where the output or the reader is known, and handed down from there.
pub struct Clearance {
    _made_here: (),
}

impl Clearance {
    /// For an output that the operator marked `cleared = true`.
    pub fn of_output(marked_cleared: bool) -> Option<Self> {
        marked_cleared.then_some(Self { _made_here: () })
    }

    /// For a reader who supplies keys: what they do not open stays shut, whoever brings them, so having one is enough.
    pub fn of_reader(supplied: &[Identity]) -> Option<Self> {
        (!supplied.is_empty()).then_some(Self { _made_here: () })
    }
}

/// The text of a secret key, on its way to a file. No `Debug`, no `Display`; overwritten when dropped.
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text. It belongs into a file that its owner alone can read, and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret_key::{SecretKey, SecretKeyFile};

    /// Does not compile when the type has the trait: two ways to one function, and no way to choose.
    macro_rules! lacks {
        ($type:ty: $($trait:path),+) => {$(
            const _: fn() = || {
                struct Has;
                trait Either<A> { fn one() {} }
                impl<T: ?Sized> Either<()> for T {}
                impl<T: ?Sized + $trait> Either<Has> for T {}
                let _ = <$type as Either<_>>::one;
            };
        )+};
    }
    macro_rules! lacks_all {
        ($($type:ty),+) => {$(
            lacks!($type: std::fmt::Debug, std::fmt::Display, serde::Serialize, Clone, PartialEq, PartialOrd,
                std::hash::Hash, std::ops::Deref, AsRef<str>, AsRef<[u8]>, ToString);
        )+};
    }
    lacks_all!(
        Sealed<String>,
        Sealed<Plain>,
        Secret,
        SecretKey,
        SecretKeyFile,
        Identity,
        Clearance
    );
    lacks!(Clearance: Default, Copy);

    #[test]
    fn only_a_marked_output_and_the_reader_with_a_key_are_cleared() {
        assert!(Clearance::of_output(true).is_some());
        assert!(Clearance::of_output(false).is_none());
        assert!(Clearance::of_reader(&[Identity::generate()]).is_some());
        assert!(Clearance::of_reader(&[]).is_none());
    }

    #[test]
    fn what_follows_from_a_sealed_value_is_sealed_until_somebody_cleared_looks() {
        let clearance = Clearance::of_output(true).unwrap();
        let length = Sealed::new("Acme".to_owned()).map(|name| name.len()).zip(Sealed::new('x'));
        assert_eq!(length.as_ref().into_open(&clearance), &(4, 'x'));
        assert_eq!(length.into_open(&clearance), (4, 'x'));
        let read = |text: &str| Sealed::new(text.to_owned()).map(|t| t.parse::<u8>()).transpose();
        assert_eq!(read("7").ok().unwrap().open(&clearance), &7);
        assert!(read("Acme").is_err());
    }
}
