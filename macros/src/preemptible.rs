//! `#[gmp::preemptible]`: the loops of an `async fn` yield when they are asked to.
//!
//! # How it works
//! Each loop looks at the task's soft flag where an iteration begins, before anything of the iteration exists:
//!
//! ```text
//! 'a: loop { body }                   'a: loop { check; body }
//! 'a: while condition { body }    =>  'a: loop { check; if condition { body } else { break; } }
//! 'a: for pattern in values           match IntoIterator::into_iter(values) { mut iterator =>
//!     { body }                            'a: loop { check; match Iterator::next(&mut iterator) {
//!                                             None => break,
//!                                             Some(pattern) => { body }
//!                                         } }
//!                                     }
//! ```
//!
//! where `check` is `if should_yield() { yield_now().await; }`, and all names are those of `gmp::__private`.
//!
//! A loop whose body awaits nothing (no `.await`, no macro, no loop with a check of its own) looks at some iterations
//! only:
//!
//! ```text
//! 'a: loop { body }  =>  match 1 { mut turns => 'look: loop {
//!                            if should_yield() { yield_now().await; turns = 1; }
//!                            let mut left = turns;
//!                            turns = more(turns);                             1, 2, 4, … 64
//!                            let value = 'a: loop {
//!                                if left == 0 { continue 'look; }
//!                                left -= 1;
//!                                body
//!                            };
//!                            break value;
//!                        } }
//! ```
//!
//! - The turns from one look to the next double, and begin with 1 again when the task has yielded. So the flag is found, at the
//!   latest, when the loop has run twice as long as it had when the flag was raised; whatever a turn lasts, if all last as long.
//!   If they do not, 64 turns later: and what lasts for milliseconds then may cost a thread once.
//! - In the inner loop there is no atomic access, which keeps the compiler from leaving in registers what lives in the future.
//! - `break` and `continue`, with and without labels, mean what they meant: the inner loop is the user's. Where it ends,
//!   the outer one ends, with the same value.
//!
//! - The beginning of an iteration is where every back edge leads: the end of the body and each `continue`, from
//!   inner loops too. So one check stands for all of them, and no `continue` needs to be rewritten. The only
//!   difference to checks on the edges is one more, before the first iteration.
//! - `while` and `for` are written as the compiler itself lowers them. In the body the check would stand beside the
//!   temporaries of `while let Some(x) = queue.lock().unwrap().pop()` and the item of a `for`, and a future that was
//!   `Send` would be so no more. Before the condition there is only what lives from one iteration to the next.
//! - The check carries the place of the loop's keyword: errors about what lives across it point there, and so does
//!   the wait that a dump shows.
//!
//! # Rejected
//! A check in the condition, `while { check; condition }`: that is no place for `let`. A check at the end of the body:
//! every `continue` would have to become the `break` of a block, and the bindings of the iteration still live there.
//!
//! # Not done here
//! Choosing the moment: see `gmp_executor::preempt`.

mod loops;

use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Block, Error, Expr, Result, Stmt,
    parse::{ParseStream, Parser},
};

use self::loops::Loops;
use crate::{function::Function, options};

/// What replaces `item` under `#[gmp::preemptible]`.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Vec::new();
    let facade = options::read_facade(options, &mut errors);
    let written = match read(&item) {
        Ok(mut function) => {
            let facade = facade.map_or_else(|| quote!(::gmp), ToTokens::into_token_stream);
            match instrument(&function.body, &facade, &mut errors) {
                Ok(body) => function.body = body,
                // As it was: the compiler finds the same error, and maybe says more.
                Err(error) => errors.push(error),
            }
            let Function {
                attributes,
                visibility,
                signature,
                body,
            } = function;
            quote!(#(#attributes)* #visibility #signature #body)
        }
        Err(error) => {
            errors.push(error);
            item
        }
    };
    let errors = errors.into_iter().map(Error::into_compile_error);
    quote!(#(#errors)* #written)
}

/// What replaces `item` under `#[gmp::no_preempt]`, which nobody has taken away.
pub(crate) fn misplaced(item: TokenStream) -> TokenStream {
    let why = "`#[gmp::no_preempt]` goes on a loop of an `async fn` under `#[gmp::preemptible]`; \
               remove it here, for nothing is checked here";
    let error = Error::new(Span::call_site(), why).into_compile_error();
    // In the place of an expression there is room for one only.
    let kept = syn::parse2::<Expr>(item.clone()).is_err().then_some(item);
    quote!(#error #kept)
}

/// The function under the attribute, if it can yield.
fn read(item: &TokenStream) -> Result<Function> {
    let function = syn::parse2::<Function>(item.clone()).map_err(|_| {
        let why = "`#[gmp::preemptible]` goes on an `async fn` with a body: a function or a method";
        Error::new_spanned(item, why)
    })?;
    let signature = &function.signature;
    if let Some(constness) = &signature.constness {
        let why = "`#[gmp::preemptible]` needs an `async fn`, and no `const fn` can be one; \
                   remove the attribute";
        return Err(Error::new_spanned(constness, why));
    }
    if signature.asyncness.is_none() {
        let why = format!(
            "`#[gmp::preemptible]` needs an `async fn`, for loops yield by `.await`; write `async fn {}`, or run \
             what lasts in `gmp::block_in_place` or `gmp::spawn_blocking`",
            signature.ident
        );
        return Err(Error::new_spanned(signature.fn_token, why));
    }
    Ok(function)
}

/// The body with its checks. An error: it cannot be read.
fn instrument(body: &Group, facade: &TokenStream, errors: &mut Vec<Error>) -> Result<Group> {
    let (attributes, mut statements) = read_body.parse2(body.stream())?;
    Loops::new(facade, errors).instrument(&mut statements);
    let stream = quote!(#(#attributes)* #(#statements)*);
    let mut instrumented = Group::new(body.delimiter(), stream);
    instrumented.set_span(body.span());
    Ok(instrumented)
}

fn read_body(input: ParseStream<'_>) -> Result<(Vec<Attribute>, Vec<Stmt>)> {
    Ok((
        input.call(Attribute::parse_inner)?,
        input.call(Block::parse_within)?,
    ))
}

#[cfg(test)]
mod tests;
