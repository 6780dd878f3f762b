//! Events of Nostr in WebSocket frames: as little of both as a client needs to post and to hear that it was taken.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use secp256k1::{Keypair, Message, Secp256k1, SignOnly};
use sha2::{Digest, Sha256};

/// A signed event with this content, in a frame.
pub fn event(content: &[u8]) -> Vec<u8> {
    static SIGNER: OnceLock<(Secp256k1<SignOnly>, Keypair)> = OnceLock::new();
    let (secp, keys) = SIGNER.get_or_init(|| {
        let secp = Secp256k1::signing_only();
        let keys = Keypair::from_seckey_slice(&secp, &[7; 32]).expect("in the group");
        (secp, keys)
    });
    let content = HEXLOWER.encode(&content[..content.len() / 2]);
    let author = HEXLOWER.encode(&keys.x_only_public_key().0.serialize());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let id: [u8; 32] = Sha256::digest(format!("[0,\"{author}\",{now},1,[],\"{content}\"]")).into();
    let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(id), keys);
    let text = format!(
        "[\"EVENT\",{{\"id\":\"{}\",\"pubkey\":\"{author}\",\"created_at\":{now},\"kind\":1,\"tags\":[],\
         \"content\":\"{content}\",\"sig\":\"{}\"}}]",
        HEXLOWER.encode(&id),
        HEXLOWER.encode(&signature.serialize()),
    );
    frame(text.as_bytes())
}

/// A text frame, masked with zeros.
fn frame(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("some kilobytes");
    assert!(length > 125);
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text);
    frame
}

/// Asks for the protocol of frames.
pub fn greet(stream: &mut TcpStream) {
    let head = "GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("it takes it");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("it answers");
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
}

/// Whether these bytes hold a whole frame; what it says.
pub fn text(bytes: &[u8]) -> Option<&[u8]> {
    let [_, length, rest @ ..] = bytes else { return None };
    let (length, rest) = match length {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), &rest[2..]),
        _ => (usize::from(*length), rest),
    };
    rest.get(..length)
}
