//! The first two messages of a TLS handshake, by hand: libraries no longer speak what has to be tried. Nothing is
//! encrypted and nothing completed; what the server chooses is all that is read (RFC 2246, 4346, 5246, 8446).

use rustls::AlertDescription;
use seaworthy_probe::{Reply, TlsVersion};

/// Most bytes of an answer that are looked at. The first message of a server is a few hundred.
pub(crate) const MOST: usize = 1 << 16;

/// Most suites that are offered at once: the message must fit into one record.
const MOST_SUITES: usize = 1000;

/// Most bytes of one record (RFC 8446, 5.1).
const MOST_RECORD: usize = 1 << 14;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const SUPPORTED_VERSIONS: u16 = 43;
const KEY_SHARE: u16 = 51;
const RENEGOTIATION_INFO: u16 = 0xff01;

/// X25519, P-256, P-384, P-521.
const GROUPS: [u16; 4] = [0x001d, 0x0017, 0x0018, 0x0019];

/// All that servers of Go know, old ones too: what is tried here are versions and suites.
const SIGNATURES: [u16; 12] =
    [0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201];

/// The first message, in its record. `host` is told when it is a name.
pub(crate) fn encode(version: TlsVersion, suites: &[u16], host: Option<&str>, random: [u8; 32]) -> Vec<u8> {
    let suites = &suites[..suites.len().min(MOST_SUITES)];
    let mut hello = Vec::new();
    // TLS 1.3 calls itself 1.2 here, and tells the truth in an extension.
    put16(&mut hello, version.min(TlsVersion::Tls12).number());
    hello.extend(random);
    // A session that nobody knows: with TLS 1.3 some servers want one for the sake of boxes in between.
    let session: &[u8] = if version == TlsVersion::Tls13 { &random } else { &[] };
    block8(&mut hello, session);
    block16(&mut hello, |out| suites.iter().for_each(|suite| put16(out, *suite)));
    // No compression.
    block8(&mut hello, &[0]);
    block16(&mut hello, |out| extensions(out, version, host));

    let mut message = vec![CLIENT_HELLO, 0];
    block16(&mut message, |out| out.extend(&hello));
    // The oldest number in the record, as all clients do: old servers want it so.
    let mut record = vec![HANDSHAKE, 3, 1];
    block16(&mut record, |out| out.extend(&message));
    record
}

fn extensions(out: &mut Vec<u8>, version: TlsVersion, host: Option<&str>) {
    let mut extension = |number: u16, fill: &dyn Fn(&mut Vec<u8>)| {
        put16(out, number);
        block16(out, fill);
    };
    if let Some(host) = host {
        extension(SERVER_NAME, &|out| {
            block16(out, |out| {
                out.push(0);
                block16(out, |out| out.extend(host.bytes().take(255)));
            });
        });
    }
    let list = |out: &mut Vec<u8>, numbers: &[u16]| {
        block16(out, |out| numbers.iter().for_each(|number| put16(out, *number)));
    };
    extension(SUPPORTED_GROUPS, &|out| list(out, &GROUPS));
    if version >= TlsVersion::Tls12 {
        extension(SIGNATURE_ALGORITHMS, &|out| list(out, &SIGNATURES));
    }
    if version == TlsVersion::Tls13 {
        extension(SUPPORTED_VERSIONS, &|out| {
            out.push(2);
            put16(out, version.number());
        });
        // The base point of X25519 is a key like any other; nothing is ever computed with it here.
        extension(KEY_SHARE, &|out| {
            block16(out, |out| {
                put16(out, GROUPS[0]);
                block16(out, |out| {
                    out.push(9);
                    out.extend([0; 31]);
                });
            });
        });
    } else {
        extension(POINT_FORMATS, &|out| block8(out, &[0]));
        extension(RENEGOTIATION_INFO, &|out| block8(out, &[]));
    }
}

fn put16(out: &mut Vec<u8>, number: u16) {
    out.extend(number.to_be_bytes());
}

