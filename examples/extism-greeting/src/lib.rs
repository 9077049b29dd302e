//! An Extism plug-in, unchanged from what runs on any Extism host: a greeting for the confirmation page.

use extism_pdk::*;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Input {
    name: String,
    orders: u32,
}

#[derive(Serialize)]
struct Output {
    greeting: String,
    loyal: bool,
}

#[plugin_fn]
pub fn greet(Json(input): Json<Input>) -> FnResult<Json<Output>> {
    if input.name.trim().is_empty() {
        return Err(WithReturnCode::new(Error::msg("a customer has a name"), 2));
    }
    let salutation = config::get("salutation")?.unwrap_or_else(|| "Hello".to_string());
    let loyal = input.orders >= 10;
    var::set("seen", input.name.as_bytes())?;
    info!("greeting a customer with {} orders", input.orders);
    let greeting = format!("{salutation}, {}{}", input.name, if loyal { ", good to see you again!" } else { "!" });
    Ok(Json(Output { greeting, loyal }))
}
