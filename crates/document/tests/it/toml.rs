//! TOML, by the examples of its specification and held against the `toml` crate.

use std::fmt::Write;

use seaworthy_document::{Stream, Style, Value};

/// The text as JSON, or the first diagnostic.
fn json(text: &str) -> String {
    let stream = Stream::read_toml(text);
    if let Some(diagnostic) = stream.diagnostics().first() {
        return format!("{}: {}", stream.position(diagnostic.span.start).line, diagnostic.message);
    }
    let mut json = String::new();
    for document in stream.documents() {
        document.root().write_json(&mut json).unwrap();
    }
    json
}

#[test]
fn tables_dotted_keys_and_arrays_of_tables() {
    assert_eq!(json("a = 1\n[b]\nc = 'x'\n[b.d]\ne = true\n"), r#"{"a":1,"b":{"c":"x","d":{"e":true}}}"#);
    assert_eq!(
        json("[a.b]\nc = 1\n[x]\n[a.d]\ne = 2\n[a]\nf = 3"),
        r#"{"a":{"b":{"c":1},"d":{"e":2},"f":3},"x":{}}"#
    );
    assert_eq!(json("a.b.c = 1\na.b.d = 2\n"), r#"{"a":{"b":{"c":1,"d":2}}}"#);
    assert_eq!(
        json("[[a]]\nb = 1\n[[a.c]]\nd = 1\n[[a.c]]\nd = 2\n[[a]]\nb = 2\n"),
        r#"{"a":[{"b":1,"c":[{"d":1},{"d":2}]},{"b":2}]}"#
    );
    assert_eq!(
        json("[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/etc/certs.d\"\n"),
        r#"{"plugins":{"io.containerd.grpc.v1.cri":{"registry":{"config_path":"/etc/certs.d"}}}}"#
    );
    assert_eq!(json("a = { b = [1, 2], c.d = 'x' }"), r#"{"a":{"b":[1,2],"c":{"d":"x"}}}"#);
}

#[test]
fn scalars() {
    assert_eq!(
        json("a = +1_000\nb = 0xff\nc = 0o17\nd = 0b11\ne = 1.5\nf = -2\n"),
        r#"{"a":1000,"b":255,"c":15,"d":3,"e":1.5,"f":-2}"#
    );
    assert_eq!(
        json("a = \"x\\ty\\u00e9\"\nb = 'C:\\x'\n"),
        r#"{"a":"x\ty\u00e9","b":"C:\\x"}"#.replace("\\u00e9", "é")
    );
    assert_eq!(
        json("a = \"\"\"\none\ntwo\\\n  three\"\"\"\nb = '''\nx'y'''\n"),
        r#"{"a":"one\ntwothree","b":"x'y"}"#
    );
    assert_eq!(json("a = 1979-05-27T07:32:00Z\n"), r#"{"a":"1979-05-27T07:32:00Z"}"#);
}

#[test]
fn nothing_is_no_document() {
    assert_eq!(json(""), "");
    assert_eq!(json("# only a comment\n"), "");
}

#[test]
fn what_is_defined_twice_is_refused() {
    for text in [
        "a = 1\na = 2\n",
        "[a]\nb = 1\n[a]\nc = 2\n",
        "a.b = 1\na.b.c = 2\n",
        "[a]\nb = 1\n[a.b]\nc = 1\n",
        "a = [1]\n[[a]]\nb = 1\n",
        "a = {b = 1}\n[a.c]\nd = 1\n",
        "a = {b = 1}\na.c = 2\n",
        "[a.b.c]\nz = 9\n[a]\nb.c.t = 1\n",
        "[[a]]\nb = 1\n[a]\nc = 1\n",
        "[fruit]\napple.color = 1\n[fruit.apple]\nx = 1\n",
    ] {
        assert!(json(text).contains("already defined"), "{text}: {}", json(text));
    }
}

#[test]
fn what_is_no_toml_is_refused_with_its_place() {
    for text in
        ["a", "a = ", "= 1", "[a", "[[a]", "a = [1", "a = {b = 1", "a = 'x", "a = 1 b = 2", "a = 08", "\u{1}"]
    {
        let stream = Stream::read_toml(format!("ok = 1\n{text}\n"));
        assert_eq!(stream.documents().len(), 0, "{text}");
        let [diagnostic] = stream.diagnostics() else { panic!("{text}") };
        assert!(diagnostic.broken && stream.position(diagnostic.span.start).line >= 2, "{text}");
    }
    assert_eq!(json("a = 9223372036854775808\n"), "1: this number is too large");
}

#[test]
fn spans_and_paths_point_at_what_is_written() {
    let text =
        "version = 2\n[plugins.'x.y'.registry]\n  config_path = \"/etc/certs.d\"\n[[m]]\n[[m]]\nname = 'n'\n";
    let stream = Stream::read_toml(text);
    let root = stream.documents().next().unwrap().root();
    let slice = |value: &Value<'_>| {
        let span = value.entry_span();
        text[span.start as usize..span.end as usize].to_owned()
    };
    let path = root.at(&["plugins", "x.y", "registry", "config_path"]).unwrap();
    assert_eq!(
        (slice(&path).as_str(), path.style()),
        ("config_path = \"/etc/certs.d\"", Style::DoubleQuoted)
    );
    assert_eq!(path.path(), "plugins[x.y].registry.config_path");
    assert_eq!(slice(&root.at(&["plugins", "x.y"]).unwrap()), "'x.y'");
    let last = root.get("m").unwrap().items().last().unwrap();
    assert_eq!((slice(&last).as_str(), last.path().as_str()), ("name = 'n'", "m[n]"));
    assert_eq!(last.parent().unwrap().key().unwrap().text(), "m");
    for value in root.descendants() {
        let span = value.span();
        assert!(span.start <= span.end && text.get(span.start as usize..span.end as usize).is_some());
    }
}

#[test]
fn hostile_texts_take_no_time_and_no_stack() {
    let mut tables = String::new();
    for index in 0..50_000 {
        writeln!(tables, "[a.b.t{index}]\nk.l = [{{x = 1}}]").unwrap();
    }
    assert_eq!(Stream::read_toml(tables).documents().len(), 1);
    let deep = [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        format!("{} = 1", vec!["a"; 100_000].join(".")),
        format!("[{}]", vec!["a"; 100_000].join(".")),
    ];
    for text in deep {
        assert_eq!(Stream::read_toml(text.as_str()).documents().len(), 0, "{}", &text[..20]);
    }
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let stream = Stream::read_toml_bytes(b"a = \"\xff\"\n".to_vec());
    assert_eq!((stream.documents().len(), stream.diagnostics().len()), (0, 1));
}

/// As the `toml` crate sees a value, in the words of JSON.
fn peer(value: &toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Table(table) => {
            serde_json::Value::Object(table.iter().map(|(key, value)| (key.clone(), peer(value))).collect())
        }
        toml::Value::Array(items) => serde_json::Value::Array(items.iter().map(peer).collect()),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::String(text) => text.clone().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
    }
}

#[test]
fn random_documents_read_as_the_toml_crate_reads_them() {
    let lines = [
        "a = 1",
        "b = 'x'",
        "a.b = 2",
        "a.c = \"\\u0041\"",
        "b.c.d = [1, 2]",
        "c = {a = 1, b.c = 2}",
        "[a]",
        "[b]",
        "[a.b]",
        "[b.c]",
        "[[a]]",
        "[[b]]",
        "[[a.b]]",
        "[[b.c]]",
        "[c.d]",
        "d = [[1], ['x']]",
        "e = [{a = 1}, {b = 2}]",
        "# note",
        "",
        "f = true",
        "\"a\" = 3",
        "'b.c' = 4",
        "g = 1.5",
        "[d.'x.y'.z]",
        "d.z = 1_0",
        "h = '''\nx\n'''",
        "a = [\n  1, # one\n]",
        "c = {}",
        "c.x = 1",
        "[c]",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..20_000 {
        let text: Vec<_> = (0..random.usize(1..8)).map(|_| lines[random.usize(..lines.len())]).collect();
        let text = text.join("\n");
        let stream = Stream::read_toml(text.as_str());
        match toml::from_str::<toml::Table>(&text) {
            // The crate lets dotted keys add to the last table of an array; the specification does not.
            Ok(_) if text.contains("[[") && !stream.diagnostics().is_empty() => {}
            Ok(table) => {
                assert!(stream.diagnostics().is_empty(), "{text}\n{:?}", stream.diagnostics());
                let mut json = String::new();
                match stream.documents().next() {
                    Some(document) => document.root().write_json(&mut json).unwrap(),
                    None => json.push_str("{}"),
                }
                let own: serde_json::Value = serde_json::from_str(&json).unwrap();
                assert_eq!(own, peer(&toml::Value::Table(table)), "{text}");
                good += 1;
            }
            Err(error) => {
                assert!(!stream.diagnostics().is_empty(), "{text}\n{error}");
                bad += 1;
            }
        }
    }
    assert!(good > 1000 && bad > 1000, "{good} {bad}");
}
