//! Each function that cannot be started is told why.

#[gmp::main]
fn synchronous() {}

#[gmp::main]
async fn with_parameters(count: usize) {
    println!("{count}");
}

#[gmp::main]
async fn generic<T>() {}

#[gmp::main]
async fn bounded()
where
    String: Clone,
{
}

#[gmp::main]
async unsafe extern "C" fn qualified() {}

#[gmp::main]
struct NoFunction;

#[gmp::main]
fn main() {
    println!("no second error says that there is no `main`");
}
