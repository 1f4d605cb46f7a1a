//! The loops of a body, and the checks in them.
//!
//! # How it works
//! A walk over all expressions of the body that knows what it stands in: code that may `.await` (the body itself, `async`
//! blocks and closures, also where they stand in closures) or not (closures, constants), and an exempt loop or not.
//! Items, types, patterns and the arguments of macros are not entered.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{
    AngleBracketedGenericArguments, Attribute, Error, Expr, ExprForLoop, ExprLoop, ExprMatch,
    ExprRepeat, ExprWhile, Ident, Item, Meta, Pat, Stmt, Token, Type, parse_quote_spanned,
    spanned::Spanned,
    visit_mut::{self, VisitMut},
};

pub(super) struct Loops<'a> {
    facade: &'a TokenStream,
    errors: &'a mut Vec<Error>,
    /// What surrounds the expression that is being visited.
    place: Place,
}

#[derive(Clone, Copy)]
struct Place {
    /// `.await` is allowed.
    awaits: bool,
    /// Within a loop under `#[gmp::no_preempt]`.
    exempt: bool,
}

impl<'a> Loops<'a> {
    pub(super) fn new(facade: &'a TokenStream, errors: &'a mut Vec<Error>) -> Self {
        let place = Place {
            awaits: true,
            exempt: false,
        };
        Self {
            facade,
            errors,
            place,
        }
    }

    pub(super) fn instrument(mut self, statements: &mut [Stmt]) {
        for statement in statements {
            self.visit_stmt_mut(statement);
        }
    }

    /// Visits what is within `expr`, which stands in `place`.
    fn within(&mut self, place: Place, expr: &mut Expr) {
        let outside = std::mem::replace(&mut self.place, place);
        visit_mut::visit_expr_mut(self, expr);
        self.place = outside;
    }

    /// Takes `#[gmp::no_preempt]` off a loop.
    fn take_exemption(&mut self, attributes: &mut Vec<Attribute>) -> bool {
        let mut found = false;
        attributes.retain(|attribute| {
            if !is_exemption(attribute) {
                return true;
            }
            if !matches!(attribute.meta, Meta::Path(_)) {
                let why = "`#[gmp::no_preempt]` takes no options; it exempts the loop and all within";
                self.errors.push(Error::new_spanned(attribute, why));
            } else if !self.place.awaits {
                let why = "this loop stands in a closure or a constant, which cannot yield: nothing is checked here; \
                           remove `#[gmp::no_preempt]`";
                self.errors.push(Error::new_spanned(attribute, why));
            }
            found = true;
            false
        });
        found
    }

    /// The statement that yields if it should. All of it stands where the loop's keyword does.
    fn check(&self, place: Span, then: &TokenStream) -> Stmt {
        let facade = self.facade;
        parse_quote_spanned! {place=>
            if #facade::__private::should_yield() {
                #facade::__private::yield_now().await;
                #then
            }
        }
    }

    /// The loop with its check.
    fn instrument_loop(&self, found: Expr) -> Expr {
        match found {
            Expr::Loop(found) => self.check_loop(found),
            Expr::While(found) => self.check_loop(as_loop(found)),
            Expr::ForLoop(found) => Expr::Match(self.instrument_for(found)),
            other => other,
        }
    }

    /// A loop that has become a `loop`.
    fn check_loop(&self, mut found: ExprLoop) -> Expr {
        let place = ours(found.loop_token.span);
        let facade = self.facade;
        if may_await(found.body.to_token_stream()) {
            let check = self.check(place, &TokenStream::new());
            found.body.stmts.insert(0, check);
            return Expr::Loop(found);
        }
        let check = self.check(place, &quote_spanned!(place=> turns = 1;));
        let count: [Stmt; 2] = [
            parse_quote_spanned!(place=> if left == 0 { continue 'look; }),
            parse_quote_spanned!(place=> left -= 1;),
        ];
        found.body.stmts.splice(0..0, count);
        let attrs = std::mem::take(&mut found.attrs);
        let mut written: ExprMatch = parse_quote_spanned! {place=>
            match 1_u32 {
                mut turns => 'look: loop {
                    #check
                    let mut left = turns;
                    turns = #facade::__private::more(turns);
                    let value = #found;
                    #[allow(unreachable_code)]
                    break value;
                }
            }
        };
        written.attrs = attrs;
        Expr::Match(written)
    }

    fn instrument_for(&self, found: ExprForLoop) -> ExprMatch {
        let ExprForLoop {
            attrs,
            label,
            for_token,
            pat,
            expr,
            body,
            ..
        } = found;
        let facade = self.facade;
        let place = ours(for_token.span);
        let iterator = Ident::new("iterator", place);
        // An error about what is no iterator points at the values.
        let into_iter =
            quote_spanned!(ours(expr.span())=> #facade::__private::IntoIterator::into_iter);
        let next = quote_spanned!(ours(expr.span())=> #facade::__private::Iterator::next);
        let turns: ExprLoop = parse_quote_spanned! {place=>
            #label loop {
                match #next(&mut #iterator) {
                    #facade::__private::None => break,
                    #facade::__private::Some(#pat) => #body
                }
            }
        };
        let turns = self.check_loop(turns);
        let mut written: ExprMatch = parse_quote_spanned! {place=>
            match #into_iter(#expr) {
                mut #iterator => #turns
            }
        };
        written.attrs = attrs;
        written
    }
}

