//! Texts of a node on their way through the log of a pod: a line of JSON for each, and one at the end, so that what is cut
//! off is noticed.

use std::io::{self, Write};

use seaworthy_document::Stream;
use seaworthy_evidence::{SourceFile, configuration};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Line<'l> {
    name: std::borrow::Cow<'l, str>,
    text: std::borrow::Cow<'l, str>,
}

#[derive(Serialize, Deserialize)]
struct End {
    end: usize,
}

/// Writes the texts of a node as lines.
///
/// # Errors
/// When they cannot be written.
pub fn write_node(files: &[SourceFile], out: &mut dyn Write) -> io::Result<()> {
    for file in files {
        let line = Line { name: file.name.as_str().into(), text: file.stream.text().into() };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    serde_json::to_writer(&mut *out, &End { end: files.len() })?;
    out.write_all(b"\n")
}

/// Reads what [`write_node`] wrote on the node of a name. Lines in between that others wrote are passed over.
///
/// # Errors
/// Why the texts are not those of the node: something is missing, or a text claims to be of another node.
pub fn read_node(node: &str, lines: &[u8]) -> Result<Vec<SourceFile>, String> {
    let (own, below) = (format!("nodes/{node}.json"), format!("nodes/{node}/"));
    let mut files: Vec<SourceFile> = Vec::new();
    let mut said = String::new();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        if let Ok(Line { name, text }) = serde_json::from_slice(line) {
            let is_below = name.starts_with(&below) && !name.split('/').any(|part| part == "..");
            if name != own && !is_below {
                return Err("it sent something that is not of this node".to_owned());
            }
            if files.iter().any(|file| file.name == name) {
                return Err("it sent a text twice".to_owned());
            }
            let text = text.into_owned();
            let stream =
                if configuration::is_toml(&name) { Stream::read_toml(text) } else { Stream::read(text) };
            files.push(SourceFile::new(name, stream));
        } else if let Ok(End { end }) = serde_json::from_slice(line) {
            return match files.len() == end && files.first().is_some_and(|file| file.name == own) {
                true => Ok(files),
                false => Err(format!("only {} of {end} texts arrived", files.len())),
            };
        } else if said.is_empty() {
            said = String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).take(200).collect();
        }
    }
    Err(match said.is_empty() {
        true => "what it sent does not end".to_owned(),
        false => format!("it says: {said}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(names: &[&str]) -> Vec<u8> {
        let files: Vec<_> = names.iter().map(|name| SourceFile::new(*name, Stream::read("a: b\n"))).collect();
        let mut lines = Vec::new();
        write_node(&files, &mut lines).expect("written");
        lines
    }

    #[test]
    fn what_is_written_is_read_and_what_is_cut_off_is_noticed() {
        let lines = sent(&["nodes/n1.json", "nodes/n1/etc/a.yaml"]);
        let mut noisy = b"warning: x\n".to_vec();
        noisy.extend(&lines);
        let files = read_node("n1", &noisy).expect("read");
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["nodes/n1.json", "nodes/n1/etc/a.yaml"]);
        assert_eq!(files[1].stream.text(), "a: b\n");
        assert!(read_node("n1", &lines[..lines.len() - 10]).is_err());
        assert!(read_node("n2", &lines).is_err(), "of another node");
        assert!(read_node("n1", &sent(&["nodes/n1.json", "nodes/n1/../n2.json"])).is_err());
        assert_eq!(
            read_node("n1", b"exec format error\n").err().as_deref(),
            Some("it says: exec format error")
        );
    }
}
