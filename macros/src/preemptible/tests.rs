use super::*;

fn preemptible(item: TokenStream) -> String {
    expand(quote!(), item).to_string()
}

/// What `body` becomes in an `async fn`.
fn assert_becomes(body: TokenStream, expected: TokenStream) {
    let found = preemptible(quote!(async fn f() { #body }));
    assert_eq!(found, quote!(async fn f() { #expected }).to_string());
}

fn assert_stays(body: TokenStream) {
    assert_becomes(body.clone(), body);
}

fn check() -> TokenStream {
    quote!(if ::gmp::__private::should_yield() {
        ::gmp::__private::yield_now().await;
    })
}

/// A loop with this label and body, which looks now and then.
fn looking(label: TokenStream, body: TokenStream) -> TokenStream {
    quote! {
        match 1_u32 {
            mut turns => 'look: loop {
                if ::gmp::__private::should_yield() {
                    ::gmp::__private::yield_now().await;
                    turns = 1;
                }
                let mut left = turns;
                turns = ::gmp::__private::more(turns);
                let value = #label loop {
                    if left == 0 { continue 'look; }
                    left -= 1;
                    #body
                };
                #[allow(unreachable_code)]
                break value;
            }
        }
    }
}

/// `for n in values`, whose body is this, and awaits nothing.
fn checked_for(label: TokenStream, pattern: TokenStream, body: TokenStream) -> TokenStream {
    let turns = looking(
        label,
        quote! {
            match ::gmp::__private::Iterator::next(&mut iterator) {
                ::gmp::__private::None => break,
                ::gmp::__private::Some(#pattern) => { #body }
            }
        },
    );
    quote! {
        match ::gmp::__private::IntoIterator::into_iter(values) {
            mut iterator => #turns
        }
    }
}

#[test]
fn a_loop_looks_where_an_iteration_begins() {
    let check = check();
    for body in [
        quote!(x.await; break 'a 7;),
        quote!(if x { f([{ y.await }]); } continue;),
        quote!(select!(x => y)),
    ] {
        assert_becomes(
            quote!('a: loop { #body }),
            quote!('a: loop { #check #body }),
        );
    }
}

#[test]
fn a_loop_that_awaits_nothing_looks_at_some_iterations() {
    for body in [
        quote!(if x { continue; } break 'a 7;),
        quote!(if x != (y) && !(z) {}),
    ] {
        assert_becomes(
            quote!('a: loop { #body }),
            looking(quote!('a:), body.clone()),
        );
    }
}

#[test]
fn a_while_looks_before_its_condition() {
    let check = check();
    assert_becomes(
        quote!('a: while let Some(x) = queue.lock().pop() {
            work(x);
        }),
        looking(
            quote!('a:),
            quote!(if let Some(x) = queue.lock().pop() {
                work(x);
            } else {
                break;
            }),
        ),
    );
    assert_becomes(
        quote!('a: while let Some(x) = queue.lock().await.pop() {}),
        quote!('a: loop {
            #check
            if let Some(x) = queue.lock().await.pop() {} else { break; }
        }),
    );
}

#[test]
fn a_for_looks_before_there_is_an_item() {
    assert_becomes(
        quote!('a: for (n, _) in values {
            work(n);
        }),
        checked_for(quote!('a:), quote!((n, _)), quote!(work(n);)),
    );
}

#[test]
fn attributes_stay_on_the_loop() {
    let checked = checked_for(quote!(), quote!(n), quote!());
    let busy = looking(
        quote!(),
        quote!(if busy() {
        } else {
            break;
        }),
    );
    assert_becomes(
        quote! {
            #[cfg(unix)]
            while busy() {}
            #[allow(unused)]
            for n in values {}
        },
        quote! {
            #[cfg(unix)]
            #busy
            #[allow(unused)]
            #checked
        },
    );
}

#[test]
fn loops_within_all_kinds_of_expressions() {
    let check = check();
    let inner = checked_for(quote!(), quote!(n), quote!(work(n)?;));
    let [empty, with_value] = [quote!(), quote!(break 1)].map(|body| looking(quote!(), body));
    assert_becomes(
        quote! {
            #![allow(unused)]
            let x = match y { Z if loop {} => f(loop { break 1 }), _ => { unsafe { loop {} } } };
            loop { if z { for n in values { work(n)?; } } }
        },
        quote! {
            #![allow(unused)]
            let x = match y {
                Z if #empty => f(#with_value),
                _ => { unsafe { #empty } }
            };
            loop { #check if z { #inner } }
        },
    );
}

#[test]
fn async_blocks_and_closures_yield_and_others_do_not() {
    let checked = looking(quote!(), quote!());
    assert_becomes(
        quote! {
            let a = async move { loop {} };
            let b = |x| { loop {} async { loop {} } };
            let c = async |x| { loop {} };
        },
        quote! {
            let a = async move { #checked };
            let b = |x| { loop {} async { #checked } };
            let c = async |x| { #checked };
        },
    );
}

#[test]
fn what_cannot_yield_is_left_alone() {
    assert_stays(quote! {
        fn inner() { loop {} }
        async fn other() { loop {} }
        impl X { const fn f() { while g() {} } }
        const N: usize = loop { break 3 };
        let a: [u8; { loop { break 3 } }] = [0; loop { break 3 }];
        let b = const { loop { break 3 } };
        g::<{ loop { break 3 } }>();
        assert!(loop { break true });
    });
}

#[test]
fn an_exempt_loop_is_left_alone_with_all_within() {
    let exempt = quote!('a: while x {
        for n in values {
            async { loop {} };
        }
    });
    let checked = looking(quote!(), exempt.clone());
    assert_becomes(
        quote! {
            loop {
                #[gmp::no_preempt]
                #exempt
            }
            let y = #[other::no_preempt] loop { break 7 };
        },
        quote! {
            #checked
            let y = loop { break 7 };
        },
    );
}

#[test]
fn a_method_keeps_all_of_its_head() {
    let checked = looking(quote!(), quote!());
    let head = quote! {
        /// What it does.
        #[inline]
        pub(crate) async unsafe fn f<'a, T: Ord, const N: usize>(&'a mut self, x: [T; N]) -> &'a T
        where
            T: Clone
    };
    assert_eq!(
        preemptible(quote!(#head { loop {} })),
        quote!(#head { #checked }).to_string()
    );
}

#[test]
fn a_renamed_crate_is_named_throughout() {
    let item = quote!(
        async fn f() {
            loop {}
            while x {}
            for n in values {}
        }
    );
    let found = expand(quote!(crate = go::rt), item).to_string();
    assert!(!found.contains("gmp"), "{found}");
    assert_eq!(
        found.matches("go :: rt :: __private").count(),
        13,
        "{found}"
    );
}

/// The item comes out beside the error, without what would be a second one.
#[test]
fn an_error_says_what_to_do() {
    for (options, item, sentence) in [
        (
            quote!(),
            quote!(
                fn f() {}
            ),
            "write `async fn f`, or run what lasts in",
        ),
        (
            quote!(),
            quote!(
                const fn f() {}
            ),
            "no `const fn` can be one",
        ),
        (
            quote!(),
            quote!(
                struct S;
            ),
            "goes on an `async fn` with a body",
        ),
        (
            quote!(),
            quote!(impl S { async fn f() {} }),
            "goes on an `async fn` with a body",
        ),
        (
            quote!(),
            quote!(
                async fn f();
            ),
            "goes on an `async fn` with a body",
        ),
        (
            quote!(every = 4),
            quote!(
                async fn f() {}
            ),
            "unknown option `every`; there is `crate = path`",
        ),
        (
            quote!(crate),
            quote!(
                async fn f() {}
            ),
            "write `crate = path::to::gmp`",
        ),
        (
            quote!(4),
            quote!(
                async fn f() {}
            ),
            "expected an option: there is `crate = path`",
        ),
        (
            quote!(),
            quote!(
                async fn f() {
                    #[gmp::no_preempt]
                    {
                        1
                    }
                }
            ),
            "goes on a `loop`, a `while` or a `for`",
        ),
        (
            quote!(),
            quote!(
                async fn f() {
                    #[no_preempt]
                    let x = 1;
                }
            ),
            "goes on a `loop`, a `while` or a `for`",
        ),
        (
            quote!(),
            quote!(
                async fn f() {
                    || #[no_preempt]
                    loop {}
                }
            ),
            "stands in a closure or a constant",
        ),
        (
            quote!(),
            quote!(
                async fn f() {
                    #[no_preempt(4)]
                    loop {}
                }
            ),
            "takes no options",
        ),
    ] {
        let found = expand(options, item.clone()).to_string();
        assert_eq!(found.matches("compile_error").count(), 1, "{found}");
        assert!(found.contains(sentence), "{found}");
        assert!(!found.contains("# ["), "{found}");
        let head = item.to_string();
        let head = head.split('{').next().unwrap_or_default().to_owned();
        assert!(found.contains(&head), "{found}");
    }
}

#[test]
fn an_exemption_elsewhere_says_so_and_keeps_the_item() {
    let found = misplaced(quote!(
        fn f() {}
    ))
    .to_string();
    assert!(found.contains("goes on a loop of an `async fn`"), "{found}");
    assert!(found.ends_with("fn f () { }"), "{found}");
    let found = misplaced(quote!('a: loop {})).to_string();
    assert!(!found.contains("'a"), "{found}");
}
