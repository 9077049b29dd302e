//! A volume discount: the more of one article a customer buys, the cheaper each becomes.
//!
//! A Tenon function is an ordinary program: it reads its input from standard input, writes its output to standard
//! output, and whatever goes to standard error is its log.

use serde::{Deserialize, Serialize};
use std::process::exit;

#[derive(Deserialize)]
struct Cart {
    currency: String,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    sku: String,
    quantity: u64,
    /// In the smallest unit of the currency, cents for example.
    unit_price: u64,
}

#[derive(Serialize)]
struct Output {
    currency: String,
    discounts: Vec<Discount>,
}

#[derive(Serialize)]
struct Discount {
    sku: String,
    percent: u64,
    amount: u64,
}

/// From this many pieces on, so many percent off; the largest step first.
const STEPS: [(u64, u64); 3] = [(100, 15), (50, 10), (10, 5)];

fn discount(line: &Line) -> Option<Discount> {
    let (_, percent) = *STEPS.iter().find(|(from, _)| line.quantity >= *from)?;
    let amount = line.quantity.checked_mul(line.unit_price)?.checked_mul(percent)? / 100;
    Some(Discount { sku: line.sku.clone(), percent, amount })
}

fn main() {
    let cart: Cart = serde_json::from_reader(std::io::stdin()).unwrap_or_else(|error| {
        eprintln!("the cart can't be read: {error}");
        exit(1);
    });
    let discounts: Vec<Discount> = cart.lines.iter().filter_map(discount).collect();
    eprintln!("{} of {} lines get a discount", discounts.len(), cart.lines.len());
    let output = Output { currency: cart.currency, discounts };
    println!("{}", serde_json::to_string(&output).expect("the output is always JSON"));
}
