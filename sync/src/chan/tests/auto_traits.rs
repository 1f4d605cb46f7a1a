//! Which types may go to other threads: what is `Send` or `Sync` for values that are, and is not for values that are not.

use std::{cell::Cell, rc::Rc};

use crate::chan;

macro_rules! auto_trait {
    ($trait:ident, $module:ident) => {
        mod $module {
            /// Answers by which of two methods is found: the inherent one needs the bound.
            pub(super) struct Probe<T>(pub(super) std::marker::PhantomData<T>);
            impl<T: $trait> Probe<T> {
                pub(super) fn holds(&self) -> bool {
                    true
                }
            }
            pub(super) trait Otherwise {
                fn holds(&self) -> bool {
                    false
                }
            }
            impl<T> Otherwise for &Probe<T> {}
        }
    };
}

auto_trait!(Send, is_send);
auto_trait!(Sync, is_sync);

macro_rules! holds {
    ($module:ident, $type:ty) => {{
        #[allow(unused_imports)]
        use $module::Otherwise as _;
        (&$module::Probe::<$type>(std::marker::PhantomData)).holds()
    }};
}

/// A value that may be sent to a thread and not shared.
type Sent = Cell<u8>;
/// A value that may be shared and not sent.
type Kept = std::sync::MutexGuard<'static, u8>;
type Neither = Rc<u8>;

macro_rules! ends_and_futures {
    ($($name:ident $(<$life:lifetime>)?),*) => {$(
        // What is passed is the value: it must be `Send`, and need not be `Sync`.
        assert!(holds!(is_send, chan::$name<$($life,)? Sent>), stringify!($name));
        assert!(holds!(is_sync, chan::$name<$($life,)? Sent>), stringify!($name));
        assert!(!holds!(is_send, chan::$name<$($life,)? Kept>), stringify!($name));
        assert!(!holds!(is_sync, chan::$name<$($life,)? Kept>), stringify!($name));
        assert!(!holds!(is_send, chan::$name<$($life,)? Neither>), stringify!($name));
        assert!(!holds!(is_sync, chan::$name<$($life,)? Neither>), stringify!($name));
    )*};
}

#[test]
fn ends_and_futures_go_to_other_threads_if_their_values_do() {
    ends_and_futures!(
        Sender,
        Receiver,
        Send<'static>,
        Recv<'static>,
        Reserve<'static>,
        Permit<'static>
    );
    // These hold a reference to the place of the value as well.
    assert!(holds!(is_send, chan::SendFrom<'static, u8>));
    assert!(holds!(is_sync, chan::SendFrom<'static, u8>));
    assert!(holds!(is_send, chan::SendFrom<'static, Sent>));
    assert!(!holds!(is_send, chan::SendFrom<'static, Neither>));
    assert!(!holds!(is_sync, chan::SendFrom<'static, Neither>));
    assert!(holds!(is_send, chan::RecvMany<'static, Sent>));
    assert!(!holds!(is_send, chan::RecvMany<'static, Neither>));
    assert!(holds!(is_send, chan::SendTimeout<'static, Sent>));
    assert!(!holds!(is_send, chan::SendTimeout<'static, Neither>));
}

#[test]
fn a_select_of_a_list_goes_to_other_threads() {
    // Its arms must, and what they make stays with the select until it is ready.
    assert!(holds!(is_send, crate::Select<'static, Sent>));
    assert!(holds!(is_send, crate::SelectWait<'static, Sent>));
}

#[test]
fn ends_may_be_moved_when_they_were_polled_and_futures_may_not() {
    fn is_unpin<T: Unpin>() {}
    is_unpin::<chan::Sender<std::marker::PhantomPinned>>();
    is_unpin::<chan::Receiver<std::marker::PhantomPinned>>();
}
