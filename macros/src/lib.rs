//! `#[gmp::main]` and `#[gmp::test]`: start a runtime around an `async fn`. `#[gmp::preemptible]`: its loops yield.
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
//! - The body is never parsed, so syntax newer than this crate works. (`#[gmp::preemptible]` must parse it, and passes on
//!   what is newer unread.)
//!
//! # Not done here
//! Everything that happens at run time: see `gmp::__private`.

mod function;
mod options;
mod preemptible;
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
/// - `time_slice = Duration::from_millis(5)`: how much CPU time a poll may use before another thread takes its processor on;
///   any expression. See `gmp::Builder::time_slice`.
/// - `shutdown_timeout = Duration::from_secs(5)`: how long polls that go on may hold up the end of the process, 900 ms without it;
///   any expression. See `gmp::Builder::shutdown_timeout`.
/// - `local`: the body is polled on the calling thread instead of running as a task, so that it need not be
///   `Send`, and `gmp::spawn_local` works in it; what it spawns by `gmp::spawn` runs on the runtime as ever. The function returns what the body returns. A
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

/// Lets the loops of an `async fn` yield while they calculate, so that they hold nobody up.
///
/// Each `loop`, `while` and `for` of the function looks whether its task should let others run
/// (`gmp::preempt::should_yield`, one relaxed load) where an iteration begins, the first one and those after `continue`
/// too, and then yields as by `gmp::yield_now().await`. That is when the poll has lasted for about a millisecond, or
/// when a timer is due and every processor is busy. Tasks of a `LocalSet` and futures under `block_on` yield after a millisecond;
/// elsewhere nothing does.
///
/// Loops whose bodies await nothing and call no macros do not look each time: after 1, 2, 4 iterations and so on, up to 64, and again
/// from 1 when they have yielded.
///
/// It goes on functions and methods, in `impl` blocks and traits too. Included are the loops in `async` blocks and
/// `async` closures of the function. Not reached are:
/// - closures, constants and items within the function;
/// - loops that are written in the arguments of a macro (`select!`, `assert!`), and in macros that the function calls;
/// - **synchronous functions that the loop calls**, among them the adapters of iterators: `values.map(..).sum()`.
///   One such call that lasts costs its processor the same as without the attribute.
///
/// # When to use it
/// | What lasts | Use | What it costs |
/// |---|---|---|
/// | less than 100 microseconds at a time between two `.await`s | nothing | nothing |
/// | loops of the `async fn` itself | `#[gmp::preemptible]` | some instructions per iteration; no thread |
/// | a quick call, or one that rarely blocks, in the middle of a task; it borrows from the task | `gmp::block_in_place` | nanoseconds if it is quick, else a thread as long as it lasts |
/// | a long call that owns what it needs; or many, of which only some shall run at once | `gmp::spawn_blocking` | a thread of a bounded number, two switches |
///
/// None of them is needed for the others to get on: a task that does not return from its poll loses its processor
/// in the end, at the cost of a thread.
///
/// # Options
/// - `crate = path`: where `gmp` is found when it was renamed or re-exported.
///
/// [`#[gmp::no_preempt]`](macro@no_preempt) on a loop exempts it.
///
/// # Errors
/// Does not compile on anything but an `async fn` with a body.
///
/// What lives across a loop lives across an `.await`: a future that keeps a `std::sync::MutexGuard` or an `Rc`
/// there is not `Send`, and `gmp::spawn` says so and points at the loop's keyword. What lives only within an iteration
/// (its variables, the item of a `for`, the temporaries of a `while let`) does not count. Drop the guard before
/// the loop, lock within it, or exempt the loop.
///
/// # Cancel safety
/// Each beginning of an iteration may be an `.await`, where the future may be dropped: by `abort`, a timeout,
/// a `select!`, or the end of the runtime. What must be done as a whole belongs in a loop that is exempt.
///
/// # Examples
/// ```ignore (the facade, which the code names, depends on this crate)
/// #[gmp::preemptible]
/// async fn count_primes(below: u32) -> usize {
///     let mut count = 0;
///     'numbers: for n in 2..below {
///         let mut divisor = 2;
///         while divisor * divisor <= n {
///             if n % divisor == 0 {
///                 continue 'numbers;
///             }
///             divisor += 1;
///         }
///         count += 1;
///     }
///     count
/// }
/// ```
///
/// Go: what the compiler did for every loop under `GOEXPERIMENT=preemptibleloops`, and signals do since 1.14.
#[proc_macro_attribute]
pub fn preemptible(options: TokenStream, item: TokenStream) -> TokenStream {
    preemptible::expand(options.into(), item.into()).into()
}

/// Exempts a loop under [`#[gmp::preemptible]`](macro@preemptible), and all loops and `async` blocks within it.
///
/// For a loop that is short and hot, or that must not be left half done. Write it with a path, as below: the attribute
/// is gone when the compiler looks for what a `use` is for.
///
/// # Errors
/// Does not compile anywhere else.
///
/// # Examples
/// ```ignore (the facade, which the code names, depends on this crate)
/// #[gmp::preemptible]
/// async fn sums(rows: &[[u32; 8]]) -> Vec<u32> {
///     let mut sums = Vec::new();
///     for row in rows {
///         let mut sum = 0;
///         #[gmp::no_preempt]
///         for cell in row {
///             sum += cell;
///         }
///         sums.push(sum);
///     }
///     sums
/// }
/// ```
#[proc_macro_attribute]
pub fn no_preempt(_: TokenStream, item: TokenStream) -> TokenStream {
    preemptible::misplaced(item.into()).into()
}

/// What `gmp_sync::select!` expands to: its arms behind the path of the crate, in parentheses.
#[doc(hidden)]
#[proc_macro]
pub fn select_arms(input: TokenStream) -> TokenStream {
    select::expand(input.into()).into()
}