/// `while` as the compiler itself lowers it.
fn as_loop(found: ExprWhile) -> ExprLoop {
    let ExprWhile {
        attrs,
        label,
        while_token,
        cond,
        body,
    } = found;
    let place = ours(while_token.span);
    // The lifetimes of temporaries depend on the edition that this keyword was written in.
    let if_token = Token![if](while_token.span);
    let mut written: ExprLoop = parse_quote_spanned! {place=>
        loop {
            #if_token #cond #body else {
                break;
            }
        }
    };
    (written.attrs, written.label) = (attrs, label);
    written
}

/// There is an `.await` in it, or a macro, which may have one.
fn may_await(tokens: TokenStream) -> bool {
    let (mut named, mut called) = (false, false);
    tokens.into_iter().any(|token| {
        let is_call = called && matches!(token, TokenTree::Group(_));
        called = named && matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '!');
        named = matches!(token, TokenTree::Ident(_));
        match token {
            TokenTree::Ident(ident) => ident == "await",
            TokenTree::Group(group) => is_call || may_await(group.stream()),
            _ => false,
        }
    })
}

/// A place for code of ours, whose names the user's code does not see.
fn ours(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}

/// Also as the user renamed the crate.
fn is_exemption(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|segment| segment.ident == "no_preempt")
}

impl VisitMut for Loops<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let mut place = self.place;
        match expr {
            Expr::Loop(ExprLoop { attrs, .. })
            | Expr::While(ExprWhile { attrs, .. })
            | Expr::ForLoop(ExprForLoop { attrs, .. }) => {
                place.exempt |= self.take_exemption(attrs);
                self.within(place, expr);
                if place.awaits && !place.exempt {
                    let found = std::mem::replace(expr, Expr::PLACEHOLDER);
                    *expr = self.instrument_loop(found);
                }
                return;
            }
            Expr::Async(_) => place.awaits = true,
            Expr::Closure(closure) => place.awaits = closure.asyncness.is_some(),
            Expr::Const(_) => place.awaits = false,
            _ => {}
        }
        self.within(place, expr);
    }

    /// What is left is on no loop.
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        attributes.retain(|attribute| {
            if is_exemption(attribute) {
                let why = "`#[gmp::no_preempt]` goes on a `loop`, a `while` or a `for`";
                self.errors.push(Error::new_spanned(attribute, why));
            }
            !is_exemption(attribute)
        });
    }

    /// The length is a constant.
    fn visit_expr_repeat_mut(&mut self, repeat: &mut ExprRepeat) {
        self.visit_attributes_mut(&mut repeat.attrs);
        self.visit_expr_mut(&mut repeat.expr);
    }

    // In none of these stands a loop that could yield.
    fn visit_item_mut(&mut self, _: &mut Item) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_angle_bracketed_generic_arguments_mut(
        &mut self,
        _: &mut AngleBracketedGenericArguments,
    ) {
    }
}