/// Bytes behind their number, which is below 256 for all that is written here.
fn block8(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    out.extend(bytes);
}

/// What is filled in, behind the number of its bytes.
fn block16(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    put16(out, 0);
    fill(out);
    let size = u16::try_from(out.len() - start - 2).unwrap_or(u16::MAX);
    out[start..start + 2].copy_from_slice(&size.to_be_bytes());
}

/// What a server answers to a hello that offered a version and suites, or `None` while its answer is not whole.
pub(crate) fn parse(bytes: &[u8], offered: TlsVersion, suites: &[u16]) -> Option<Reply> {
    // The message may be spread over records.
    let mut message: Vec<u8> = Vec::new();
    let mut rest = bytes;
    loop {
        if !rest.is_empty() && !matches!(rest[0], ALERT | HANDSHAKE) {
            let clear = b"HTTP/".starts_with(&rest[..rest.len().min(5)]);
            return Some(Reply::Nonsense(if clear {
                "HTTP without TLS".to_owned()
            } else {
                format!("no TLS: it begins with the byte 0x{:02x}", rest[0])
            }));
        }
        let &[kind, major, _, high, low, ref behind @ ..] = rest else { return None };
        let size = usize::from(u16::from_be_bytes([high, low]));
        if major != 3 || size == 0 || size > MOST_RECORD {
            return Some(Reply::Nonsense("no record of TLS".to_owned()));
        }
        let content = behind.get(..size)?;
        rest = &behind[size..];
        if kind == ALERT {
            match *content {
                // Warnings, as of a name that is not known; but not the end of the connection.
                [1, description] if description != 0 => continue,
                [1 | 2, description] => {
                    let description = AlertDescription::from(description);
                    return Some(Reply::Refused(format!("TLS alert {description:?}")));
                }
                _ => return Some(Reply::Nonsense("no alert of TLS".to_owned())),
            }
        }
        message.extend(content);
        let &[kind, high, middle, low, ref body @ ..] = message.as_slice() else { continue };
        let size = usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap_or(usize::MAX);
        if kind != SERVER_HELLO || size > MOST {
            return Some(Reply::Nonsense(format!("message {kind} of TLS is no hello of a server")));
        }
        if let Some(hello) = body.get(..size) {
            return Some(
                chosen(hello, offered, suites)
                    .unwrap_or_else(|| Reply::Nonsense("a broken hello of a server".to_owned())),
            );
        }
    }
}

