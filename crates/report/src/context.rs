//! What a report says besides the assessment itself.

use seaworthy_controls::Framework;

/// What is not part of an [`Assessment`](seaworthy_controls::Assessment) but stands in a report of it.
#[derive(Clone, Debug)]
pub struct Context<'c> {
    /// Version of the program.
    pub tool_version: &'c str,
    /// The inputs as the person named them: files, folders, `-`.
    pub inputs: Vec<String>,
    /// What was found there but not read.
    pub skipped: Vec<Skipped>,
    /// The configuration that was applied, as the person knows the file.
    pub configuration: Option<String>,
    /// The former report that findings were compared with, as the person knows the file.
    pub baseline: Option<String>,
    /// Frameworks whose items are summed up.
    pub frameworks: Vec<Framework>,
    /// When the report was made, as RFC 3339; left out where a report must be reproducible.
    pub generated_at: Option<String>,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether the terminal output carries colours.
    pub color: bool,
    /// How much the terminal output says.
    pub style: Style,
    /// Only what was tried, and where controls stand by it, is shown to people: not what was read.
    pub only_proofs: bool,
}

impl Default for Context<'_> {
    fn default() -> Self {
        Context {
            tool_version: env!("CARGO_PKG_VERSION"),
            inputs: Vec::new(),
            skipped: Vec::new(),
            configuration: None,
            baseline: None,
            frameworks: Vec::new(),
            generated_at: None,
            width: 100,
            color: false,
            style: Style::Full,
            only_proofs: false,
        }
    }
}

/// Files that were not read, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// What they are and why, in the plural: "files larger than 64 MiB".
    pub reason: String,
    /// How many.
    pub count: usize,
    /// A few of them.
    pub examples: Vec<String>,
}

/// How much the terminal output says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// The numbers of each phase and the changes, one line each.
    Summary,
    /// The roadmap, with the foremost changes in detail.
    #[default]
    Full,
    /// The roadmap, with every change, control and finding.
    All,
    /// One line per finding, `file:line:column: severity control message`, and nothing else.
    Quiet,
}
