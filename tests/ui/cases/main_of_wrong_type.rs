//! A body of the wrong type is told as in any function: at the value.

#[gmp::main]
async fn main() -> Result<(), String> {
    gmp::yield_now().await;
    7
}
