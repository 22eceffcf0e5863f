//! Whether the grounds of an answer are kept: for a judgement they are, for the verdict alone they cost nothing.

use herkomst_ids::VendorId;

use crate::Because;

/// A ground, or the place of one. One way through the tests serves both, so that they cannot come to differ.
pub(super) trait Ground: Clone + PartialEq {
    /// Whether there is anything to keep.
    const IS_KEPT: bool;

    /// Makes it, where it is kept.
    fn of(make: impl FnOnce() -> Because) -> Self;

    /// The vendors that some grounds of a party test name.
    fn vendors(grounds: &[Self]) -> Vec<VendorId>;
}

/// Nothing is kept: no text is copied, and a list of these takes no memory.
impl Ground for () {
    const IS_KEPT: bool = false;

    fn of(_: impl FnOnce() -> Because) -> Self {}

    fn vendors(_: &[Self]) -> Vec<VendorId> {
        Vec::new()
    }
}

impl Ground for Because {
    const IS_KEPT: bool = true;

    fn of(make: impl FnOnce() -> Because) -> Self {
        make()
    }

    fn vendors(grounds: &[Self]) -> Vec<VendorId> {
        let mut ids: Vec<VendorId> = Vec::new();
        for ground in grounds {
            match ground {
                Because::Party { id, .. } | Because::Suspected { id, .. } => ids.push(id.clone()),
                Because::OtherParty { ids: others, .. } => ids.extend(others.iter().cloned()),
                Because::TooWeak { .. }
                | Because::Contested { .. }
                | Because::Open { .. }
                | Because::Role { .. }
                | Because::OtherRole { .. }
                | Because::Component { .. }
                | Because::OtherComponent { .. }
                | Because::InParts { .. }
                | Because::InNoPart { .. }
                | Because::Listed(_)
                | Because::SeenBefore { .. }
                | Because::UncertainControl { .. }
                | Because::OtherControl { .. }
                | Because::NotAllowed { .. }
                | Because::Allowed { .. }
                | Because::Country { .. }
                | Because::OtherCountry { .. }
                | Because::WeakCountry { .. }
                | Because::StateOwned { .. }
                | Because::Fact { .. }
                | Because::OtherFact { .. }
                | Because::Excepted { .. }
                | Because::Bound { .. }
                | Because::Standing { .. }
                | Because::Order { .. }
                | Because::Answered(_)
                | Because::Question { .. }
                | Because::OutOfScope { .. } => {}
            }
        }
        ids.sort();
        ids.dedup();
        ids
    }
}
