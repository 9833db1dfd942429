//! Texts that are made to break a reader: none may panic, take for ever, or fill the memory.

use std::fmt::Write;
use std::time::Instant;

use seaworthy_document::{Kind, Limits, Stream};

use crate::inputs;

/// Reads a text both ways and looks at all of it. Returns the documents and the messages.
fn read(text: &str) -> (usize, Vec<String>) {
    let complete = Stream::read_completely(text, &Limits::default());
    let stream = Stream::read(text);
    assert_eq!(stream.documents().len(), complete.documents().len());
    for document in stream.documents() {
        for value in document.root().descendants().take(1000) {
            value.path();
            value.entry_span();
            value.text();
            stream.position(value.span().start);
        }
        document.root().write_json(&mut String::new()).unwrap();
    }
    (
        stream.documents().len(),
        stream.diagnostics().iter().map(|diagnostic| diagnostic.message.clone()).collect(),
    )
}

#[test]
fn files_cut_off_anywhere_are_read() {
    let files = match inputs::manifests("kubeconform")
        .and_then(|a| Ok((a, inputs::manifests("pod-security-v1.29")?)))
    {
        Ok((mut files, more)) => {
            files.extend(more.into_iter().take(5));
            files
        }
        Err(skip) => return skip.announce(),
    };
    for file in files.iter().filter(|file| file.bytes.len() < 3000) {
        for end in 0..file.bytes.len() {
            let stream = Stream::read_bytes(&file.bytes[..end]);
            for document in stream.documents() {
                document.root().write_json(&mut String::new()).unwrap();
            }
            for diagnostic in stream.diagnostics() {
                assert!(diagnostic.span.end as usize <= stream.text().len());
                stream.position(diagnostic.span.start);
            }
        }
    }
}

#[test]
fn nesting_is_bounded() {
    let flow = |depth: usize| format!("a: {}1{}\n", "[".repeat(depth), "]".repeat(depth));
    let maps = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let dashes = |depth: usize| format!("{}x\n", "- ".repeat(depth));
    let block =
        |depth: usize| (0..depth).fold(String::new(), |text, level| text + &" ".repeat(level) + "a:\n");
    assert_eq!(read(&flow(9_998)), (1, vec![]));
    assert_eq!(read(&maps(10_000)), (1, vec![]));
    assert_eq!(read(&dashes(9_998)), (1, vec![]));
    assert_eq!(read(&block(2_000)), (1, vec![]));
    for deep in
        [flow(10_001), maps(10_001), dashes(10_001), flow(1_000_000), maps(1_000_000), dashes(1_000_000)]
    {
        let (documents, messages) = read(&deep);
        assert_eq!(documents, 0);
        assert!(messages[0].starts_with("nested deeper than 10000 levels"), "{messages:?}");
    }
    for scalar in ["'", "\"", "'a", "\"\\", "!a ", "a ", "|\n", ">\n", "\n", " ", "#"] {
        read(&scalar.repeat(100_001));
    }
    for open in ["[", "{", "- ", "? ", "{a: ", "[{", "- [", "&a ", "*", ": ", "\"a\": "] {
        assert_eq!(read(&open.repeat(100_000)).0, 0, "{open}");
    }
    let shallow = Limits { depth: 3, ..Limits::default() };
    assert_eq!(Stream::read_with("a: [[1]]\n", &shallow).documents().len(), 1);
    assert_eq!(Stream::read_with("a: [[[1]]]\n", &shallow).documents().len(), 0);
}