/// What the hello of a server chooses; a request to say hello again with another key chooses as much. `None` when it is
/// broken.
fn chosen(hello: &[u8], offered: TlsVersion, suites: &[u16]) -> Option<Reply> {
    let mut reader = Reader(hello);
    let mut number = reader.number()?;
    reader.take(32)?;
    let session = reader.take(1)?[0];
    reader.take(usize::from(session))?;
    let suite = reader.number()?;
    let compression = reader.take(1)?[0];
    if !reader.0.is_empty() {
        let size = reader.number()?;
        let mut extensions = Reader(reader.take(usize::from(size))?);
        while !extensions.0.is_empty() {
            let kind = extensions.number()?;
            let size = extensions.number()?;
            let value = extensions.take(usize::from(size))?;
            if kind == SUPPORTED_VERSIONS {
                number = u16::from_be_bytes(value.try_into().ok()?);
            }
        }
    }
    if !reader.0.is_empty() || compression != 0 {
        return None;
    }
    let version = TlsVersion::of_number(number)?;
    // A hello up to TLS 1.2 offers what is older as well; that of TLS 1.3 is about nothing else.
    let was_offered = version == offered || (version < offered && offered < TlsVersion::Tls13);
    if !was_offered || !suites.contains(&suite) {
        return Some(Reply::Nonsense(format!(
            "the server chooses {version} and suite 0x{suite:04x}, which were not offered"
        )));
    }
    Some(Reply::Chosen { version, suite })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;

    use rustls::crypto::ring;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection};
    use seaworthy_probe::{Reply, TlsVersion};

    use super::{MOST, encode, parse};

    /// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and TLS_AES_128_GCM_SHA256.
    const GOOD: u16 = 0xc02b;
    const GOOD_13: u16 = 0x1301;
    /// TLS_RSA_WITH_AES_128_CBC_SHA, which rustls does not know.
    const WEAK: u16 = 0x002f;

    /// What rustls as a server answers: an implementation that is not ours.
    fn answer(versions: &[&'static rustls::SupportedProtocolVersion], hello: &[u8]) -> Vec<u8> {
        let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        let mut server = ServerConnection::new(Arc::new(config)).unwrap();
        server.read_tls(&mut &hello[..]).unwrap();
        let _ = server.process_new_packets();
        let mut said = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut said).unwrap();
        }
        said
    }

    fn chosen(version: TlsVersion, suite: u16) -> Option<Reply> {
        Some(Reply::Chosen { version, suite })
    }

    fn refused(alert: &str) -> Option<Reply> {
        Some(Reply::Refused(format!("TLS alert {alert}")))
    }

    #[test]
    fn a_server_that_is_not_ours_understands_and_is_understood() {
        use TlsVersion::{Tls11, Tls12, Tls13};
        let all = [&rustls::version::TLS12, &rustls::version::TLS13];
        let new = [&rustls::version::TLS13];
        let old = [&rustls::version::TLS12];
        let ask = |versions: &[&'static _], offered, suite| {
            let hello = encode(offered, &[suite], Some("localhost"), [7; 32]);
            parse(&answer(versions, &hello), offered, &[suite])
        };
        assert_eq!(ask(&all, Tls12, GOOD), chosen(Tls12, GOOD));
        assert_eq!(ask(&all, Tls13, GOOD_13), chosen(Tls13, GOOD_13));
        // Whether it ends for the suite or for the version first, differs between builds of it.
        for (versions, offered, suite) in
            [(&new[..], Tls12, GOOD), (&old, Tls13, GOOD_13), (&all, Tls11, GOOD), (&all, Tls12, WEAK)]
        {
            let answer = ask(versions, offered, suite);
            assert!(matches!(answer, Some(Reply::Refused(_))), "{offered} 0x{suite:04x}: {answer:?}");
        }
    }

    /// A hello of a server, in its record: legacy version, suite, extensions.
    fn hello(version: u16, suite: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([1; 32]);
        body.push(0);
        body.extend(suite.to_be_bytes());
        body.push(0);
        if !extensions.is_empty() {
            body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
            body.extend(extensions);
        }
        let mut message = vec![2, 0];
        message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        message.extend(body);
        record(22, &message)
    }

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 3, 3];
        record.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        record.extend(content);
        record
    }

    #[test]
    fn the_version_of_tls_1_3_stands_in_an_extension() {
        use TlsVersion::{Tls10, Tls12, Tls13};
        let new = hello(0x0303, GOOD_13, &[0, 43, 0, 2, 3, 4]);
        assert_eq!(parse(&new, Tls13, &[GOOD_13]), chosen(Tls13, GOOD_13));
        // Without it the server speaks TLS 1.2, which nobody offered.
        let old = hello(0x0303, GOOD_13, &[]);
        assert!(matches!(parse(&old, Tls13, &[GOOD_13]), Some(Reply::Nonsense(_))));
        // Who offers TLS 1.2 takes TLS 1.0 as well; the answer says so.
        assert_eq!(parse(&hello(0x0301, WEAK, &[]), Tls12, &[WEAK]), chosen(Tls10, WEAK));
        let newer = parse(&hello(0x0303, WEAK, &[]), Tls10, &[WEAK]);
        assert!(matches!(newer, Some(Reply::Nonsense(_))), "{newer:?}");
    }

    #[test]
    fn a_suite_that_was_not_offered_decides_nothing() {
        let reply = parse(&hello(0x0303, GOOD, &[]), TlsVersion::Tls12, &[WEAK]);
        assert!(matches!(reply, Some(Reply::Nonsense(_))), "{reply:?}");
    }

    #[test]
    fn a_message_may_be_spread_over_records_and_reads() {
        let whole = hello(0x0303, GOOD, &[0xff, 1, 0, 1, 0]);
        for end in 0..whole.len() {
            assert_eq!(parse(&whole[..end], TlsVersion::Tls12, &[GOOD]), None, "{end}");
        }
        let content = &whole[5..];
        let spread: Vec<u8> = content.chunks(3).flat_map(|piece| record(22, piece)).collect();
        assert_eq!(parse(&spread, TlsVersion::Tls12, &[GOOD]), chosen(TlsVersion::Tls12, GOOD));
    }

    #[test]
    fn warnings_are_passed_over_and_other_alerts_refuse() {
        let name_unknown = record(21, &[1, 112]);
        let mut both = name_unknown.clone();
        assert_eq!(parse(&name_unknown, TlsVersion::Tls12, &[GOOD]), None);
        both.extend(hello(0x0303, GOOD, &[]));
        assert_eq!(parse(&both, TlsVersion::Tls12, &[GOOD]), chosen(TlsVersion::Tls12, GOOD));
        for (alert, name) in
            [([2, 70], "ProtocolVersion"), ([2, 40], "HandshakeFailure"), ([1, 0], "CloseNotify")]
        {
            assert_eq!(parse(&record(21, &alert), TlsVersion::Tls12, &[GOOD]), refused(name));
        }
    }

    #[test]
    fn other_protocols_are_nonsense() {
        let http = parse(b"HTTP/1.1 400 Bad Request\r\n\r\n", TlsVersion::Tls12, &[GOOD]);
        assert_eq!(http, Some(Reply::Nonsense("HTTP without TLS".to_owned())));
        for bytes in [&b"SSH-2.0-x"[..], &[22, 9, 9, 0, 1, 0], &[22, 3, 3, 0xff, 0xff], &[21, 3, 3, 0, 1, 2]]
        {
            let reply = parse(bytes, TlsVersion::Tls12, &[GOOD]);
            assert!(matches!(reply, Some(Reply::Nonsense(_))), "{bytes:?}: {reply:?}");
        }
    }

    /// Whatever comes, there is an answer or a wish for more, and never a choice that was not offered.
    #[test]
    fn random_bytes_are_survived() {
        let mut random = fastrand::Rng::with_seed(7);
        let good = hello(0x0303, GOOD, &[0, 43, 0, 2, 3, 4, 0xff, 1, 0, 1, 0]);
        for round in 0..200_000 {
            let mut bytes = match round % 2 {
                0 => good.clone(),
                _ => (0..random.usize(..100)).map(|_| random.u8(..)).collect(),
            };
            for _ in 0..random.usize(..4) {
                if bytes.is_empty() {
                    break;
                }
                let place = random.usize(..bytes.len());
                bytes[place] = random.u8(..);
            }
            bytes.truncate(random.usize(..=bytes.len()));
            if let Some(Reply::Chosen { suite, version }) = parse(&bytes, TlsVersion::Tls13, &[GOOD]) {
                assert_eq!((suite, version), (GOOD, TlsVersion::Tls13));
            }
        }
    }

    #[test]
    fn a_hello_stays_within_one_record() {
        let suites: Vec<u16> = (0..u16::MAX).collect();
        let hello = encode(TlsVersion::Tls13, &suites, Some(&"x".repeat(10_000)), [0; 32]);
        let size = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
        assert_eq!(hello.len(), size + 5);
        assert!(size <= 1 << 14 && hello.len() < MOST);
        let mut rest = Vec::new();
        (&hello[5..]).read_to_end(&mut rest).unwrap();
        assert_eq!(usize::from(u16::from_be_bytes([rest[2], rest[3]])), rest.len() - 4);
    }
}
