//! An endpoint as real ones behave, with the answers that a test gives it, one a request; the last one is given again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What is done with a request.
#[derive(Clone)]
pub enum Reply {
    /// The status with its headers, and the body.
    Http(&'static str, String),
    /// The beginning of an answer, and nothing more while the other side waits.
    Stall(&'static str),
    /// A body without end.
    Endless,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn of(replies: Vec<Reply>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let connection = connection.unwrap();
                let request = request(&connection);
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(request);
                    seen.len() - 1
                };
                let reply = replies.get(number).or(replies.last()).unwrap().clone();
                std::thread::spawn(move || answer(connection, &reply));
            }
        });
        Server { url, requests }
    }

    /// A model that says these texts, in the format of `/v1/chat/completions`.
    pub fn saying(texts: &[&str]) -> Server {
        let reply = |text: &&str| {
            let message = json!({"role": "assistant", "content": text});
            ok(&json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))
        };
        Server::of(texts.iter().map(reply).collect())
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

pub fn ok(body: &Value) -> Reply {
    Reply::Http("200 OK\r\ncontent-type: application/json", body.to_string())
}

fn request(connection: &TcpStream) -> Request {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").unwrap().1.parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Request { path, headers, body: String::from_utf8(body).unwrap() }
}

/// Whoever asked may leave before the end.
fn answer(mut connection: TcpStream, reply: &Reply) {
    match reply {
        Reply::Http(head, body) => {
            let length = body.len();
            let _gone = write!(
                connection,
                "HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
        Reply::Stall(beginning) => {
            let _gone = connection.write_all(beginning.as_bytes());
            let _closed = connection.read(&mut [0]);
        }
        Reply::Endless => {
            let _gone = connection.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
            while connection.write_all(&[b' '; 1 << 16]).is_ok() {}
        }
    }
}