#[test]
fn many_tokens_in_deep_brackets_take_linear_time() {
    let text = format!("a: {}{}{}\n", "[".repeat(5_000), "1, ".repeat(300_000), "]".repeat(5_000));
    let begin = Instant::now();
    assert_eq!(read(&text), (1, vec![]));
    let keys = (0..200_000).fold(String::new(), |mut text, key| {
        writeln!(text, "key{key}: 1").unwrap();
        text
    });
    assert_eq!(read(&keys), (1, vec![]));
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = String::from("a: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let alias = format!("*a{}", level - 1);
        writeln!(bomb, "b{level}: &a{level} [{}]", [alias.as_str(); 9].join(", ")).unwrap();
    }
    assert_eq!(read(&bomb), (0, vec!["document contains excessive aliasing".to_owned()]));

    assert_eq!(read("a: &a [*a]\n"), (0, vec!["the anchor of this alias contains itself".to_owned()]));
    assert_eq!(read("a: &a {<<: *a}\n").0, 0);
    assert_eq!(read("a: &a\n  b: &b [*a]\n  c: *b\n").0, 0);

    let few = Limits { nodes: 100, ..Limits::default() };
    let (documents, messages) = {
        let stream = Stream::read_with(format!("a: [{}]\n", "1, ".repeat(200)), &few);
        (stream.documents().len(), stream.diagnostics().to_vec())
    };
    assert_eq!(
        (documents, messages[0].message.as_str()),
        (0, "a document of more than 100 values is not read")
    );
}

#[test]
fn numbers_of_any_size_are_read() {
    let text = format!(
        "- {}\n- 0x{}\n- 1e{}\n- {}.{}\n",
        "9".repeat(5000),
        "f".repeat(5000),
        "9".repeat(50),
        "1".repeat(300),
        "1".repeat(300)
    );
    let stream = Stream::read(text);
    let kinds: Vec<Kind> =
        stream.documents().next().unwrap().root().items().map(|item| item.kind()).collect();
    assert_eq!(kinds, [Kind::String, Kind::String, Kind::String, Kind::Float]);
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let stream = Stream::read_bytes(b"a: 1\n---\nb: \xff\xfe\n---\nc: 3\n".as_slice());
    let keys: Vec<_> = stream
        .documents()
        .map(|document| (document.ordinal(), document.root().entries().next().unwrap().0.text()))
        .collect();
    assert_eq!(keys, [(0, "a"), (2, "c")]);
    let [diagnostic] = stream.diagnostics() else { panic!("{:?}", stream.diagnostics()) };
    assert_eq!((diagnostic.document, stream.position(diagnostic.span.start).line), (1, 3));
    assert_eq!(diagnostic.span.start, 12);

    let utf16: Vec<u8> = "\u{feff}a: é\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let stream = Stream::read_bytes(utf16);
    assert_eq!(stream.documents().next().unwrap().root().get("a").unwrap().text(), "é");
    assert!(stream.diagnostics()[0].message.contains("UTF-16"));

    assert!(Stream::looks_binary(b"\x7fELF\0\0"));
    assert!(!Stream::looks_binary("a: é\n".as_bytes()));
    let stream = Stream::read("a: \0\n---\nb: 1\n");
    assert_eq!((stream.documents().len(), stream.diagnostics().len()), (1, 1));
}

#[test]
fn nothing_is_nothing() {
    for text in [
        "",
        "\n",
        "# comment\n",
        "---\n",
        "---\n---\n# x\n---",
        "null\n",
        "~",
        "\u{feff}",
        "   ",
        "--- # x\n\n",
    ] {
        assert_eq!(read(text), (0, vec![]), "{text:?}");
    }
}

/// 100 MB when optimised, as `cargo test --release` runs it; less otherwise, for the sake of time.
#[test]
fn large_files_are_read() {
    let megabytes = if cfg!(debug_assertions) { 5 } else { 100 };
    let mut text = String::new();
    while text.len() < megabytes * 1_000_000 {
        text.push_str("- kind: Pod\n  metadata: {name: x, labels: {a: b}}\n  spec:\n    containers:\n    - name: \"c\"\n      image: nginx\n");
    }
    let begin = Instant::now();
    let stream = Stream::read(text);
    let root = stream.documents().next().unwrap().root();
    let last = root.items().last().unwrap();
    assert_eq!(last.at(&["metadata", "name"]).unwrap().text(), "x");
    for item in root.items().take(100_000) {
        assert!(item.get("spec").unwrap().get("containers").unwrap().path().ends_with("].spec.containers"));
    }
    println!("{megabytes} MB with 100,000 paths in {:?}", begin.elapsed());
}
