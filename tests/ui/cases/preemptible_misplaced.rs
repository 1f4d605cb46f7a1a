//! Where loops cannot yield, the error says why; and there is one error for each mistake.

#[gmp::preemptible]
fn synchronous() {
    loop {}
}

#[gmp::preemptible]
const fn constant() {}

#[gmp::preemptible]
struct Item;

struct Methods;

#[gmp::preemptible]
impl Methods {
    #[gmp::preemptible]
    fn method(&self) {}
}

#[gmp::preemptible(every = 100)]
async fn unknown_option() {}

#[gmp::preemptible]
async fn exemptions() {
    #[gmp::no_preempt]
    let _number = 7;
    let _closure = || {
        #[gmp::no_preempt]
        loop {}
    };
}

#[gmp::no_preempt]
async fn elsewhere() {}

async fn unannotated() {
    #[gmp::no_preempt]
    loop {}
}

fn main() {
    synchronous();
    constant();
    let _ = Item;
    let _ = unknown_option();
    Methods.method();
}
