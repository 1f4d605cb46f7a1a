//! The grammar: that of `tokio::select!`, and Go's `default`.
//!
//! ```text
//! select   = [ "biased" ";" ] { arm }
//! arm      = pattern "=" future [ "," "if" guard ] "=>" handler
//!          | "else" "=>" handler
//!          | "default" "=>" handler
//! handler  = block [ "," ]  |  expression ( "," | end )
//! ```

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{
    Error, Expr, Pat, Result, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream, discouraged::Speculative},
    spanned::Spanned,
    token,
};

pub(super) struct Select {
    /// The path of the crate whose macro it is.
    pub(super) facade: TokenStream,
    pub(super) biased: bool,
    pub(super) arms: Vec<Arm>,
    pub(super) otherwise: Option<Otherwise>,
}

pub(super) struct Arm {
    pub(super) pattern: Pat,
    pub(super) future: Expr,
    pub(super) guard: Option<Expr>,
    pub(super) handler: Handler,
}

/// What happens if no arm does.
pub(super) enum Otherwise {
    /// None is ready now.
    Default(Handler),
    /// All are disabled.
    Else(Handler),
}

/// An expression. A block stays unread, so that syntax which is newer than this crate works in it.
pub(super) struct Handler(TokenStream);

impl ToTokens for Handler {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// One of what stands between the braces.
enum Entry {
    Arm(Box<Arm>),
    Otherwise(Otherwise, Span),
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let facade = input.parse::<Group>()?.stream();
        let mut select = Select {
            facade,
            biased: parse_biased(input)?,
            arms: Vec::new(),
            otherwise: None,
        };
        while !input.is_empty() {
            match input.parse()? {
                Entry::Arm(arm) => select.push(*arm)?,
                Entry::Otherwise(otherwise, span) => select.set_otherwise(otherwise, span)?,
            }
        }
        Ok(select)
    }
}

impl Select {
    fn push(&mut self, arm: Arm) -> Result<()> {
        if self.arms.len() == super::MAX_ARMS {
            let why = format!(
                "`select!` has at most {} arms; `gmp::sync::Select` takes any number at run time",
                super::MAX_ARMS
            );
            return Err(Error::new(arm.pattern.span(), why));
        }
        self.arms.push(arm);
        Ok(())
    }

    fn set_otherwise(&mut self, otherwise: Otherwise, span: Span) -> Result<()> {
        let why = match (&self.otherwise, &otherwise) {
            (None, _) => {
                self.otherwise = Some(otherwise);
                return Ok(());
            }
            (Some(Otherwise::Default(_)), Otherwise::Default(_)) => "a second `default`",
            (Some(Otherwise::Else(_)), Otherwise::Else(_)) => "a second `else`",
            _ => {
                "`default` and `else` in one `select!`: with `default` nothing waits, so `else` cannot happen"
            }
        };
        Err(Error::new(span, why))
    }
}

fn parse_biased(input: ParseStream<'_>) -> Result<bool> {
    let ahead = input.fork();
    let is_biased = matches!(ahead.call(Ident::parse_any), Ok(word) if word == "biased");
    if !is_biased || !ahead.peek(Token![;]) {
        return Ok(false);
    }
    ahead.parse::<Token![;]>()?;
    input.advance_to(&ahead);
    Ok(true)
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let ahead = input.fork();
        if let Ok(word) = ahead.call(Ident::parse_any) {
            if ahead.peek(Token![=>]) {
                let kind = match word.to_string().as_str() {
                    "default" => Otherwise::Default,
                    "else" => Otherwise::Else,
                    _ => return Err(Error::new(word.span(), NO_FUTURE)),
                };
                input.advance_to(&ahead);
                input.parse::<Token![=>]>()?;
                return Ok(Entry::Otherwise(kind(input.parse()?), word.span()));
            }
        }
        Ok(Entry::Arm(Box::new(input.parse()?)))
    }
}

const NO_FUTURE: &str =
    "an arm is `pattern = operation => handler`; without an operation only `default` and `else`";

impl Parse for Arm {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        if !input.peek(Token![=]) || input.peek(Token![=>]) {
            return Err(Error::new(pattern.span(), NO_FUTURE));
        }
        input.parse::<Token![=]>()?;
        let future = input.parse()?;
        let mut guard = None;
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            if !input.peek(Token![if]) {
                return Err(input.error("expected `if` and the guard, or `=>` and the handler"));
            }
            input.parse::<Token![if]>()?;
            guard = Some(input.parse()?);
        }
        if !input.peek(Token![=>]) {
            return Err(input.error("expected `=>` and the handler of this arm"));
        }
        input.parse::<Token![=>]>()?;
        Ok(Arm {
            pattern,
            future,
            guard,
            handler: input.parse()?,
        })
    }
}

impl Parse for Handler {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(token::Brace) {
            let block = input.parse::<Group>()?;
            input.parse::<Option<Token![,]>>()?;
            return Ok(Handler(block.into_token_stream()));
        }
        let expression = input.parse::<Expr>()?;
        if !input.is_empty() {
            if !input.peek(Token![,]) {
                return Err(input.error("expected `,` between this arm and the next"));
            }
            input.parse::<Token![,]>()?;
        }
        Ok(Handler(expression.into_token_stream()))
    }
}
