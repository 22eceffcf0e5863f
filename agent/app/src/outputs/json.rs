//! JSON: one document, or one object a line.
//!
//! Lines begin with `{"type":"scan"}`, then come devices, findings and figures, and at the end coverage and receipt. Characters that
//! a terminal or a viewer would obey are written as `\u` escapes, which every JSON reader takes for the same text.

use std::io;

use herkomst_model::report::Report;
use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter};

use super::escape::is_unsafe;

/// Writes the whole report as one document. It is never whole in memory a second time: that of a large network is long.
pub(crate) fn write_document(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    write_value(out, report, Escaped(PrettyFormatter::new()))?;
    out.write_all(b"\n")
}

/// Anything that has string keys and no float, as one document.
pub(crate) fn document_of<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = to_bytes(value, Escaped(PrettyFormatter::new()));
    bytes.push(b'\n');
    bytes
}

/// The same on one line, with its `type`.
pub(crate) fn line_of<T: Serialize>(r#type: &'static str, value: &T) -> Vec<u8> {
    #[derive(Serialize)]
    struct Line<'a, T> {
        r#type: &'static str,
        #[serde(flatten)]
        object: &'a T,
    }
    let mut bytes = to_bytes(&Line { r#type, object: value }, Escaped(CompactFormatter));
    bytes.push(b'\n');
    bytes
}

/// Writes one object a line, each with its `type`.
pub(crate) fn write_lines(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a, T> {
        r#type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        schema_version: Option<u32>,
        #[serde(flatten)]
        object: &'a T,
    }
    fn line<T: Serialize>(
        out: &mut dyn io::Write,
        r#type: &'static str,
        version: Option<u32>,
        object: &T,
    ) -> io::Result<()> {
        let line = Line { r#type, schema_version: version, object };
        write_value(out, &line, Escaped(CompactFormatter))?;
        out.write_all(b"\n")
    }
    line(out, "scan", Some(report.schema_version), &report.scan)?;
    report.devices.iter().try_for_each(|device| line(out, "device", None, device))?;
    report.findings.iter().try_for_each(|finding| line(out, "finding", None, finding))?;
    report.figures.iter().try_for_each(|figure| line(out, "figure", None, figure))?;
    line(out, "coverage", None, &report.coverage)?;
    line(out, "receipt", None, &report.receipt)
}

fn write_value<T: Serialize, F: Formatter>(
    out: &mut dyn io::Write,
    value: &T,
    formatter: F,
) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, formatter);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

fn to_bytes<T: Serialize, F: Formatter>(value: &T, formatter: F) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_value(&mut bytes, value, formatter)
        .expect("the report has string keys and no float, and memory takes all bytes");
    bytes
}

/// Another formatter, with unsafe characters as escapes.
struct Escaped<F>(F);

macro_rules! passed_on {
    ($($name:ident($($argument:ident: $type:ty),*)),* $(,)?) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W, $($argument: $type),*) -> io::Result<()> {
            self.0.$name(writer, $($argument),*)
        })*
    };
}

impl<F: Formatter> Formatter for Escaped<F> {
    passed_on!(
        begin_array(), end_array(), begin_array_value(first: bool), end_array_value(), begin_object(), end_object(),
        begin_object_key(first: bool), end_object_key(), begin_object_value(), end_object_value(),
        write_char_escape(escape: CharEscape),
    );

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_unsafe) {
            let (safe, from) = rest.split_at(at);
            writer.write_all(safe.as_bytes())?;
            let mut characters = from.chars();
            let found = characters.next().expect("something was found here");
            for unit in found.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use herkomst_model::DeviceText;

    use super::*;

    #[test]
    fn hostile_text_is_escaped_and_reads_back_the_same() {
        let text = DeviceText::from("\"q\"|\n\u{1b}[31m\u{202e}\u{e0041}é\u{7f}\\");
        let bytes = to_bytes(&text, Escaped(CompactFormatter));
        let shown = String::from_utf8(bytes.clone()).unwrap();
        assert!(!shown.chars().any(is_unsafe), "{shown}");
        assert!(
            shown.contains("\\u202e") && shown.contains("\\udb40\\udc41") && shown.contains('é'),
            "{shown}"
        );
        assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), text.raw());
    }
}
