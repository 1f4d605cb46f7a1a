//! What stands in the parentheses of `#[gmp::main(..)]`.
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
const KNOWN: &str = "there are `max_procs = 4`, `local` and `crate = path`";

/// The options of one attribute.
pub(crate) struct Options {
    /// Where the facade is found; `None`: at `::gmp`.
    pub(crate) facade: Option<Path>,
    pub(crate) max_procs: Option<LitInt>,
    pub(crate) local: bool,
}

impl Options {
    /// Reads the options, noting what is wrong in `errors`.
    pub(crate) fn read(tokens: TokenStream, errors: &mut Vec<Error>) -> Self {
        let mut options = Self {
            facade: None,
            max_procs: None,
            local: false,
        };
        let list = |input: ParseStream<'_>| {
            let mut names = Vec::new();
            while !input.is_empty() {
                options.read_one(input, &mut names, errors)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = list.parse2(tokens) {
            errors.push(error);
        }
        options
    }

    /// Reads one option. What it returns as an error ends the list, what it notes does not.
    fn read_one(
        &mut self,
        input: ParseStream<'_>,
        names: &mut Vec<Ident>,
        errors: &mut Vec<Error>,
    ) -> Result<()> {
        let name = input
            .call(Ident::parse_any)
            .map_err(|error| Error::new(error.span(), format!("expected an option: {KNOWN}")))?;
        let value = read_value(input)?;
        if names.contains(&name) {
            errors.push(Error::new(
                name.span(),
                format!("`{name}` is given twice; keep one of them"),
            ));
        } else if let Err(error) = self.set(&name, value) {
            errors.push(error);
        }
        names.push(name);
        Ok(())
    }

    fn set(&mut self, name: &Ident, value: Option<TokenStream>) -> Result<()> {
        let wrong = |why| Err(Error::new_spanned(name, why));
        match (name.to_string().as_str(), value) {
            ("local", None) => self.local = true,
            ("local", Some(_)) => {
                return wrong("`local` takes no value; write `local` alone".into());
            }
            ("max_procs", Some(value)) => self.max_procs = Some(at_least_one(value)?),
            ("max_procs", None) => {
                return wrong("`max_procs` needs a number; write `max_procs = 4`".into());
            }
            ("crate", Some(value)) => self.facade = Some(path(value)?),
            ("crate", None) => {
                return wrong("`crate` needs a path; write `crate = path::to::gmp`".into());
            }
            (unknown, _) => return wrong(format!("unknown option `{unknown}`; {KNOWN}")),
        }
        Ok(())
    }
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

fn path(value: TokenStream) -> Result<Path> {
    let found = value.to_string();
    Path::parse_mod_style.parse2(value.clone()).map_err(|_| {
        let why = format!("`crate` takes a path, as in `crate = path::to::gmp`; found `{found}`");
        Error::new_spanned(value, why)
    })
}

#[cfg(test)]
mod tests;
