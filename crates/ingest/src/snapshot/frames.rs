//! Zstandard: archives are written as frames of a fixed size, and read whatever their frames are.

use std::error::Error;
use std::io::{self, Read, Write};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// The first bytes of a frame.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Bytes of the text in one frame.
const FRAME: usize = 4 << 20;

/// Most memory that a frame may ask for: `zstd --long` of some size is refused, as by zstd itself.
const WINDOW: u64 = 64 << 20;

/// Reads all frames of a stream, one after the other.
pub(super) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    begun: bool,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(source: R) -> Frames<R> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Frames { source, decoder, begun: false }
    }

    /// Begins the next frame; `false` at the end of the stream.
    fn begin(&mut self) -> io::Result<bool> {
        // The end is where no byte follows; anything else has to be a frame.
        let mut first = [0];
        if !read_one(&mut self.source, &mut first)? {
            return Ok(false);
        }
        let mut source = first.as_slice().chain(&mut self.source);
        match self.decoder.reset(&mut source) {
            Ok(()) => self.begun = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                let length = u64::from(length);
                if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(fault(&error)),
        }
        Ok(true)
    }
}

/// An error of the decoder in a few words: whether the stream ends too early, or is damaged.
fn fault(error: &FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof) {
            return io::ErrorKind::UnexpectedEof.into();
        }
        cause = error.source();
    }
    io::Error::new(io::ErrorKind::InvalidData, format!("it is damaged: {error}"))
}

fn read_one(source: &mut impl Read, byte: &mut [u8; 1]) -> io::Result<bool> {
    loop {
        match source.read(byte) {
            Ok(count) => return Ok(count == 1),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.begun {
                while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                    self.decoder
                        .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                        .map_err(|error| fault(&error))?;
                }
                let count = self.decoder.read(buffer)?;
                if count > 0 {
                    return Ok(count);
                }
                let found = self.decoder.get_checksum_from_data();
                if found.is_some() && found != self.decoder.get_calculated_checksum() {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "a checksum does not fit"));
                }
                self.begun = false;
            }
            if !self.begin()? {
                return Ok(0);
            }
        }
    }
}

/// Writes a stream as frames.
pub(super) struct Framed<W: Write> {
    out: W,
    held: Vec<u8>,
}

impl<W: Write> Framed<W> {
    pub(super) fn new(out: W) -> Framed<W> {
        Framed { out, held: Vec::with_capacity(FRAME) }
    }

    fn frame(&mut self) -> io::Result<()> {
        if !self.held.is_empty() {
            self.out.write_all(&compress_to_vec(self.held.as_slice(), CompressionLevel::Fastest))?;
            self.held.clear();
        }
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.frame()?;
        self.out.flush()
    }
}

impl<W: Write> Write for Framed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(FRAME - self.held.len());
        self.held.extend_from_slice(&bytes[..count]);
        if self.held.len() == FRAME {
            self.frame()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        // A frame is written when it is full or the last one: cutting it here would only make it larger.
        Ok(())
    }
}
