use quote::quote;
use syn::{Pat, parse::Parser};

use super::{expand, pattern};

/// The errors that the compiler would print.
fn errors(input: proc_macro2::TokenStream) -> Vec<String> {
    let expanded = expand(quote!(($crate) #input)).to_string();
    expanded
        .split("compile_error ! { \"")
        .skip(1)
        .map(|rest| rest.split("\" }").next().unwrap().replace('\\', ""))
        .collect()
}

#[track_caller]
fn refused(input: proc_macro2::TokenStream, why: &str) {
    let errors = errors(input);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains(why), "{errors:?}");
}

#[test]
fn the_grammar_is_read() {
    for input in [
        quote!(),
        quote!(a = b => c),
        quote!(a = b => c,),
        quote!(a = b => { c } d = e => f),
        quote!(a = b => { c }, d = e => { f }),
        quote!(biased; a = b => c),
        quote!(biased = b => c),
        quote!(default = b => c),
        quote!(a = b, if c => d, else => e),
        quote!(default => { e } a = b => c),
        quote!(Some(x) | Ok(x) = f::<A, B>() => x?,),
        quote!(| A | B = async { 1 } => break 'outer 2, _ = c => return),
        quote!(else => {}),
    ] {
        assert!(errors(input.clone()).is_empty(), "{input}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    refused(quote!(a => c), "an arm is `pattern = operation => handler`");
    refused(
        quote!(Some(a) => c),
        "an arm is `pattern = operation => handler`",
    );
    refused(quote!(a = b c), "expected `=>`");
    refused(quote!(a = b, c), "expected `if`");
    refused(quote!(a = b => c d = e => f), "expected `,` between");
    refused(quote!(default => a, default => b), "a second `default`");
    refused(quote!(else => a, else => b), "a second `else`");
    refused(
        quote!(else => a, default => b),
        "`default` and `else` in one",
    );
    let arm = quote!(a = b => c,);
    let arms = std::iter::repeat_n(&arm, 64);
    assert!(errors(quote!(#(#arms)*)).is_empty());
    let arms = std::iter::repeat_n(&arm, 65);
    refused(quote!(#(#arms)*), "at most 64 arms");
}

#[test]
fn patterns_that_only_ask_bind_plainly() {
    for (pattern, plain) in [
        (quote!(mut a), quote!(a)),
        (quote!(Some(ref mut a)), quote!(Some(a))),
        (quote!(Some(&a)), quote!(Some(a))),
        (
            quote!(S { a: (ref b, [mut c, ..]), .. }),
            quote!(S {
                a: (b, [c, ..]),
                ..
            }),
        ),
        (
            quote!(a @ Ok(mut b) | Err(ref a @ ref b)),
            quote!(a @ Ok(b) | Err(a @ b)),
        ),
    ] {
        let read = Pat::parse_multi_with_leading_vert.parse2(pattern).unwrap();
        let made = pattern::plain(&read);
        assert_eq!(quote!(#made).to_string(), plain.to_string());
    }
}
