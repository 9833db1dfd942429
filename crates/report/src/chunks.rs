//! Long lists, written in parallel and in order, with only a few chunks in memory at a time.

use std::io::{self, Write};

use rayon::prelude::*;

/// Items per task.
const CHUNK: usize = 128;
/// Bytes that an item is expected to take.
const BYTES: usize = 700;
/// Tasks whose bytes are held before they are written: enough for every core, few enough to stay small.
const BATCH: usize = 16;

/// Writes what `render` appends for each item, items separated by `,` and a line break. `State` is made anew
/// for every chunk, so that the bytes do not depend on the number of threads.
pub(crate) fn write_list<'i, T: Sync, State: Default>(
    items: &'i [T],
    out: &mut dyn Write,
    render: impl Fn(&mut State, &'i T, &mut Vec<u8>) + Sync,
) -> io::Result<()> {
    for (index, batch) in items.chunks(CHUNK * BATCH).enumerate() {
        let chunks: Vec<Vec<u8>> = batch
            .par_chunks(CHUNK)
            .map(|chunk| {
                let mut state = State::default();
                let mut bytes = Vec::with_capacity(chunk.len() * BYTES);
                for (index, item) in chunk.iter().enumerate() {
                    if index > 0 {
                        bytes.extend_from_slice(b",\n");
                    }
                    render(&mut state, item, &mut bytes);
                }
                bytes
            })
            .collect();
        for (position, chunk) in chunks.iter().enumerate() {
            if index > 0 || position > 0 {
                out.write_all(b",\n")?;
            }
            out.write_all(chunk)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stand_in_order_with_separators_between_them() {
        for length in [0, 1, 2, CHUNK, CHUNK + 1, CHUNK * BATCH, 2 * CHUNK * BATCH + 7] {
            let items: Vec<usize> = (0..length).collect();
            let mut out = Vec::new();
            write_list(&items, &mut out, |_: &mut (), item, bytes| bytes.extend(item.to_string().bytes()))
                .unwrap();
            let expected = items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",\n");
            assert!(out == expected.as_bytes(), "{length}");
        }
    }
}
