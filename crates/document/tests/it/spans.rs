//! Where values stand, what they are, and what people are told; expectations by hand.

use seaworthy_document::{Kind, Limits, Stream, Style, Value};

/// Texts of all values below a root, in order, with the text of their spans.
fn spans(stream: &Stream) -> Vec<&str> {
    let root = stream.documents().next().unwrap().root();
    root.descendants().map(|value| source(value)).collect()
}

fn source<'a>(value: Value<'a>) -> &'a str {
    let span = value.span();
    &value.stream().text()[span.start as usize..span.end as usize]
}

/// Runs a check on what each of the readers makes of a text.
fn both(text: &str, check: impl Fn(&Stream)) {
    check(&Stream::read(text));
    check(&Stream::read_completely(text, &Limits::default()));
}

#[test]
fn spans_cover_values_and_nothing_else() {
    both(
        "a: 'x'  # c\nb:\n- 1\n-  - \"y\" \n\nc: |-  # c\n   text\n\n\nd:\ne: [f, {g: h}] # i\n# end\n",
        |stream| {
            assert_eq!(
                spans(stream),
                [
                    "a: 'x'  # c\nb:\n- 1\n-  - \"y\" \n\nc: |-  # c\n   text\n\n\nd:\ne: [f, {g: h}]",
                    "'x'",
                    "- 1\n-  - \"y\"",
                    "1",
                    "- \"y\"",
                    "\"y\"",
                    "|-  # c\n   text",
                    "",
                    "[f, {g: h}]",
                    "f",
                    "{g: h}",
                    "h",
                ]
            );
            let root = stream.documents().next().unwrap().root();
            let null = root.get_raw("d").unwrap();
            assert_eq!(null.span().start, null.key().unwrap().span().end + 1);
            assert!(root.get("d").is_none());
            assert_eq!(source(root.get("b").unwrap().key().unwrap()), "b");
        },
    );
}

#[test]
fn entries_paths_and_positions() {
    both(
        "spec:\n  containers:\n  - name: app\n    image: \"é\" \n  - image: b\n  'x.y/z': {q: [1]}\n",
        |stream| {
            let root = stream.documents().next().unwrap().root();
            let containers = root.at(&["spec", "containers"]).unwrap();
            let images: Vec<_> = containers.items().map(|item| item.get("image").unwrap()).collect();
            assert_eq!(images[0].path(), "spec.containers[app].image");
            assert_eq!(images[1].path(), "spec.containers[1].image");
            let q = root.at(&["spec", "x.y/z", "q"]).unwrap();
            assert_eq!(q.items().next().unwrap().path(), "spec[x.y/z].q[0]");
            assert_eq!(q.key().unwrap().path(), "spec[x.y/z]");
            assert_eq!(root.path(), "");
            assert_eq!(q.parent().unwrap().parent(), root.get("spec"));

            let text = stream.text();
            let entry = |value: Value<'_>| {
                let span = value.entry_span();
                text[span.start as usize..span.end as usize].to_owned()
            };
            assert_eq!(entry(images[0]), "image: \"é\"");
            assert_eq!(entry(containers), "containers");
            assert_eq!(entry(containers.items().next().unwrap()), "name: app");
            let end = stream.position(images[0].span().end);
            assert_eq!((end.line, end.column), (4, 15));
        },
    );
}

#[test]
fn scalars_keep_their_style_and_lose_their_quotes() {
    both(
        "a: 'it''s'\nb: \"\\u00e9\\n\"\nc: >\n  x\n  y\n\n  z\nd: two\n   lines\ne: |2\n    x\n",
        |stream| {
            let root = stream.documents().next().unwrap().root();
            let values: Vec<_> = root.entries().map(|(_, value)| (value.style(), value.text())).collect();
            assert_eq!(
                values,
                [
                    (Style::SingleQuoted, "it's"),
                    (Style::DoubleQuoted, "é\n"),
                    (Style::Folded, "x y\nz\n"),
                    (Style::Plain, "two lines"),
                    (Style::Literal, "  x\n"),
                ]
            );
        },
    );
}

#[test]
fn scalars_are_what_kubernetes_takes_them_for() {
    both(
        "[yes, 'yes', 0x1F, 0o17, 017, 1_000, 18446744073709551615, 1.5, 1e3, ~, 2001-01-01, 1:30]\n",
        |stream| {
            let items: Vec<_> = stream.documents().next().unwrap().root().items().collect();
            assert_eq!(items[0].as_bool(), Some(true));
            assert_eq!((items[1].as_bool(), items[1].as_str()), (None, Some("yes")));
            let integers: Vec<_> = items[2..7].iter().map(|item| item.as_i64()).collect();
            assert_eq!(integers, [Some(31), Some(15), Some(15), Some(1000), None]);
            assert_eq!(items[6].kind(), Kind::Int);
            assert_eq!((items[7].as_f64(), items[8].as_f64()), (Some(1.5), Some(1000.0)));
            assert!(items[9].is_null());
            assert_eq!((items[10].as_str(), items[11].as_str()), (Some("2001-01-01"), Some("1:30")));
        },
    );
}

