//! What stands in the parentheses of an attribute, as in `#[gmp::main(..)]`.
//!
//! # How it works
//! The list is read option by option; one that is wrong is noted and the next one read, so that the user sees
//! all errors at once.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Error, Ident, LitInt, Path, Result, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

/// What an error tells to those who wrote none of the options.
const KNOWN: &str = "there are `max_procs = 4`, `time_slice = duration`, `shutdown_timeout = duration`, `local` and `crate = path`";

/// The options of one attribute.
pub(crate) struct Options {
    /// Where the facade is found; `None`: at `::gmp`.
    pub(crate) facade: Option<Path>,
    pub(crate) max_procs: Option<LitInt>,
    /// An expression, unread.
    pub(crate) time_slice: Option<TokenStream>,
    /// An expression, unread.
    pub(crate) shutdown_timeout: Option<TokenStream>,
    pub(crate) local: bool,
}

impl Options {
    /// Reads the options, noting what is wrong in `errors`.
    pub(crate) fn read(tokens: TokenStream, errors: &mut Vec<Error>) -> Self {
        let mut options = Self {
            facade: None,
            max_procs: None,
            time_slice: None,
            shutdown_timeout: None,
            local: false,
        };
        read_list(tokens, KNOWN, errors, |name, value| {
            options.set(name, value)
        });
        options
    }

    fn set(&mut self, name: &Ident, value: Option<TokenStream>) -> Result<()> {
        let wrong = |why| Err(Error::new_spanned(name, why));
        match (name.to_string().as_str(), value) {
            ("local", None) => self.local = true,
            ("local", Some(_)) => {
                return wrong("`local` takes no value; write `local` alone");
            }
            ("max_procs", Some(value)) => self.max_procs = Some(at_least_one(value)?),
            ("max_procs", None) => {
                return wrong("`max_procs` needs a number; write `max_procs = 4`");
            }
            ("time_slice", Some(value)) => self.time_slice = Some(value),
            ("shutdown_timeout", Some(value)) => self.shutdown_timeout = Some(value),
            ("shutdown_timeout", None) => {
                return wrong(
                    "`shutdown_timeout` needs a `Duration`; write `shutdown_timeout = Duration::from_secs(5)`",
                );
            }
            ("time_slice", None) => {
                return wrong(
                    "`time_slice` needs a `Duration`; write `time_slice = Duration::from_millis(5)`",
                );
            }
            ("crate", value) => self.facade = Some(path(name, value)?),
            _ => return Err(unknown(name, KNOWN)),
        }
        Ok(())
    }
}

/// Reads the only option of `#[gmp::preemptible]`: where the facade is found.
pub(crate) fn read_facade(tokens: TokenStream, errors: &mut Vec<Error>) -> Option<Path> {
    const KNOWN: &str = "there is `crate = path`";
    let mut facade = None;
    read_list(tokens, KNOWN, errors, |name, value| {
        if name != "crate" {
            return Err(unknown(name, KNOWN));
        }
        facade = Some(path(name, value)?);
        Ok(())
    });
    facade
}

/// Reads option by option and gives each to `set`, noting what is wrong in `errors`.
fn read_list(
    tokens: TokenStream,
    known: &str,
    errors: &mut Vec<Error>,
    mut set: impl FnMut(&Ident, Option<TokenStream>) -> Result<()>,
) {
    let mut wrong = Vec::new();
    let list = |input: ParseStream<'_>| {
        let mut names = Vec::new();
        while !input.is_empty() {
            let name = read_name(input, known)?;
            let value = read_value(input)?;
            let done = if names.contains(&name) {
                let why = format!("`{name}` is given twice; keep one of them");
                Err(Error::new(name.span(), why))
            } else {
                set(&name, value)
            };
            wrong.extend(done.err());
            names.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    let ended = list.parse2(tokens);
    errors.append(&mut wrong);
    errors.extend(ended.err());
}

fn read_name(input: ParseStream<'_>, known: &str) -> Result<Ident> {
    input
        .call(Ident::parse_any)
        .map_err(|error| Error::new(error.span(), format!("expected an option: {known}")))
}

fn unknown(name: &Ident, known: &str) -> Error {
    Error::new_spanned(name, format!("unknown option `{name}`; {known}"))
}

/// What follows an option's name up to the comma, without `=`; `None` if there is nothing.
fn read_value(input: ParseStream<'_>) -> Result<Option<TokenStream>> {
    input.parse::<Option<Token![=]>>()?;
    let mut value = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        value.extend([input.parse::<TokenTree>()?]);
    }
    Ok((!value.is_empty()).then_some(value))
}

fn at_least_one(value: TokenStream) -> Result<LitInt> {
    let found = value.to_string();
    let wrong = |why| Error::new_spanned(&value, format!("`max_procs` {why}; found `{found}`"));
    let number: LitInt = syn::parse2(value.clone()).map_err(|_| {
        wrong("takes an integer literal (`gmp::Builder::max_procs` takes what is computed)")
    })?;
    match number.base10_parse::<usize>() {
        Ok(0) => Err(wrong("must be at least 1 (leave it out to use every CPU)")),
        Ok(_) if matches!(number.suffix(), "" | "usize") => Ok(number),
        _ => Err(wrong("takes a `usize`")),
    }
}

fn path(name: &Ident, value: Option<TokenStream>) -> Result<Path> {
    let Some(value) = value else {
        let why = "`crate` needs a path; write `crate = path::to::gmp`";
        return Err(Error::new_spanned(name, why));
    };
    let found = value.to_string();
    Path::parse_mod_style.parse2(value.clone()).map_err(|_| {
        let why = format!("`crate` takes a path, as in `crate = path::to::gmp`; found `{found}`");
        Error::new_spanned(value, why)
    })
}

#[cfg(test)]
mod tests;
