//! `hrSWInstalledTable` and `hrSWRunTable` (HOST-RESOURCES-MIB, RFC 2790).
//!
//! `hrSWRunParameters` is left out: command lines hold passwords.

use herkomst_model::{DeviceText, Rows, Software, SoftwareKind};

use super::{Cells, Scope, Source, Tally};
use crate::snmp::index::Index;
use crate::snmp::walk::Row;

/// `hrSWInstalledName`, `hrSWInstalledType`.
pub const INSTALLED: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 25, 6, 3, 1], &[2, 4])],
    row: 75,
    rows: 20_000,
    decode: installed,
};

/// `hrSWRunName`, `hrSWRunPath`, `hrSWRunType`.
pub const RUNNING: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 25, 4, 2, 1], &[2, 4, 6])],
    row: 100,
    rows: 20_000,
    decode: running,
};

fn installed(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::Software(tally.collect(rows, |cells| software(cells, None, 1))))
}

fn running(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::Software(tally.collect(rows, |cells| {
        let path = cells.text(1);
        software(cells, path, 2)
    })))
}

fn software(cells: &mut Cells<'_>, path: Option<DeviceText>, kind: usize) -> Option<Software> {
    let mut index = Index::new(&cells.row.index);
    let number = index.number("hrSW index").ok()?;
    index.end().ok()?;
    let kind = match cells.number(kind) {
        Some(2) => SoftwareKind::OperatingSystem,
        Some(3) => SoftwareKind::DeviceDriver,
        Some(4) => SoftwareKind::Application,
        _ => SoftwareKind::Unknown,
    };
    Some(Software { index: number, name: cells.text(0)?, path, kind })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decode, number, row, text};
    use super::*;

    #[test]
    fn a_package_without_a_name_is_none() {
        let rows = [row(&[1], &[text("bash_5.2"), number(4)]), row(&[2], &[text(""), number(4)])];
        let (Some(Rows::Software(kept)), tally) = decode(&INSTALLED, &rows) else { panic!() };
        assert_eq!(
            (kept.len(), kept[0].kind, kept[0].path.clone()),
            (1, SoftwareKind::Application, None)
        );
        assert_eq!(tally.unreadable, 1);
    }

    #[test]
    fn what_runs_has_a_path_and_its_command_line_is_not_asked_for() {
        let rows = [row(&[812], &[text("sshd"), text("/usr/sbin/sshd"), number(2)])];
        let (Some(Rows::Software(kept)), _) = decode(&RUNNING, &rows) else { panic!() };
        assert_eq!(kept[0].path, Some("/usr/sbin/sshd".into()));
        assert_eq!(kept[0].kind, SoftwareKind::OperatingSystem);
        let parameters = "1.3.6.1.2.1.25.4.2.1.5".parse().unwrap();
        assert!(!RUNNING.columns().contains(&parameters));
    }
}
