//! Objects, pods and components among files.

mod components;
mod configurations;
mod declared;
mod network;
mod nodes;
mod objects;
mod owners;
mod readings;
mod update;

use seaworthy_document::Stream;
use seaworthy_evidence::SourceFile;

fn files(texts: &[(&str, &str)]) -> Vec<SourceFile> {
    texts.iter().map(|(name, text)| SourceFile::new(*name, Stream::read(*text))).collect()
}
