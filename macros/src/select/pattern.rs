//! Patterns that only ask.

use syn::Pat;

/// The pattern for a reference to what `pattern` is for: bindings are plain, and references are left to the compiler,
/// which sees through them.
pub(super) fn plain(pattern: &Pat) -> Pat {
    let mut pattern = pattern.clone();
    make_plain(&mut pattern);
    pattern
}

fn make_plain(pattern: &mut Pat) {
    match pattern {
        Pat::Ident(binding) => {
            binding.by_ref = None;
            binding.mutability = None;
            if let Some((_, inner)) = &mut binding.subpat {
                make_plain(inner);
            }
        }
        Pat::Reference(reference) => {
            let mut inner = (*reference.pat).clone();
            make_plain(&mut inner);
            *pattern = inner;
        }
        Pat::Or(or) => or.cases.iter_mut().for_each(make_plain),
        Pat::Paren(paren) => make_plain(&mut paren.pat),
        Pat::Slice(slice) => slice.elems.iter_mut().for_each(make_plain),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(make_plain),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().for_each(make_plain),
        Pat::Struct(fields) => {
            for field in &mut fields.fields {
                make_plain(&mut field.pat);
            }
        }
        Pat::Type(typed) => make_plain(&mut typed.pat),
        _ => {}
    }
}
