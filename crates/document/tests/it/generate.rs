//! Random texts, the same in each run for the same seed.

/// How many random cases to try: so many, times `SEAWORTHY_EFFORT` where that is set.
pub(crate) fn cases(usual: u64) -> u64 {
    usual
        * std::env::var("SEAWORTHY_EFFORT")
            .map_or(1, |effort| effort.parse().expect("SEAWORTHY_EFFORT is a number"))
}

/// A small generator of random numbers (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// One of the usual choices, but in some percent of all cases one of the odd ones.
    fn mostly<'a>(&mut self, percent: usize, usual: &[&'a str], odd: &[&'a str]) -> &'a str {
        if self.chance(percent) { self.pick(usual) } else { self.pick(odd) }
    }
}

const KEYS: &[&str] = &[
    "name",
    "image",
    "spec",
    "a",
    "b",
    "app.kubernetes.io/name",
    "\"quoted key\"",
    "'it''s'",
    "on",
    "8080",
    "1.5",
    "y",
    "null",
    "~",
    "\"\\u0061\"",
    "key with spaces",
    "-x",
    "?x",
    "<<",
    "\"<<\"",
    "é",
    "true",
    "0x10",
    "::",
    "a:b",
    "a#b",
    "!!str 1",
    "&k kk",
    "\"1\"",
    "1",
    "-",
];

const SCALARS: &[&str] = &[
    "nginx:1.27",
    "true",
    "yes",
    "off",
    "12",
    "0777",
    "0o17",
    "0x1F",
    "0b101",
    "1_000",
    "-0",
    "+5",
    "08",
    "1e3",
    "1.5",
    ".5",
    ".5_5",
    "._5",
    "1.",
    "~",
    "null",
    "",
    "2001-01-01",
    "2001-12-14t21:59:43.10-05:00",
    ".inf",
    "-.INF",
    ".nan",
    "text",
    "two words",
    "a: b",
    "a #b",
    "a# b",
    "'single'",
    "'it''s'",
    "\"double\"",
    "\"esc \\n \\x41 \\u00e9 \\U0001F600 \\/ \\'\"",
    "\"bad \\q\"",
    "\"two\n  lines\"",
    "'two\n\n  lines'",
    "\"esc\\\n   aped\"",
    "plain\n  continues",
    "[]",
    "{}",
    "[a, b, 1]",
    "{a: 1, 'b': [c, d]}",
    "[a,\n b]",
    "{\"a\":1,\"b\":\"c\"}",
    "{a:1}",
    "[a: b]",
    "[a, [b, {c: d}],]",
    "|\n  block\n   text\n",
    ">\n  folded\n  text\n\n  more\n",
    "|-\n  strip\n\n",
    "|+\n  keep\n\n\n",
    ">-\n  a\n   b\n  c\n",
    "|2\n   x\n",
    "*a",
    "&a value",
    "&m {x: 1, y: 2}",
    "*m",
    "!!str 12",
    "!!int \"3\"",
    "!!int x",
    "!!binary aGVsbG8=",
    "!foo bar",
    "!!null ''",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "9223372036854775807",
    "123456789012345678901234567890",
    "1e400",
    "-1.5e-7",
    "1e21",
    "0.000001",
    "é",
    "日本",
    "# comment",
    "value # comment",
    "value\t# tab",
    "\tx",
    "@x",
    "`x`",
    "%x",
    "- x",
    "? x",
    ": x",
    ",x",
    "x,",
    "]",
    "}",
    "http://a/b?c=d&e=f",
    "[http://x?y]",
    "{{ .Values.x }}",
    "100m",
    "10Mi",
    "1:30",
    "190:20:30",
    "=",
    "<<",
    "\"\\ud800\"",
    "\"<&>\"",
    "-",
    "--",
    "---",
    "...",
    "|",
    ">",
    "\"",
    "'",
];

/// A text that looks like a manifest and has something odd in it now and then.
pub(crate) fn yaml(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..1 + random.below(3) {
        if random.chance(60) {
            text.push_str(random.pick(
                &[
                    "---\n",
                    "--- \n",
                    "--- # x\n",
                    "---#\n",
                    "---\t\n",
                    "---x\n",
                    "\n",
                    "# c\n",
                    "---\r\n",
                    "...\n",
                ][..],
            ));
        }
        node(random, &mut text, 0, 0);
    }
    if random.chance(10) {
        text.truncate(text.trim_end().len());
    }
    text
}