#[test]
fn aliases_and_merges_show_where_they_come_from() {
    let stream = Stream::read("base: &b {p: 1, q: 2}\nuse:\n  <<: *b\n  q: 3\nsame: *b\n");
    let root = stream.documents().next().unwrap().root();
    let used = root.get("use").unwrap();
    assert_eq!(used.get("q").unwrap().as_i64(), Some(3));
    let p = used.get("p").unwrap();
    assert_eq!((p.as_i64(), p.is_aliased(), source(p)), (Some(1), true, "1"));
    assert!(!used.get("q").unwrap().is_aliased());
    assert!(root.get("same").unwrap().is_aliased());
    assert_eq!(source(root.get("base").unwrap()), "{p: 1, q: 2}");
    assert_eq!(p.path(), "use.p");
    let [diagnostic] = stream.diagnostics() else { panic!("{:?}", stream.diagnostics()) };
    assert_eq!(
        diagnostic.message,
        "key `q` is both merged (`<<`) and set, first on line 1: strict readers refuse that"
    );
    assert!(!diagnostic.broken);
}

#[test]
fn duplicate_keys_are_told_and_the_last_one_counts() {
    both("a: 1\nb:\n  c: 1\n  \"c\": 2\na: 3\n", |stream| {
        let root = stream.documents().next().unwrap().root();
        assert_eq!(root.get("a").unwrap().as_i64(), Some(3));
        assert_eq!(root.entries().count(), 3);
        let told: Vec<_> = stream
            .diagnostics()
            .iter()
            .map(|diagnostic| (stream.position(diagnostic.span.start).line, diagnostic.message.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (4, "key `c` is already set on line 3: remove one, the last one counts"),
                (5, "key `a` is already set on line 1: remove one, the last one counts"),
            ]
        );
    });
}

/// The line, column and message of the first diagnostic.
fn told(text: &str) -> String {
    let stream = Stream::read(text);
    let diagnostic = stream.diagnostics().first().unwrap_or_else(|| panic!("nothing is wrong with {text:?}"));
    let position = stream.position(diagnostic.span.start);
    format!("{}:{} {}", position.line, position.column, diagnostic.message)
}

#[test]
fn errors_say_where_and_what_to_do() {
    assert_eq!(told("a:\n\tb: 1\n"), "2:1 a tab cannot indent YAML: use spaces");
    assert_eq!(told("a: b: c\n"), "1:5 unexpected `:`: put the value in quotes, or begin a new line");
    assert_eq!(
        told("a: 1\n b: 2\nc: 3\n"),
        "2:3 unexpected `:`: put the value in quotes, or begin a new line"
    );
    assert_eq!(
        told("a:\n  b: 1\n c: 2\n"),
        "3:2 this indentation fits no map above: align the line with the keys that it belongs to"
    );
    assert_eq!(
        told("- a\nb: 1\n"),
        "2:1 this indentation fits no list above: align the line with the items that it belongs to"
    );
    assert_eq!(told("a: [b, c\nd: 1\n"), "2:2 expected `,` or `]`");
    assert_eq!(told("a: [b, c\n"), "1:4 the bracket that starts here is never closed");
    assert_eq!(told("a: \"b\n"), "1:4 the quote that starts here is never closed");
    assert_eq!(told("a: @b\n"), "1:4 a value cannot start with `@`: put it in quotes");
    assert_eq!(told("a: \"\\q\"\n"), "1:5 unknown escape: in double quotes write `\\\\` for a backslash");
    assert_eq!(told("a: 1\nb\nc: 2\n"), "2:1 expected a `:` behind this key");
    assert_eq!(told("a: *b\n"), "1:4 no anchor `&b` stands before this alias");
    assert_eq!(
        told("a: 1\n--- x\nb: 1\n"),
        "2:5 text behind `---`: kubectl wants a separator alone on its line"
    );
    assert_eq!(
        told("a: {{ .Values.a }}\n"),
        "1:5 a key must be text, not a map or a list; `{{` begins a template: render it first, as with `helm template`"
    );
    assert_eq!(told("{\"a\": 1,\n \"b\" 2}\n"), "2:6 expected `:` behind the key, found `2`");
    assert_eq!(told("{\"a\": 1} {\"a\": 1} {\"a\": tru}\n"), "1:25 expected a value, found `t`");
    assert_eq!(told("a: .inf\n"), "1:4 JSON, and so Kubernetes, has no infinite numbers: put it in quotes");
    assert_eq!(told("~: 1\n"), "1:1 this key is null: put it in quotes");
}

/// Counted anew from the start of the line for each of them.
#[test]
fn columns_in_long_lines_are_those_of_a_plain_count() {
    let line = "{a: 'é', 二: x, c: 'plain text'}, ".repeat(400);
    let text = format!("# ü\nfirst: 1\nlist: [{line}]\nlast: ä\n");
    let stream = Stream::read(text.as_str());
    for (offset, _) in text.char_indices().step_by(7).chain([(text.len(), ' ')]) {
        let before = &text[..offset];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) as u32 + 1;
        let position = stream.position(offset as u32);
        assert_eq!((position.line, position.column), (line, column), "{offset}");
    }
}
