//! The readers of official listings, through what they offer to others. Rows are made up, in the forms of real files.

mod beside;
mod forms;
mod never_panics;
mod refusals;

use herkomst_compile::official::{self, Read};
use herkomst_compile::{Assignment, Rows};

/// Four rows as IEEE writes them.
const CSV: &str = "Registry,Assignment,Organization Name,Organization Address\r\n\
    MA-L,00E0FC,\"Acme &amp; Sons Co., Ltd.\",\"5 Long Road, Hall \"\"B\"\" Rotterdam  NL 1234 AB \"\r\n\
    MA-L,AABBCC,Private,\r\n\
    MA-L,0050BA,Some \u{ff2d}aker,1 Street  Austin TX US 78701 \r\n\
    MA-L,0012FF,\"Maker\nof two lines\",Nowhere    \r\n";

/// The same as their TXT form has it.
const TXT: &str = "OUI/MA-L                                                    Organization                                 \r\n\
    company_id                                                  Organization                                 \r\n\
    \x20                                                           Address                                      \r\n\
    \r\n\
    00-E0-FC   (hex)\t\tAcme & Sons Co., Ltd.\r\n\
    00E0FC     (base 16)\t\tAcme & Sons Co., Ltd.\r\n\
    \t\t\t\t5 Long Road, Hall B\r\n\
    \t\t\t\tRotterdam    1234 AB\r\n\
    \t\t\t\tNL\r\n\
    \r\n\
    AA-BB-CC   (hex)\t\tPrivate\r\n\
    AABBCC     (base 16)\t\tPrivate\r\n\
    \r\n\
    00-12-FF   (hex)\t\tMaker of two lines\r\n\
    0012FF     (base 16)\t\tMaker of two lines\r\n\
    \t\t\t\tNowhere\r\n\
    \t\t\t\t  \r\n\
    \t\t\t\t\r\n\
    \r\n\
    00-50-BA   (hex)\t\tSome Maker\r\n\
    0050BA     (base 16)\t\tSome Maker\r\n\
    \t\t\t\t1 Street\r\n\
    \t\t\t\tAustin  TX  78701\r\n\
    \t\t\t\tUS\r\n";

/// IANA's own text. Its contacts are nobody.
const IANA: &str = "PRIVATE ENTERPRISE NUMBERS\n\n(last updated 2025-08-15)\n\nSMI Network Management Private Enterprise Codes:\n\n\
    Decimal\n| Organization\n| | Contact\n| | | Email\n| | | | \n\
    0\n  Reserved\n    Nobody\n      nobody&example.org\n\
    9\n  Some   Maker, Inc.\n    Nobody\n      nobody&example.org\n\
    2021\n  U.C. Davis, ECE Dept. Nobody\n    Nobody\n      nobody&example.org\n\
    40000\n  Acme SomebodyOrOther&mail.example.org\n    or\n      nobody&example.org\n\
    40001\n  \n    Nobody\n      nobody&example.org\n\
    \n\nEnd of Document\n";

fn read(name: &str, text: &str) -> Result<Read, Vec<String>> {
    official::read(name, text.as_bytes(), "a test", Some("2026-10-24"))
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn assignments(read: &Read) -> &[Assignment] {
    match &read.listing.rows {
        Rows::Assignments(_, rows) => rows,
        Rows::Numbers(_) => panic!("{} has assignments", read.listing.source.name),
    }
}

fn notes(read: &Read) -> Vec<String> {
    read.notes.iter().map(ToString::to_string).collect()
}
