//! Names that users give to tasks, for dumps and reports: a number in the header, the text in a table.
//!
//! # How it works
//! A header has room for 16 bits. The texts are kept once each, for the life of the process, so that whoever looks at a
//! task needs no lock on it. (They are called labels here, since a [`Name`](super::Name) is which task it is.)
//!
//! # Limits
//! 65,535 texts of at most 128 bytes: 8 MiB. A text that finds the table full is dropped, and the task has no label.

use std::{
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

/// Bytes of a text; a longer one is cut. A line of a dump has room for no more.
const BYTES_MAX: usize = 128;

/// Which text; 0: none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label(u16);

/// The texts, by number less one, and their numbers.
#[derive(Default)]
struct Table {
    texts: Vec<&'static str>,
    labels: HashMap<&'static str, Label>,
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

impl Label {
    pub(crate) const NONE: Label = Label(0);

    /// The label of this text. None if that is empty, or the table full.
    pub(crate) fn of(text: &str) -> Label {
        let text = cut(text);
        if text.is_empty() {
            return Label::NONE;
        }
        let known = read(|table| table.labels.get(text).copied());
        known.unwrap_or_else(|| {
            let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
            table.add(text)
        })
    }

    #[inline(always)]
    pub(super) fn bits(self) -> u16 {
        self.0
    }

    pub(super) fn from_bits(bits: u16) -> Label {
        Label(bits)
    }

    pub(crate) fn text(self) -> Option<&'static str> {
        let at = usize::from(self.0).checked_sub(1)?;
        read(|table| table.texts.get(at).copied())
    }
}

impl Table {
    fn add(&mut self, text: &str) -> Label {
        if let Some(&label) = self.labels.get(text) {
            return label;
        }
        let Ok(number) = u16::try_from(self.texts.len() + 1) else {
            return Label::NONE;
        };
        let text: &'static str = Box::leak(text.into());
        self.texts.push(text);
        self.labels.insert(text, Label(number));
        Label(number)
    }
}

fn read<R>(look: impl FnOnce(&Table) -> R) -> R {
    look(&TABLE.read().unwrap_or_else(PoisonError::into_inner))
}

/// The begin of a text, whole characters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(all(test, not(gmp_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_has_the_same_label() {
        let label = Label::of("the same");
        assert_eq!(label.text(), Some("the same"));
        assert_eq!(Label::of("the same"), label);
        assert_ne!(Label::of("another"), label);
    }

    #[test]
    fn an_empty_text_is_none() {
        assert_eq!(Label::of(""), Label::NONE);
        assert_eq!(Label::NONE.text(), None);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "é".repeat(1000);
        assert_eq!(Label::of(&text).text(), Some(&text[..BYTES_MAX]));
        let text = format!("-{text}");
        assert_eq!(Label::of(&text).text(), Some(&text[..BYTES_MAX - 1]));
    }

    #[test]
    #[cfg_attr(
        any(gmp_asan, gmp_boxed),
        ignore = "the texts of this table stay, as those of the process do"
    )]
    fn a_full_table_takes_no_more() {
        let mut table = Table::default();
        for n in 1..=u16::MAX {
            assert_eq!(table.add(&n.to_string()), Label(n));
        }
        assert_eq!(table.add("one more"), Label::NONE);
        assert_eq!(table.add("7"), Label(7));
    }
}
