//! Values that go along with a context.

use std::{
    any::{Any, TypeId},
    sync::Arc,
};

/// A kind of value in a [`Context`](super::Context): a type of its own, so that kinds of different crates never meet.
pub trait Key: 'static {
    /// What is stored.
    type Value: Send + Sync + 'static;

    /// Tasks that inherit the context inherit the value too.
    const CROSSES: bool = false;
}

/// A value that is stored.
#[derive(Clone)]
pub(super) struct Value {
    key: TypeId,
    crosses: bool,
    value: Arc<dyn Any + Send + Sync>,
}

impl Value {
    pub(super) fn new<K: Key>(value: K::Value) -> Value {
        Value {
            key: TypeId::of::<K>(),
            crosses: K::CROSSES,
            value: Arc::new(value),
        }
    }

    pub(super) fn crosses(&self) -> bool {
        self.crosses
    }

    pub(super) fn get<K: Key>(&self) -> Option<&K::Value> {
        if self.key != TypeId::of::<K>() {
            return None;
        }
        self.value.downcast_ref()
    }
}
