//! Text that is markup already.

use std::borrow::Cow;
use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};

use crate::markdown;

/// Markup that this crate made, not to be escaped again.
#[derive(Debug)]
pub(super) struct Markup(String);

impl Markup {
    /// A text in Markdown.
    pub(super) fn of_markdown(text: &str) -> Markup {
        Markup(markdown::html(text))
    }

    /// What a template made.
    pub(super) fn rendered(template: &impl askama::Template) -> Markup {
        // Writing to a string cannot fail, and no value in the templates refuses to be shown.
        Markup(template.render().unwrap_or_default())
    }

    /// Length in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// A sentence in which what stands between backticks is shown as code. Everything in it is escaped.
#[derive(Debug)]
pub(super) struct Ticked<'t>(pub(super) Cow<'t, str>);

impl fmt::Display for Ticked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_ref();
        while let Some((before, (code, after))) =
            rest.split_once('`').and_then(|(before, rest)| Some((before, rest.split_once('`')?)))
        {
            write_escaped(f, before)?;
            f.write_str("<code>")?;
            write_escaped(f, code)?;
            f.write_str("</code>")?;
            rest = after;
        }
        write_escaped(f, rest)
    }
}

impl HtmlSafe for Ticked<'_> {}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    match escape(text, Html) {
        Ok(escaped) => write!(f, "{escaped}"),
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_become_code_and_everything_is_escaped() {
        let shown = |text: &'static str| Ticked(text.into()).to_string();
        assert_eq!(shown("set `a: <b>` & go"), "set <code>a: &#60;b&#62;</code> &#38; go");
        assert_eq!(shown("one ` alone <i>"), "one ` alone &#60;i&#62;");
        assert_eq!(shown("`<script>`"), "<code>&#60;script&#62;</code>");
    }
}
