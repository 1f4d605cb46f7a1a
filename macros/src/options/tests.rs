use super::*;
use quote::quote;

/// The options of one attribute, and the sentences of its errors.
fn read(tokens: TokenStream) -> (Options, Vec<String>) {
    let mut errors = Vec::new();
    let options = Options::read(tokens, &mut errors);
    (options, errors.iter().map(Error::to_string).collect())
}

/// The only error of one attribute.
fn error(tokens: TokenStream) -> String {
    let (_, errors) = read(tokens);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.into_iter().next().expect("there is one")
}

#[test]
fn each_option_is_read() {
    let (options, errors) = read(quote!(
        crate = crate::runtime,
        max_procs = 4usize,
        time_slice = Duration::new(0, SLICE),
        shutdown_timeout = LIMIT * 2,
        local,
    ));
    assert_eq!(errors, [""; 0]);
    let slice = options.time_slice.expect("it is given").to_string();
    assert_eq!(slice, quote!(Duration::new(0, SLICE)).to_string());
    let timeout = options.shutdown_timeout.expect("it is given").to_string();
    assert_eq!(timeout, "LIMIT * 2");
    assert!(options.local);
    assert_eq!(
        options.max_procs.expect("it is given").to_string(),
        "4usize"
    );
    assert_eq!(options.facade.expect("it is given").segments.len(), 2);
}

#[test]
fn nothing_in_the_parentheses_is_the_default() {
    let (options, errors) = read(quote!());
    assert_eq!(errors, [""; 0]);
    assert!(!options.local && options.max_procs.is_none() && options.facade.is_none());
    assert!(options.time_slice.is_none() && options.shutdown_timeout.is_none());
}

#[test]
fn an_error_names_the_value_and_a_remedy() {
    for (tokens, sentence) in [
        (
            quote!(max_procs = 0),
            "must be at least 1 (leave it out to use every CPU); found `0`",
        ),
        (quote!(max_procs = "4"), "takes an integer literal"),
        (quote!(max_procs = 4u8), "takes a `usize`; found `4u8`"),
        (
            quote!(max_procs = 99999999999999999999),
            "takes a `usize`; found `99999999999999999999`",
        ),
        (
            quote!(max_procs = cpus() / 2),
            "(`gmp::Builder::max_procs` takes what is computed); found `cpus () / 2`",
        ),
        (quote!(max_procs), "write `max_procs = 4`"),
        (quote!(max_procs =), "write `max_procs = 4`"),
        (
            quote!(time_slice),
            "write `time_slice = Duration::from_millis(5)`",
        ),
        (
            quote!(shutdown_timeout),
            "write `shutdown_timeout = Duration::from_secs(5)`",
        ),
        (
            quote!(crate = "gmp"),
            "`crate` takes a path, as in `crate = path::to::gmp`; found `\"gmp\"`",
        ),
        (quote!(crate), "write `crate = path::to::gmp`"),
        (
            quote!(local = true),
            "`local` takes no value; write `local` alone",
        ),
        (
            quote!(worker_threads = 4),
            "unknown option `worker_threads`; there are `max_procs = 4`",
        ),
        (quote!(4), "expected an option: there are `max_procs = 4`"),
        (
            quote!(local, local),
            "`local` is given twice; keep one of them",
        ),
    ] {
        let found = error(tokens);
        assert!(found.contains(sentence), "{found}");
    }
}

#[test]
fn all_errors_are_told_at_once() {
    let (_, errors) = read(quote!(
        max_procs = 0,
        flavor = "x",
        local = 1,
        max_procs = 3
    ));
    assert_eq!(errors.len(), 4, "{errors:?}");
}
