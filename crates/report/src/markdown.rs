//! The Markdown of the controls' pages, as terminal text and as HTML.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

/// One block of a page as lines of plain text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Text to be wrapped.
    Paragraph(String),
    /// The text of a list item, to be wrapped behind its mark (`-` or `1.`).
    Item(String, String),
    /// Lines to be shown as they are.
    Code(String),
}

/// A paragraph without its markup; code keeps its backticks, which is how people know names from words.
pub(crate) fn plain(markdown: &str) -> String {
    let texts = blocks(markdown).into_iter().map(|block| match block {
        Block::Paragraph(text) | Block::Item(_, text) | Block::Code(text) => text,
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// The blocks of a text without their inline markup.
pub(crate) fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut text = String::new();
    // The number of the next item of each open list, `None` for a bulleted one.
    let mut lists: Vec<Option<u64>> = Vec::new();
    let mut mark = String::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::List(first)) => {
                flush(&mut blocks, &mut text, &mut mark);
                lists.push(first);
            }
            Event::End(TagEnd::List(_)) => {
                lists.pop();
            }
            Event::Start(Tag::Item) => {
                mark = match lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}.", *number - 1)
                    }
                    _ => "-".to_owned(),
                };
            }
            Event::End(TagEnd::CodeBlock) => {
                blocks.push(Block::Code(std::mem::take(&mut text).trim_end().to_owned()));
            }
            Event::End(
                TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_) | TagEnd::TableRow | TagEnd::TableHead,
            ) => {
                flush(&mut blocks, &mut text, &mut mark);
            }
            Event::End(TagEnd::TableCell) => text.push_str("  "),
            Event::Text(part) | Event::Html(part) | Event::InlineHtml(part) => text.push_str(&part),
            Event::Code(code) => {
                text.push('`');
                text.push_str(&code);
                text.push('`');
            }
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    flush(&mut blocks, &mut text, &mut mark);
    blocks
}

fn flush(blocks: &mut Vec<Block>, text: &mut String, mark: &mut String) {
    let text = std::mem::take(text);
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    match mark.is_empty() {
        true => blocks.push(Block::Paragraph(text.to_owned())),
        false => blocks.push(Block::Item(std::mem::take(mark), text.to_owned())),
    }
}

/// A text as HTML. Markup in it is shown, not obeyed, and links lead nowhere but to `https:`.
pub(crate) fn html(markdown: &str) -> String {
    let safe = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if dest_url.starts_with("https://") { dest_url } else { CowStr::from("#") };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        // A report loads nothing.
        Event::Start(Tag::Image { .. }) => Event::Start(Tag::Emphasis),
        Event::End(TagEnd::Image) => Event::End(TagEnd::Emphasis),
        other => other,
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, safe);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lose_their_markup_but_keep_their_order() {
        let text = "A *strong* reason,\non two lines with `code` and [a link](https://example.com).\n\n\
                    1. first\n2. second\n\n```yaml\na: 1\n  b: 2\n```\n- last";
        assert_eq!(
            blocks(text),
            [
                Block::Paragraph("A strong reason, on two lines with `code` and a link.".to_owned()),
                Block::Item("1.".to_owned(), "first".to_owned()),
                Block::Item("2.".to_owned(), "second".to_owned()),
                Block::Code("a: 1\n  b: 2".to_owned()),
                Block::Item("-".to_owned(), "last".to_owned()),
            ]
        );
    }

    #[test]
    fn markup_in_a_text_is_shown_and_not_obeyed() {
        let text = "<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) ![b](https://example.com/x.png)";
        let html = html(text);
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("javascript:"),
            "{html}"
        );
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }
}
