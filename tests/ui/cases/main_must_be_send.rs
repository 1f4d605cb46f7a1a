//! A body that is not `Send` is told where it is written, with the value and the way out.

#[gmp::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shared = std::rc::Rc::new(7);
    gmp::yield_now().await;
    println!("{shared}");
    Ok(())
}
