//! `gmp_sync::select!`: arms as they are written, and the code in their place.
//!
//! ```text
//! { $crate::select! {                        {
//!     Some(v) = rx.recv(), if on => h0,          enum Chosen<A0, A1> { A0(A0), A1(A1) }
//!     r = tx.send_from(&mut s) => h1,            let mut disabled = guards;
//!     else => h2,                                let chosen = {
//! } }                                                let arm0 = pin!(rx.recv());         // in order
//!                                       =>           ...
//!                                                    poll_fn(selection.poll(..)).await   // drops the arms
//!                                                };
//!                                                match chosen {
//!                                                    Some(Chosen::A0(output)) => match output { Some(v) => h0, .. },
//!                                                    Some(Chosen::A1(output)) => match output { r => h1, .. },
//!                                                    None => h2,
//!                                                }
//!                                            }
//! ```
//!
//! - The handlers stand outside of any closure, so that `?`, `break`, `return` and `.await` are the caller's.
//! - Whether an output matches a refutable pattern is asked of a reference to it, with the pattern's bindings made plain;
//!   so nothing is moved before it is known.
//! - What is evaluated keeps its spans, so that errors point at it; our variables are hygienic, and items have names
//!   that nobody else has.
//!
//! # Not done here
//! Choosing: see `gmp_sync::select`.

mod parse;
mod pattern;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, spanned::Spanned};

use self::parse::{Arm, Otherwise, Select};

/// As many arms as there are bits for those that are disabled.
const MAX_ARMS: usize = 64;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    match syn::parse2::<Select>(input) {
        Ok(select) => select.expand(),
        Err(error) => error.into_compile_error(),
    }
}

/// A name that no code of the user's sees.
fn hidden(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn numbered(name: &str, index: usize) -> Ident {
    format_ident!("{name}{index}", span = Span::mixed_site())
}

impl Select {
    fn expand(self) -> TokenStream {
        let facade = &self.facade;
        let private = quote!(#facade::__private);
        if self.arms.is_empty() {
            return match self.otherwise {
                Some(Otherwise::Default(handler) | Otherwise::Else(handler)) => quote!(#handler),
                None => quote!(#private::forever().await),
            };
        }
        let (disabled, selection, chosen) =
            (hidden("disabled"), hidden("selection"), hidden("chosen"));
        let variants: Vec<Ident> = (0..self.arms.len())
            .map(|index| numbered("A", index))
            .collect();
        let guards = self.arms.iter().enumerate().filter_map(|(index, arm)| {
            let guard = arm.guard.as_ref()?;
            Some(quote!(if !(#guard) { #disabled |= 1 << #index; }))
        });
        let futures = self.arms.iter().enumerate().map(|(index, arm)| {
            let (place, future) = (numbered("arm", index), &arm.future);
            quote!(let #place = #future;)
        });
        let pins = self.arms.iter().enumerate().map(|(index, arm)| {
            let (place, kind) = (numbered("arm", index), numbered("kind", index));
            // What is not a future is reported where it stands.
            let there = Span::mixed_site().located_at(arm.future.span());
            let at = Ident::new(&place.to_string(), there);
            let future = quote_spanned!(there=> #at.__gmp_into_future());
            let asked = quote_spanned!(there=> (&#at).kind());
            quote! {
                let mut #place = #private::pin!(#future);
                let #kind = #asked;
            }
        });
        let poll = self.poll(&private);
        let output = hidden("output");
        let handlers = self.arms.iter().zip(&variants).map(|(arm, variant)| {
            let Arm {
                pattern, handler, ..
            } = arm;
            // By itself, so that a pattern that does not fit is told what the operation gives; in a pattern of ours, so that
            // an output that cannot be is no reason for a warning.
            quote! {
                #private::Some(__GmpChosen::#variant(#output)) => match (#output,) {
                    (#pattern,) => #handler,
                    #[allow(unreachable_patterns)]
                    _ => #private::unmatched(),
                },
            }
        });
        let otherwise = match &self.otherwise {
            Some(Otherwise::Default(handler) | Otherwise::Else(handler)) => quote!(#handler),
            None => quote!(#private::nothing_left()),
        };
        quote! {{
            enum __GmpChosen<#(#variants),*> {
                #(#variants(#variants)),*
            }
            #[allow(unused_mut)]
            let mut #disabled: u64 = 0;
            #(#guards)*
            let #chosen = {
                use #private::{Awaitable as _, ByFuture as _, ByOperation as _};
                // Dropped after the arms.
                let #selection = #private::pin!(#private::Selection::new());
                let #selection = #selection.as_ref();
                #(#futures)*
                #(#pins)*
                #poll
            };
            match #chosen {
                #(#handlers)*
                #private::None => #otherwise,
            }
        }}
    }

    /// The expression that chooses.
    fn poll(&self, private: &TokenStream) -> TokenStream {
        let (disabled, selection) = (hidden("disabled"), hidden("selection"));
        let (cx, visit, index) = (hidden("cx"), hidden("visit"), hidden("index"));
        let (output, matches) = (hidden("output"), hidden("matches"));
        let arms = self.arms.iter().enumerate().map(|(number, arm)| {
            let (place, kind) = (numbered("arm", number), numbered("kind", number));
            let (variant, pattern) = (numbered("A", number), pattern::plain(&arm.pattern));
            quote! {
                #number => {
                    if #disabled & (1 << #number) != 0 {
                        return #private::Answer::Disabled;
                    }
                    // SAFETY: `selection` and the arm are pinned, and the arm is dropped before.
                    let #output = match unsafe { #kind.poll(#place.as_mut(), #visit, #cx) } {
                        #private::Poll::Ready(#output) => #output,
                        #private::Poll::Pending => return #private::Answer::Pending,
                    };
                    #[allow(unused_variables, unreachable_patterns, clippy::all, clippy::pedantic)]
                    let #matches = match &#output {
                        #pattern => true,
                        _ => false,
                    };
                    if #matches {
                        #private::Answer::Chosen(__GmpChosen::#variant(#output))
                    } else {
                        #disabled |= 1 << #number;
                        #private::Answer::Disabled
                    }
                }
            }
        });
        let count = self.arms.len();
        let visitor = quote! {
            |#index: usize, #visit: #private::Arm<'_>, #cx: &mut #private::Context<'_>| match #index {
                #(#arms)*
                _ => #private::Answer::Disabled,
            }
        };
        let biased = self.biased;
        if let Some(Otherwise::Default(_)) = self.otherwise {
            return quote!(#selection.peek(#count, #biased, #visitor));
        }
        quote! {
            #private::poll_fn(|#cx| #selection.poll(#count, #biased, #cx, #visitor)).await
        }
    }
}

#[cfg(test)]
mod tests;
