//! The function under an attribute, and what is written in its place.
//!
//! # Invariants
//! - I1: every token of the user's body keeps its span, so that errors and steps of a debugger point at it.
//! - I2: whatever is wrong, a function of the user's name comes out beside the errors: otherwise a second
//!   error would say that there is no `main`.

use crate::options::Options;
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Error, Ident, Result, ReturnType, Signature, Type, Visibility,
    parse::{Parse, ParseStream, Parser},
};

/// Which attribute it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Main,
    Test,
}

impl Kind {
    /// As the user writes it.
    fn name(self) -> &'static str {
        match self {
            Self::Main => "#[gmp::main]",
            Self::Test => "#[gmp::test]",
        }
    }
}

/// A function whose body stays unread.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// With its braces.
    pub(crate) body: Group,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: parse_body(input)?,
        })
    }
}

/// The braces and what is within. The fragment `$body:block` of a macro comes in a group without delimiters.
fn parse_body(input: ParseStream<'_>) -> Result<Group> {
    match input.parse()? {
        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => Ok(body),
        TokenTree::Group(fragment) if fragment.delimiter() == Delimiter::None => {
            parse_body.parse2(fragment.stream())
        }
        other => Err(Error::new_spanned(other, "expected a body in braces")),
    }
}

/// What replaces `item` under the attribute.
pub(crate) fn expand(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
    let Ok(function) = syn::parse2::<Function>(item.clone()) else {
        let error = format!("`{}` goes on an `async fn` with a body", kind.name());
        let error = Error::new_spanned(&item, error).into_compile_error();
        return quote!(#error #item);
    };
    let mut errors = Vec::new();
    let options = Options::read(options, &mut errors);
    function.check(kind, &mut errors);
    if errors.is_empty() {
        function.wrap(kind, &options)
    } else {
        function.reject(errors)
    }
}

impl Function {
    /// Notes what the attribute cannot work with.
    fn check(&self, kind: Kind, errors: &mut Vec<Error>) {
        let name = kind.name();
        let Signature {
            fn_token,
            ident,
            generics,
            inputs,
            ..
        } = &self.signature;
        if self.signature.asyncness.is_none() {
            let why = format!("`{name}` needs an `async fn`; write `async fn {ident}`");
            errors.push(Error::new_spanned(fn_token, why));
        }
        let unwanted = [
            (written(&self.signature.constness), "`const`"),
            (written(&self.signature.unsafety), "`unsafe`"),
            (written(&self.signature.abi), "the ABI"),
            (written(&generics.params), "the generic parameters"),
            (written(&generics.where_clause), "the `where` clause"),
            (
                written(inputs),
                "the parameters, for nobody passes arguments",
            ),
        ];
        errors.extend(unwanted.into_iter().filter_map(|(found, what)| {
            let why = format!("`{name}` needs a plain `async fn`; remove {what}");
            Some(Error::new_spanned(found?, why))
        }));
        if kind == Kind::Test {
            let twice = self
                .attributes
                .iter()
                .filter(|attribute| makes_test(attribute));
            let why = "`#[gmp::test]` makes a test already; remove this attribute";
            errors.extend(twice.map(|attribute| Error::new_spanned(attribute, why)));
        }
    }

    /// The synchronous function around the user's; the crate's page shows one.
    fn wrap(self, kind: Kind, options: &Options) -> TokenStream {
        let Self {
            attributes,
            visibility,
            signature,
            body,
        } = self;
        let Options {
            facade,
            max_procs,
            time_slice,
            shutdown_timeout,
            local,
        } = options;
        let name = &signature.ident;
        // All that is ours stands where the user's name does: there the compiler reports a body that is not
        // `Send`.
        let place = Span::call_site().located_at(name.span());
        let facade = facade
            .as_ref()
            .map_or_else(|| quote_spanned!(place=> ::gmp), ToTokens::to_token_stream);
        let test = (kind == Kind::Test).then(|| quote!(#[::core::prelude::v1::test]));
        let (max_procs, time_slice) = (max_procs.iter(), time_slice.iter());
        let shutdown_timeout = shutdown_timeout.iter();
        let builder = quote_spanned! {place=>
            #facade::Builder::new()#(.max_procs(#max_procs))*#(.time_slice(#time_slice))*
                #(.shutdown_timeout(#shutdown_timeout))*
        };
        let method = match kind {
            _ if *local => "local",
            Kind::Main => "main",
            Kind::Test => "test",
        };
        let method = Ident::new(method, place);
        let call = quote_spanned!(place=> #facade::__private::Body(#name()).#method(#builder));
        // `#[should_panic]` wants a function that returns nothing.
        let (returns, end) = match &signature.output {
            output if *local => (output.to_token_stream(), None),
            output if is_unit(output) => (TokenStream::new(), Some(quote!(;))),
            _ => (quote!(-> #facade::__private::ExitCode), None),
        };
        quote! {
            #(#attributes)*
            #test
            #visibility fn #name() #returns {
                use #facade::__private::StaysOnItsThread as _;
                #signature #body
                #call #end
            }
        }
    }

    /// The errors, and the function as it was where nobody calls it (I2).
    fn reject(self, errors: Vec<Error>) -> TokenStream {
        let Self {
            visibility,
            signature,
            body,
            ..
        } = self;
        let name = &signature.ident;
        let errors = errors.into_iter().map(Error::into_compile_error);
        quote! {
            #(#errors)*
            #[allow(dead_code)]
            #visibility fn #name() {
                #signature #body
            }
        }
    }
}

/// The tokens of `found`, if it has any.
fn written(found: &impl ToTokens) -> Option<TokenStream> {
    Some(found.to_token_stream()).filter(|tokens| !tokens.is_empty())
}

/// Whether an attribute makes a test of its own: `#[test]`, `#[other::test]`.
fn makes_test(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|segment| segment.ident == "test")
}

fn is_unit(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => true,
        ReturnType::Type(_, found) => {
            matches!(&**found, Type::Tuple(tuple) if tuple.elems.is_empty())
        }
    }
}

#[cfg(test)]
mod tests;
