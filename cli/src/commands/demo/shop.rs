//! The shop of examples/, embedded, and what its database says.
//!
//! It does not know what is done to the shop.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::exit::Failure;

/// The manifest as its author wrote it comes under the name that is looked for.
const FILES: [(&str, &str); 7] = [
    ("concurrency.yaml", include_str!("../../../../examples/shop/concurrency.seed.yaml")),
    ("app.py", include_str!("../../../../examples/shop/app.py")),
    ("auth_service.py", include_str!("../../../../examples/shop/auth_service.py")),
    ("database.py", include_str!("../../../../examples/shop/database.py")),
    ("notification_service.py", include_str!("../../../../examples/shop/notification_service.py")),
    ("payment_provider.py", include_str!("../../../../examples/shop/payment_provider.py")),
    ("user_service.py", include_str!("../../../../examples/shop/user_service.py")),
];

/// The steps of the shop's workflow in their order, each with the function that does it.
pub const STEPS: [(&str, &str); 4] = [
    ("fetch_user", "get_user_by_id"),
    ("check_permissions", "check_permissions"),
    ("process_payment", "charge"),
    ("send_receipt", "send_email"),
];

/// The step that takes money.
pub const PAYMENT: &str = "process_payment";

pub struct Shop {
    pub folder: PathBuf,
}

/// How far the orders are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: u32,
    pub charging: u32,
}

/// An order and all that the database knows about it.
#[derive(Debug)]
pub struct Order {
    pub id: String,
    pub amount: String,
    pub state: String,
    /// What was really taken.
    pub payments: Vec<Payment>,
    pub letters: u32,
    /// By function.
    pub calls: BTreeMap<String, Vec<Call>>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Payment {
    pub idempotency_key: String,
    pub amount: String,
}

/// One call of a business function, as it wrote it down itself.
#[derive(Debug)]
pub struct Call {
    pub pid: u32,
    pub finished: bool,
}

impl Shop {
    /// Writes the shop into `folder`.
    pub fn unpack(folder: PathBuf) -> Result<Shop, Failure> {
        for (name, text) in FILES {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|error| Failure::io("write", &path, &error))?;
        }
        Ok(Shop { folder })
    }

    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join("shop.db")
    }

    /// How many payments that have not come back have taken the money already.
    pub fn taken_in_flight(&self) -> u32 {
        let query = "SELECT count(*) FROM calls JOIN payments USING (user_id) WHERE function = 'charge' AND finished_at IS NULL";
        open(&self.database()).and_then(|it| it.query_row(query, [], |row| row.get(0))).unwrap_or(0)
    }

    /// Nothing before the application has made its tables.
    pub fn progress(&self) -> Option<Progress> {
        let connection = open(&self.database()).ok()?;
        let count = |query: &str| connection.query_row(query, [], |row| row.get::<_, u32>(0)).ok();
        Some(Progress {
            done: count("SELECT count(*) FROM orders WHERE state = 'done'")?,
            charging: count("SELECT count(*) FROM calls WHERE function = 'charge' AND finished_at IS NULL")?,
        })
    }

    /// Every order, by id.
    pub fn orders(&self) -> Result<Vec<Order>, Failure> {
        let path = self.database();
        read_orders(&path)
            .map_err(|error| Failure::environment(format!("failed to read {}: {error}", path.display())))
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

fn read_orders(path: &Path) -> rusqlite::Result<Vec<Order>> {
    let connection = open(path)?;
    let mut orders = connection.prepare("SELECT id, amount, state, user_id FROM orders ORDER BY id")?;
    let orders = orders.query_map([], |row| {
        let order = Order {
            id: row.get(0)?,
            amount: row.get(1)?,
            state: row.get(2)?,
            payments: Vec::new(),
            letters: 0,
            calls: BTreeMap::new(),
        };
        // Each order is by a customer of its own, so the customer tells whose call, payment or letter it is.
        Ok((order, row.get::<_, String>(3)?))
    })?;
    let mut payments =
        connection.prepare("SELECT idempotency_key, amount FROM payments WHERE user_id = ?")?;
    let mut letters = connection
        .prepare("SELECT count(*) FROM receipts JOIN users ON email = recipient WHERE users.id = ?")?;
    let mut calls = connection
        .prepare("SELECT function, pid, finished_at IS NOT NULL FROM calls WHERE user_id = ? ORDER BY id")?;
    let mut found = Vec::new();
    for order in orders {
        let (mut order, user) = order?;
        let taken = payments
            .query_map([&user], |row| Ok(Payment { idempotency_key: row.get(0)?, amount: row.get(1)? }))?;
        order.payments = taken.collect::<rusqlite::Result<_>>()?;
        order.letters = letters.query_row([&user], |row| row.get(0))?;
        let rows = calls.query_map([&user], |row| {
            Ok((row.get::<_, String>(0)?, Call { pid: row.get(1)?, finished: row.get(2)? }))
        })?;
        for row in rows {
            let (function, call) = row?;
            order.calls.entry(function).or_default().push(call);
        }
        found.push(order);
    }
    Ok(found)
}
