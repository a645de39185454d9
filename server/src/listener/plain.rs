//! What a browser gets that speaks plain HTTP to a port of TLS: a sentence instead of a connection that breaks.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The first byte of a TLS handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
/// How much of a request is taken in, so that the answer is read before the connection ends.
const MOST: u64 = 64 * 1024;

/// How a connection begins.
pub(super) enum Opening {
    /// As TLS does.
    Handshake,
    /// As a request does: with the name of a method.
    Request,
    /// As something else, or it ended.
    Other,
}

/// Looks at the first byte and leaves it where it is.
pub(super) async fn opening(stream: &TcpStream) -> Opening {
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first == [HANDSHAKE] => Opening::Handshake,
        Ok(1) if first.iter().all(u8::is_ascii_uppercase) => Opening::Request,
        _ => Opening::Other,
    }
}

/// Answers with where to go, and ends the connection.
pub(super) async fn direct(mut stream: TcpStream, origin: &str) -> std::io::Result<()> {
    let text = format!("This port speaks HTTPS. Go to {origin} instead.\n");
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all((head + &text).as_bytes()).await?;
    stream.shutdown().await?;
    // A connection that ends with bytes unread is reset, and the answer with it.
    tokio::io::copy(&mut stream.take(MOST), &mut tokio::io::sink()).await.map(drop)
}
