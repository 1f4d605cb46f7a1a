//! `#[gmp::main]` and `#[gmp::test]`: start a runtime around an `async fn`.
//!
//! Use them through `gmp`, which re-exports them; the code they write names `::gmp` (or what the option
//! `crate` names).
//!
//! # How it works
//! The user's function moves unchanged into a synchronous one of the same name, which hands its future to
//! `gmp::__private`:
//!
//! ```text
//! #[gmp::main(max_procs = 4)]         fn main() -> ::gmp::__private::ExitCode {
//! async fn main() -> Result<()> {         async fn main() -> Result<()> { body }
//!     body                      =>        use ::gmp::__private::StaysOnItsThread as _;
//! }                                       ::gmp::__private::Body(main()).main(
//!                                             ::gmp::Builder::new().max_procs(4),
//!                                         )
//!                                     }
//! ```
//!
//! - The function inside stays an `async fn`, not an `async` block: so the compiler knows its return type
//!   when it checks the body, and whether it is `Send` when it checks the call.
//! - The exit code is made where the body ran, so that its error need not be `Send`
//!   (`Result<(), Box<dyn Error>>`). With `local` the body's thread is the caller's and the function returns
//!   what the body returns.
//! - A body that is not `Send` makes the call name the other `main`, the one of the trait
//!   `StaysOnItsThread`; its bounds fail with a sentence that says what to do.
//! - The body is never parsed, so syntax newer than this crate works.
//!
//! # Not done here
//! Everything that happens at run time: see `gmp::__private`.

mod function;
mod options;
mod select;

use function::Kind;
use proc_macro::TokenStream;

/// Runs an `async fn main` as a task of a new runtime.
///
/// When the body returns, the process ends with its result as the exit status, as for a synchronous `main`;
/// tasks that still run do not hold it up. The function takes no arguments, and may have any name and
/// any return type that is a [`std::process::Termination`].
///
/// # Options
/// - `max_procs = 4`: how many tasks run at once, at least 1. Without it the runtime follows the CPUs that the
///   process may use.
/// - `local`: the body is polled on the calling thread instead of running as a task, so that it need not be
///   `Send`; what it spawns runs on the runtime as ever. The function returns what the body returns. A
///   channel between such a body and a task costs a switch of threads each time.
/// - `crate = path`: where `gmp` is found when it was renamed or re-exported.
///
/// # Errors
/// Does not compile unless the body is `Send`: what it keeps across an `.await` may move to another
/// thread there. Drop the value before the `.await`, or use `#[gmp::main(local)]`.
///
/// # Panics
/// With the panic of the body, and if the system gives no runtime (no threads left, say).
///
/// # Examples
/// ```ignore (the facade, which the code names, depends on this crate)
/// #[gmp::main(max_procs = 4)]
/// async fn main() -> std::io::Result<()> {
///     let sum = gmp::spawn(async { 1 + 2 }).await.expect("the sum panics nowhere");
///     println!("{sum}");
///     Ok(())
/// }
/// ```
///
/// Go: `func main`, whose body is a goroutine too.
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Kind::Main, options.into(), item.into()).into()
}

/// Makes a `#[test]` of an `async fn`: its body runs as a task of a runtime of its own.
///
/// Takes the options of [`macro@main`]. `#[should_panic]`, `#[ignore]` and a returned `Result` work as for any
/// other test.
///
/// # Errors
/// Does not compile unless the body is `Send`; `#[gmp::test(local)]` is for the others.
///
/// # Examples
/// ```ignore (the facade, which the code names, depends on this crate)
/// #[gmp::test(max_procs = 2)]
/// async fn a_task_gives_its_value_to_whoever_joins() {
///     assert_eq!(gmp::spawn(async { 7 }).await.unwrap(), 7);
/// }
/// ```
///
/// Go: `func TestXxx(t *testing.T)`.
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Kind::Test, options.into(), item.into()).into()
}

/// What `gmp_sync::select!` expands to: its arms behind the path of the crate, in parentheses.
#[doc(hidden)]
#[proc_macro]
pub fn select_arms(input: TokenStream) -> TokenStream {
    select::expand(input.into()).into()
}
