//! The HTML report, as text and in a real browser.
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

mod browser;
mod page;

use seaworthy_controls::{Settings, catalogue, evaluate};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};
use seaworthy_report::{Context, html};

/// The report on some files, given by name and text.
#[expect(clippy::unwrap_used, reason = "writing to memory cannot fail, and pages are UTF-8")]
fn render(files: &[(&str, &str)]) -> String {
    let files: Vec<SourceFile> =
        files.iter().map(|(name, text)| SourceFile::new(*name, Stream::read(*text))).collect();
    let evidence = Evidence::new(&files);
    let settings = Settings::default();
    let controls: Vec<_> = catalogue::all().collect();
    let assessment = evaluate(&controls, &evidence, &settings);
    let context =
        Context { inputs: files.iter().map(|file| file.name.clone()).collect(), ..Context::default() };
    let mut page = Vec::new();
    html::write(&assessment, &context, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

const SHOP: &str = include_str!("fixtures/shop.yaml");
const HOSTILE: &str = include_str!("fixtures/hostile.yaml");
/// The name of the file with hostile content.
const HOSTILE_NAME: &str = "deploy/<b onmouseover=window.pwned=1>\u{202e}.yaml";
