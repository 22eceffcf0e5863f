//! What the register and the shipped rules say of a vendor, or of an owner of vendors.

use herkomst_registry::{Control, Owner, Vendor, VendorKind};
use herkomst_rules::{ListingDate, Relation};

use super::Explainer;
use super::answer::{Answer, ControlEntry, OwnerEntry, RuleEntry, RuleListingEntry, VendorEntry};

impl Explainer<'_> {
    /// What the register and the rules say of a vendor.
    pub(super) fn maker(&mut self, vendor: Vendor<'_>, answer: &mut Answer) {
        let on = self.on.to_string();
        let chain = vendor.control_chain(&on);
        answer.rules = self.rules(vendor.id(), &chain);
        answer.vendor = Some(VendorEntry {
            id: vendor.id().to_owned(),
            name: vendor.name().to_owned(),
            legal_name: vendor.legal_name().map(str::to_owned),
            lei: vendor.lei().map(str::to_owned),
            kind: vendor.kind().as_str().to_owned(),
            country: vendor.country().map(|country| country.to_string()),
            brands: vendor.brands().map(str::to_owned).collect(),
            registrants: vendor.registrants().map(str::to_owned).collect(),
            enterprise_numbers: vendor.pens().map(|pen| pen.0).collect(),
            successors: vendor.successors().map(|one| one.id().to_owned()).collect(),
            note: vendor.note().map(str::to_owned),
            source: vendor.source().map(str::to_owned),
            last_checked: vendor.last_checked().map(str::to_owned),
            verified: vendor.verified(),
            local: vendor.is_local(),
            edition: self.registry.vendors_edition().to_string(),
            controller: chain.last().map(control_entry),
            country_of_control: vendor.country_of_control(&on).map(|country| country.to_string()),
            control_verified: !chain.is_empty() && chain.iter().all(|step| step.verified),
            history: vendor.control_history().map(|step| control_entry(&step)).collect(),
            chain: chain.iter().map(control_entry).collect(),
        });
        let built_in = match vendor.kind() {
            VendorKind::Module => Some("modules that others build in"),
            VendorKind::Chipset => Some("chips that others build in"),
            VendorKind::Odm => Some("products that carry the brands of others"),
            VendorKind::Product | VendorKind::Ot | VendorKind::Virtual | VendorKind::Agent => None,
        };
        let from_address = answer.assignment.is_some();
        if let Some(makes) = built_in.filter(|_| from_address) {
            let name = vendor.name();
            answer.notes.push(format!(
                "{name} makes {makes}: the interface is theirs, the brand of the box is unknown"
            ));
        }
    }

    pub(super) fn owner(&mut self, owner: Owner<'_>) -> Answer {
        let on = self.on.to_string();
        let chain = owner.control_chain(&on);
        let controls = self.registry.vendors().filter(|vendor| {
            vendor.control_chain(&on).iter().any(|step| step.id == Some(owner.id()))
        });
        let controls = controls.map(|vendor| vendor.id().to_owned()).collect();
        Answer {
            taken_for: "owner".into(),
            known: true,
            rules: self.rules(owner.id(), &chain),
            owner: Some(OwnerEntry {
                id: owner.id().to_owned(),
                name: owner.name().to_owned(),
                country: owner.country().map(|country| country.to_string()),
                note: owner.note().map(str::to_owned),
                local: owner.is_local(),
                history: owner.control_history().map(|step| control_entry(&step)).collect(),
                chain: chain.iter().map(control_entry).collect(),
                controls,
            }),
            ..Answer::default()
        }
    }

    /// Which shipped rules name a party, or one that controls it on the day.
    fn rules(&mut self, id: &str, chain: &[Control<'_>]) -> Vec<RuleEntry> {
        let on = self.on;
        // Control is as sure as its least sure step.
        let mut parties = vec![(id.to_owned(), Relation::Maker, true)];
        let mut verified = true;
        for step in chain {
            verified &= step.verified;
            if let Some(controller) = step.id.filter(|one| *one != id) {
                parties.push((controller.to_owned(), Relation::ControlledBy, verified));
            }
        }
        let mut found = Vec::new();
        for pack in self.packs() {
            for rule in &pack.rules {
                for (party, relation, verified) in &parties {
                    let named = rule.party.vendors.iter().any(|one| one.id.as_str() == party);
                    if !named || !rule.party.relations.contains(relation) {
                        continue;
                    }
                    let listings = rule.listings.iter().map(|listing| RuleListingEntry {
                        list: listing.list.id.clone(),
                        instrument: listing.list.instrument.clone(),
                        named_as: listing.name.clone(),
                        since: match listing.since {
                            ListingDate::From(day) => day.to_string(),
                            ListingDate::KnownBy(day) => format!("at the latest {day}"),
                        },
                        until: listing.until.map(|day| day.to_string()),
                        status: listing.list.status.to_string(),
                        in_force: listing.holds_on(on),
                        reaches: listing.reaches.contains(relation),
                        mark: listing.mark.to_string(),
                    });
                    found.push(RuleEntry {
                        pack: pack.id.clone(),
                        rule: rule.id.clone(),
                        title: rule.title.clone(),
                        names: party.clone(),
                        relation: relation.to_string(),
                        verified: *verified,
                        listings: listings.collect(),
                    });
                }
            }
        }
        found
    }
}

fn control_entry(step: &Control<'_>) -> ControlEntry {
    ControlEntry {
        id: step.id.map(str::to_owned),
        name: step.name.to_owned(),
        country: step.country.map(|country| country.to_string()),
        test: step.test.as_str().to_owned(),
        from: step.from.map(str::to_owned),
        until: step.until.map(str::to_owned),
        source: Some(step.source).filter(|source| !source.is_empty()).map(str::to_owned),
        last_checked: step.last_checked.map(str::to_owned),
        confidence: step.confidence.as_str().to_owned(),
        verified: step.verified,
    }
}
