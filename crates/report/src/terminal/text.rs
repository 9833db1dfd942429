//! Lines for a terminal: colours, wrapping, indentation.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};
use seaworthy_controls::Severity;
use unicode_width::UnicodeWidthStr;

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    pub(crate) color: bool,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const HEADING: Style = Style::new().bold().underline();
const GOOD: Style = AnsiColor::Green.on_default();

/// The colour of a severity.
pub(crate) fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Critical => AnsiColor::BrightRed.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
    }
}

/// A text in a style.
pub(crate) struct Painted<T> {
    text: T,
    style: Option<Style>,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Some(style) => {
                write!(f, "{style}")?;
                self.text.fmt(f)?;
                write!(f, "{style:#}")
            }
            None => self.text.fmt(f),
        }
    }
}

impl Paint {
    pub(crate) fn with<T: Display>(self, style: Style, text: T) -> Painted<T> {
        Painted { text, style: self.color.then_some(style) }
    }

    pub(crate) fn bold<T: Display>(self, text: T) -> Painted<T> {
        self.with(BOLD, text)
    }

    pub(crate) fn dim<T: Display>(self, text: T) -> Painted<T> {
        self.with(DIM, text)
    }

    pub(crate) fn heading<T: Display>(self, text: T) -> Painted<T> {
        self.with(HEADING, text)
    }

    pub(crate) fn good<T: Display>(self, text: T) -> Painted<T> {
        self.with(GOOD, text)
    }

    pub(crate) fn severity(self, severity: Severity) -> Painted<&'static str> {
        self.with(severity_style(severity), severity.name())
    }
}

/// A text broken at spaces so that no line is wider than `width` columns, unless a word is.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut columns = 0;
    for word in text.split_whitespace() {
        let wide = word.width();
        if columns > 0 && columns + 1 + wide > width {
            lines.push(std::mem::take(&mut line));
            columns = 0;
        }
        if columns > 0 {
            line.push(' ');
            columns += 1;
        }
        line.push_str(word);
        columns += wide;
    }
    if columns > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// A text cut to `width` columns, with `…` where something is missing.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut columns = 0;
    let mut kept = String::new();
    for character in text.chars() {
        let wide = unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
        if columns + wide + 1 > width {
            break;
        }
        columns += wide;
        kept.push(character);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_words_are_kept_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a considerable word", 4), ["a", "considerable", "word"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("二三 四五", 5), ["二三", "四五"]);
    }

    #[test]
    fn a_text_that_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdefg", 6), "abcde…");
        assert_eq!(fit("二三四", 5), "二三…");
    }

    #[test]
    fn paint_without_colour_is_plain() {
        assert_eq!(Paint { color: false }.bold("x").to_string(), "x");
        assert_eq!(Paint { color: true }.bold("x").to_string(), "\u{1b}[1mx\u{1b}[0m");
    }
}
