//! The Markdown page of a control: prose for people, and cases that tests execute.
//!
//! A page starts with the reason for the control. Sections follow in this order, of which `Cure` and `Cases` are
//! required: `Check`, `Cure`, `Verify`, `Limits`, `Cases`. A case is a fenced block whose info string is `yaml` (or
//! `toml`) and what is expected: `finding`, `ok`, `unknown` or `none` (not applicable), then optional `key=value` words:
//! `count=N` (findings), `severity=S` (of the worst finding), `at=PATH` (of the first finding), `excepted`
//! (its findings are those of a known component), `kubernetes=v1.N`, `file=NAME` (the name of the file, where that
//! matters), and `NAME=VALUE` for a parameter. A line `# file: NAME` starts another file.

/// A page, taken apart.
#[derive(Debug)]
pub struct Page {
    /// The prose before the first section: why the control matters.
    pub why: &'static str,
    /// The sections: heading and body, without the cases.
    pub sections: Vec<(&'static str, &'static str)>,
    /// The executed cases.
    pub cases: Vec<Case>,
}

/// One executed case.
#[derive(Debug)]
pub struct Case {
    /// What is expected.
    pub expect: Expectation,
    /// The words behind it, as `count=2`.
    pub options: Vec<(&'static str, &'static str)>,
    /// The documents.
    pub yaml: &'static str,
    /// They are TOML.
    pub is_toml: bool,
    /// The line of the page on which it starts, from 1.
    pub line: usize,
    /// The prose right before it.
    pub title: &'static str,
}

/// What a case must lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// At least one finding.
    Finding,
    /// No finding, nothing unknown, at least one pass.
    Ok,
    /// At least one unknown, no finding.
    Unknown,
    /// The control does not apply.
    None,
}

impl Page {
    /// Takes a page apart.
    ///
    /// # Errors
    /// A sentence with the line when the page is not of the form described above.
    pub fn parse(text: &'static str) -> Result<Page, String> {
        let mut sections = Vec::new();
        let mut cases = Vec::new();
        let mut headings = headings(text);
        let first = headings.first().map_or(text.len(), |(at, _)| *at);
        headings.push((text.len(), ""));
        for pair in headings.windows(2) {
            let ((start, title), (end, _)) = (pair[0], pair[1]);
            let body = &text[start..end];
            let body = body.split_once('\n').map_or("", |(_, body)| body);
            match title {
                "Check" | "Cure" | "Verify" | "Limits" => sections.push((title, body.trim())),
                "Cases" => cases = parse_cases(body, line_of(text, end - body.len()))?,
                other => {
                    return Err(format!("line {}: unknown section `{other}`", line_of(text, start)));
                }
            }
        }
        let page = Page { why: text[..first].trim(), sections, cases };
        if page.why.is_empty() {
            return Err("line 1: the page must start with the reason for the control".to_owned());
        }
        if page.section("Cure").is_none_or(str::is_empty) {
            return Err("the section `Cure` is missing".to_owned());
        }
        Ok(page)
    }

    /// The body of a section.
    pub fn section(&self, title: &str) -> Option<&'static str> {
        self.sections.iter().find(|(name, _)| *name == title).map(|(_, body)| *body)
    }

    /// The cure in one paragraph.
    pub fn cure(&self) -> &'static str {
        first_paragraph(self.section("Cure").unwrap_or_default())
    }

    /// The reason in one paragraph.
    pub fn summary(&self) -> &'static str {
        first_paragraph(self.why)
    }
}

fn first_paragraph(text: &'static str) -> &'static str {
    text.split("\n\n").next().unwrap_or_default().trim()
}

fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Offsets and titles of the `## ` headings outside fences.
fn headings(text: &'static str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    let mut fenced = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if let Some(title) = line.strip_prefix("## ")
            && !fenced
        {
            found.push((at, title.trim()));
        }
        at += line.len();
    }
    found
}

fn parse_cases(body: &'static str, first_line: usize) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    let mut title = "";
    let mut open: Option<(usize, usize, &'static str)> = None; // offset of the block, line, info
    let mut at = 0;
    for (index, line) in body.split_inclusive('\n').enumerate() {
        let number = first_line + index;
        if let Some(info) = line.strip_prefix("```") {
            match open.take() {
                None => open = Some((at + line.len(), number, info.trim())),
                Some((start, number, info)) => {
                    cases.push(parse_case(info, &body[start..at], number, title)?);
                    title = "";
                }
            }
        } else if open.is_none() && !line.trim().is_empty() {
            title = line.trim();
        }
        at += line.len();
    }
    match open {
        Some((_, number, _)) => Err(format!("line {number}: the fence is not closed")),
        None => Ok(cases),
    }
}

fn parse_case(
    info: &'static str,
    yaml: &'static str,
    line: usize,
    title: &'static str,
) -> Result<Case, String> {
    let mut words = info.split_whitespace();
    if !matches!(words.next(), Some("yaml" | "toml")) {
        return Err(format!("line {line}: a case starts with ```yaml or ```toml"));
    }
    let expect = match words.next() {
        Some("finding") => Expectation::Finding,
        Some("ok") => Expectation::Ok,
        Some("unknown") => Expectation::Unknown,
        Some("none") => Expectation::None,
        _ => return Err(format!("line {line}: say what is expected: `finding`, `ok`, `unknown` or `none`")),
    };
    let options = words.map(|word| word.split_once('=').unwrap_or((word, ""))).collect();
    Ok(Case { expect, options, yaml, is_toml: info.starts_with("toml"), line, title })
}
