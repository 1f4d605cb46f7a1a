use super::*;

fn main(options: TokenStream, item: TokenStream) -> String {
    expand(Kind::Main, options, item).to_string()
}

fn test(item: TokenStream) -> String {
    expand(Kind::Test, quote!(), item).to_string()
}

#[test]
fn the_users_function_moves_unchanged_into_a_synchronous_one() {
    let found = main(
        quote!(max_procs = 4),
        quote!(
            /// What it does.
            #[inline]
            pub(crate) async fn main() -> Result<(), String> {
                work().await
            }
        ),
    );
    let expected = quote!(
        /// What it does.
        #[inline]
        pub(crate) fn main() -> ::gmp::__private::ExitCode {
            use ::gmp::__private::StaysOnItsThread as _;
            async fn main() -> Result<(), String> {
                work().await
            }
            ::gmp::__private::Body(main()).main(::gmp::Builder::new().max_procs(4))
        }
    );
    assert_eq!(found, expected.to_string());
}

#[test]
fn a_local_body_gives_what_it_returns() {
    let found = main(
        quote!(local),
        quote!(
            async fn main() -> u32 {
                7
            }
        ),
    );
    assert!(found.starts_with("fn main () -> u32 {"), "{found}");
    assert!(found.contains(". local ("), "{found}");
}

#[test]
fn a_renamed_crate_is_named_throughout() {
    let found = main(
        quote!(crate = go::rt),
        quote!(
            async fn main() -> ! {
                loop {}
            }
        ),
    );
    assert!(!found.contains("gmp"), "{found}");
    assert_eq!(found.matches("go :: rt ::").count(), 4, "{found}");
}

#[test]
fn a_test_without_a_result_returns_nothing_so_that_it_may_panic() {
    for output in [quote!(), quote!(-> ())] {
        let found = test(quote!(#[should_panic] async fn fails() #output { panic!() }));
        assert!(
            found
                .starts_with("# [should_panic] # [:: core :: prelude :: v1 :: test] fn fails () {"),
            "{found}"
        );
    }
}

#[test]
fn a_body_in_syntax_of_the_future_is_kept() {
    let found = main(quote!(), quote!(async fn main() { yeet 1 => <~ 2; }));
    assert!(
        found.contains("async fn main () { yeet 1 => < ~ 2 ; }"),
        "{found}"
    );
}

#[test]
fn what_is_rejected_keeps_its_name() {
    let found = main(
        quote!(nonsense),
        quote!(
            pub unsafe extern "C" fn main<T>(argument: T)
            where
                T: Send,
            {
                f()
            }
        ),
    );
    assert_eq!(found.matches("compile_error").count(), 7, "{found}");
    assert!(found.contains("pub fn main () {"), "{found}");
}

#[test]
fn a_second_test_attribute_is_told() {
    for attribute in [quote!(#[test]), quote!(#[other::test])] {
        let found = test(quote!(#attribute async fn works() {}));
        assert!(found.contains("makes a test already"), "{found}");
    }
    assert!(
        !test(quote!(
            #[cfg(test)]
            async fn works() {}
        ))
        .contains("compile_error")
    );
}

#[test]
fn what_is_no_function_is_left_as_it_was() {
    let found = main(
        quote!(),
        quote!(
            struct Main;
        ),
    );
    assert!(
        found.contains("goes on an `async fn` with a body"),
        "{found}"
    );
    assert!(found.ends_with("struct Main ;"), "{found}");
}

#[test]
fn a_body_that_is_a_fragment_of_a_macro() {
    let body = TokenTree::Group(Group::new(Delimiter::None, quote!({ work() })));
    let found = main(quote!(local), quote!(async fn main() #body));
    assert!(found.contains("async fn main () { work () }"), "{found}");
}
