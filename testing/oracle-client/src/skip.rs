use std::fmt;
use std::io::Write;

/// Why a test cannot run here.
#[derive(Debug)]
pub struct Skip(String);

impl Skip {
    /// For other crates of tests that may lack what they need.
    pub fn new(reason: impl Into<String>) -> Skip {
        Skip(reason.into())
    }

    /// Prints the reason so that it is seen even when the test harness captures output.
    pub fn announce(&self) {
        let test = std::thread::current().name().unwrap_or("test").to_owned();
        // A closed stderr leaves nobody to tell.
        let _ = writeln!(std::io::stderr(), "skipped {test}: {self}");
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