fn node(random: &mut Random, text: &mut String, indent: usize, depth: usize) {
    let list = random.chance(30);
    let step = random.pick(&[&2_usize, &2, &2, &4, &1, &0][..]);
    for _ in 0..1 + random.below(5) {
        if random.chance(5) {
            text.push_str(
                random.pick(&["\n", "  \n", "# comment\n", "      # comment\n", "\t\n", " \t\n"][..]),
            );
        }
        text.extend(std::iter::repeat_n(' ', indent));
        if list {
            text.push_str(random.pick(&["- ", "- ", "-   ", "-\n", "- - ", "-\t"][..]));
            if random.chance(40) && depth < 4 {
                // The first entry of a map on the line of the dash.
                text.push_str("k: v\n");
                node(random, text, indent + 2, depth + 1);
                continue;
            }
        } else {
            text.push_str(random.mostly(80, &KEYS[..6], KEYS));
            text.push_str(random.mostly(95, &[":"], &[" :", ":\t", ""]));
        }
        if random.chance(35) && depth < 4 {
            text.push_str(random.pick(&["\n", "\n", " # comment\n", " \n"][..]));
            node(random, text, indent + step, depth + 1);
        } else {
            text.push(' ');
            let scalar = random.pick(SCALARS);
            if random.chance(90) {
                let deeper = format!("\n{}", " ".repeat(indent));
                text.push_str(&scalar.replace('\n', &deeper));
            } else {
                text.push_str(scalar);
            }
            text.push('\n');
        }
    }
}

/// A few bytes of a text changed, so that most of it stays what it was.
pub(crate) fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    const PIECES: &[&str] = &[
        ":", ": ", "- ", "#", " #", "\"", "'", "\n", "\n\n", " ", "  ", "\t", "[", "]", "{", "}", ",", "|",
        ">", "&a ", "*a", "!!str ", "?", "? ", "%", "@", "`", "\\", "~", "---\n", "...\n", "\r\n", "\r",
        "<<: ", "\u{feff}", "\u{85}", "\u{2028}", "é", "0", "\0", "\x7f", "- - ", "\n  ", ": |\n", "''",
        "\\\"", "{{ x }}", "-", "=",
    ];
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len() + 1);
        match random.below(5) {
            0 if at < bytes.len() => {
                bytes.remove(at);
            }
            1 => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let end = (at + random.below(40)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            _ => {
                bytes.splice(at..at, random.pick(PIECES).bytes());
            }
        }
    }
}

/// JSON values one behind the other, with something odd in them now and then.
pub(crate) fn json(random: &mut Random) -> String {
    let mut text = String::from("{");
    object(random, &mut text, 0);
    for _ in 0..random.below(3) {
        text.push_str(random.pick(&["", "\n", " ", "\n---\n", "\n# x\n", ","][..]));
        text.push_str(random.pick(&["{", "{", "null", "[1]", "1 ", "a: b\n", "{"][..]));
        if text.ends_with('{') {
            object(random, &mut text, 0);
        }
    }
    text
}

fn object(random: &mut Random, text: &mut String, depth: usize) {
    const NAMES: &[&str] = &["\"a\"", "\"b\"", "\"\\u0061\"", "\"\"", "\"é\"", "a", "\"a\\/b\"", "'a'", "1"];
    const VALUES: &[&str] = &[
        "1",
        "-0",
        "0",
        "1.0",
        "1e2",
        "1E400",
        "01",
        "+1",
        ".5",
        "1.",
        "true",
        "null",
        "nul",
        "\"x\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\q\"",
        "\"\t\"",
        "[]",
        "[1,2]",
        "[1,]",
        "{}",
        "18446744073709551616",
        "9223372036854775808",
        "\"<\\u2028>\"",
        "\"\\n\"",
        "'x'",
    ];
    for index in 0..random.below(4) {
        if index > 0 {
            text.push_str(random.pick(&[",", ", ", ",\n  "][..]));
        }
        text.push_str(random.mostly(85, &NAMES[..5], NAMES));
        text.push_str(random.pick(&[":", ": ", " : "][..]));
        if random.chance(30) && depth < 4 {
            text.push('{');
            object(random, text, depth + 1);
        } else {
            text.push_str(random.mostly(70, &["1", "\"x\"", "true", "[\"y\"]"], VALUES));
        }
    }
    text.push('}');
}
